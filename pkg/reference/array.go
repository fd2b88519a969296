package reference

import (
	"fmt"

	"multiscale/pkg/npy"
)

// Array is a float32 array in C order. The Shape of a single number is empty.
type Array struct {
	Shape []int
	Data  []float32
}

// ReadArray reads a .npy file. It is an error if its elements are not float32.
func ReadArray(path string) (Array, error) {
	a, err := npy.Read(path)
	if err == nil && a.Type != npy.Float32 {
		err = fmt.Errorf("%s: elements of type %s, not float32", path, a.Type)
	}
	if err != nil {
		return Array{}, err
	}
	return Array{a.Shape, a.Values}, nil
}
