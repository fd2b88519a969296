package task_test

import (
	"fmt"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// saltAndPepper restores an image in which a fraction t ~ 0.3 U(0,1) of the pixels is white or black.
var saltAndPepper = task.Task{
	Name:    "saltandpepper",
	Scaling: &pixel.Signed, // fixes the values of black and white for Degrade
	Degrade: func(input, clean pixel.Images, at task.Grid, t []float32, r *random.Stream) error {
		copy(input.Data, clean.Data)
		grains := r.Child("grains", uint64(at.Level)) // different pixels on each mesh
		for i := range clean.Plane() {
			u := grains.Float32()
			for c := 0; c < clean.C && u < t[0]; c++ {
				input.Data[c*clean.Plane()+i] = 1
				if u < t[0]/2 {
					input.Data[c*clean.Plane()+i] = -1
				}
			}
		}
		return nil
	},
	NumConditions: 1,
	Conditions:    func(t []float32, r *random.Stream) { t[0] = 0.3 * r.Float32() },
}

// A user's own task draws batches like any other.
func Example_saltAndPepper() {
	set, err := dataset.Open(dataset.Options{Side: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	of, err := saltAndPepper.Complete()
	if err != nil {
		fmt.Println(err)
		return
	}
	fine, _, err := task.NewSampler(of, set, 32, 1).Draw(mesh.Request{Size: 1, Coarse: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	grains := 0
	for i, v := range fine.Input.Data[:32*32] {
		if v != fine.Target.Data[i] {
			grains++
		}
	}
	fmt.Printf("t = %.2f: %.0f%% of the pixels are grains\n", fine.T[0], 100*float64(grains)/(32*32))
	// Output: t = 0.11: 11% of the pixels are grains
}
