package random_test

import (
	"fmt"

	"multiscale/pkg/random"
)

// The noise of a sample is a function of its name, in any order and on any worker.
func Example() {
	run := random.New(1)
	noise := func(step, sample uint64) [3]float32 {
		s := run.Child("noise", step, sample)
		var z [3]float32
		s.Normals(z[:])
		return z
	}
	later := noise(1234, 5)
	noise(0, 0)
	fmt.Println(later == noise(1234, 5), later == noise(1234, 6))
	// Output: true false
}
