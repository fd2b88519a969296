package task_test

import (
	"math"
	"slices"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// places is a task whose degradation adds a multiple of each pixel's number in the image, which shows the
// position of a crop that was cut out after the degradation.
var places = task.Task{Name: "places", Degrade: func(input, clean pixel.Images, _ task.Grid, _ []float32, _ *random.Stream) error {
	for i, v := range clean.Data {
		input.Data[i] = v + 16*float32(i%clean.Plane())
	}
	return nil
}}

// numbersOf returns the numbers of the pixels of a sample's first channel.
func numbersOf(b mesh.Batch) (numbers []int) {
	for i, v := range b.Input.Data[:b.Input.Plane()] {
		numbers = append(numbers, int(math.Round(float64(v-b.Target.Data[i])/16)))
	}
	return numbers
}

// TestCrops: crops are parts of images that were degraded as a whole, at the same position of target and
// input. The other samples are whole images on the mesh.
func TestCrops(t *testing.T) {
	of, err := places.Complete()
	if err != nil {
		t.Fatal(err)
	}
	s := sampler(t, of, 3)
	r := mesh.Request{Iteration: 2, Level: 1, Size: 40, Crops: 0.25}
	b, _, err := s.Draw(r)
	if err != nil {
		t.Fatal(err)
	}
	starts := map[int]bool{}
	crops := 0
	for i := range b.Len() {
		got := numbersOf(b.Slice(i, i+1))
		step := 2
		if r.Cropped(i) {
			crops++
			step = 1
			starts[got[0]] = true
		} else if got[0] != 0 {
			t.Errorf("sample %d, on the mesh, begins with pixel %d", i, got[0])
		}
		for k, n := range got {
			if want := got[0] + step*(k/8*16+k%8); n != want {
				t.Fatalf("sample %d, crop %v: pixel %d is number %d, want %d", i, r.Cropped(i), k, n, want)
			}
		}
	}
	if crops != 10 || len(starts) < 5 {
		t.Errorf("%d crops of 40 samples, at %d places", crops, len(starts))
	}
	part := r
	part.From, part.To = 3, 9
	if p, _, err := s.Draw(part); err != nil || !slices.Equal(p.Input.Data, b.Slice(3, 9).Input.Data) {
		t.Errorf("a part of the batch differs: %v", err)
	}
	r.Level, r.Crops = 0, 1
	whole, _, err := s.Draw(r)
	if err != nil || numbersOf(whole.Slice(0, 1))[17] != 17 {
		t.Errorf("the finest mesh is not whole: %v", err)
	}
}

// TestResizedCrops: crops have sides from that of the mesh to that of the image.
func TestResizedCrops(t *testing.T) {
	of, err := places.Complete()
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := sampler(t, of, 3).Draw(mesh.Request{Level: 2, Size: 60, Crops: 1, Resized: true})
	if err != nil {
		t.Fatal(err)
	}
	spans := map[int]bool{}
	for i := range b.Len() {
		got := numbersOf(b.Slice(i, i+1))
		spans[got[3]-got[0]] = true // across 4 pixels: 3 for a crop of 4, 12 for all 16
	}
	for span := range spans {
		if span < 3 || span > 12 {
			t.Errorf("a row of 4 pixels spans %d", span)
		}
	}
	if !spans[3] || len(spans) < 6 {
		t.Errorf("spans %v", spans)
	}
}

// TestCropsOfTasks: for every task, target and input of crops have the right sides.
func TestCropsOfTasks(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		for _, restriction := range mesh.Restrictions() {
			s := sampler(t, of, 3)
			s.Restriction = restriction
			for _, resized := range []bool{false, true} {
				b, _, err := s.Draw(mesh.Request{Level: 1, Size: 4, Crops: 1, Resized: resized})
				if err != nil || b.Target.H != 8 || b.Input.W != 8/of.Scale {
					t.Errorf("%s: target %v, input %v: %v", restriction.Name(), b.Target.Shape, b.Input.Shape, err)
				}
				for _, v := range b.Input.Data {
					if v != v {
						t.Fatal("an input is NaN")
					}
				}
			}
		}
	})
}
