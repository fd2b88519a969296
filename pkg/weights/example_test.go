package weights_test

import (
	"fmt"

	"multiscale/pkg/weights"
)

// Reading another program's checkpoint runs no code of the file.
func Example() {
	f, err := weights.Read("testdata/ema.pth")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range f.Names() {
		fmt.Println(name, f.Tensors[name].Shape, f.Tensors[name].Element)
	}
	fmt.Println("from", f.Part)

	_, err = f.Take([]weights.Want{{Name: "w", Shape: []int{2, 3}}, {Name: "b", Shape: []int{2}}})
	fmt.Println(err)
	// Output:
	// b [2] float32
	// w [2 2] float32
	// from params_ema
	// its weights are those of another network: 1 of another shape (w is [2 2] instead of [2 3])
}
