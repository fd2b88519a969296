package attention_test

import (
	"fmt"

	"multiscale/pkg/kernel/attention"
)

// With queries of zero all positions weigh the same, and every output is the
// mean of the values.
func Example() {
	s := attention.Shape{N: 1, C: 1, T: 3, Heads: 1}
	qkv := []float32{
		0, 0, 0, // queries
		5, 6, 7, // keys
		1, 2, 6, // values
	}
	y := make([]float32, 3)
	attention.Forward(y, qkv, s, make([]float32, attention.StatsSize(s)))
	fmt.Println(y)
	// Output: [3 3 3]
}
