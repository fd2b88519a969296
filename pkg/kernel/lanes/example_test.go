package lanes_test

import (
	"fmt"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// Two planes of three pixels become three pixels of two channels, and back.
func Example() {
	k := lanes.For(kernel.Portable)
	planes := []float32{1, 2, 3, 10, 20, 30}
	pixels := make([]float32, 8*k.Lanes) // room for a multiple of Lanes pixels
	places := []int32{0, int32(k.Lanes), int32(2 * k.Lanes)}
	k.Gather(&lanes.Gather{Dst: pixels, Src: planes, DstAt: places, Stride: 3, Count: 3, Channels: 2})
	fmt.Println(pixels[k.Lanes:][:2])
	back := make([]float32, 6)
	k.Scatter(&lanes.Scatter{Dst: back, Src: pixels, Bias: make([]float32, k.Lanes), Stride: 3, Step: k.Lanes, Count: 3, Channels: 2})
	fmt.Println(back)
	// Output:
	// [2 20]
	// [1 2 3 10 20 30]
}
