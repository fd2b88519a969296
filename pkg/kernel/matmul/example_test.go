package matmul_test

import (
	"fmt"

	"multiscale/pkg/kernel/matmul"
)

func Example() {
	a := []float32{1, 2, 3, 4, 5, 6} // 2 by 3
	b := []float32{1, 0, 1, 0, 1, 1} // 2 by 3, used transposed
	c := make([]float32, 4)
	matmul.Mul(c, a, b, 2, 2, 3, false, true, 1, 0)
	fmt.Println(c)
	// Output: [4 5 10 11]
}
