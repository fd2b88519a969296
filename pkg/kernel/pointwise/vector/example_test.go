package vector_test

import (
	"fmt"

	"multiscale/pkg/kernel/pointwise/vector"
)

func Example() {
	x := []float32{1, 2, 3, 4}
	fmt.Println(vector.Dot(x, x))
	y := make([]float32, 8)
	vector.DoubleLine(y, x)
	fmt.Println(y)
	// Output:
	// 30
	// [1 1.25 1.75 2.25 2.75 3.25 3.75 4]
}
