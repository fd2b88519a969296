package channel_test

import (
	"fmt"

	"multiscale/pkg/kernel/channel"
)

// One image of two channels of two pixels.
func Example() {
	x := []float32{1, 2, 3, 5}
	mean, scaled, gated := make([]float32, 2), make([]float32, 4), make([]float32, 2)
	channel.Mean(mean, x, 1, 2, 2)
	channel.Scale(scaled, x, []float32{10, 100}, 1, 2, 2)
	channel.Gate(gated, x, 1, 1, 2) // one channel: the first times the second
	fmt.Println(mean, scaled, gated)
	// Output: [1.5 4] [10 20 300 500] [3 10]
}
