package loss_test

import (
	"fmt"

	"multiscale/pkg/kernel/loss"
)

// Huber's loss of two samples of two elements: quadratic up to 1, then linear.
func Example() {
	losses := make([]float32, 2)
	loss.Forward(losses, []float32{0.5, 0, 3, 0}, make([]float32, 4), loss.Huber, 1)
	fmt.Println(losses)
	// Output: [0.0625 1.25]
}
