package task_test

import (
	"fmt"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/task"
)

// A batch of the denoising task on two meshes.
func Example() {
	set, err := dataset.Open(dataset.Options{Side: 32}) // the built-in dead leaves
	if err != nil {
		fmt.Println(err)
		return
	}
	s := task.NewSampler(task.Denoising(), set, 32, 1)
	fine, coarse, err := s.Draw(mesh.Request{Size: 8, Coarse: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(fine.Len(), "pictures of side", fine.Input.H, "and, the same, of side", coarse.Input.H)
	// Output: 8 pictures of side 32 and, the same, of side 16
}
