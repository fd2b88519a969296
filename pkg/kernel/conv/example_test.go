package conv_test

import (
	"fmt"

	"multiscale/pkg/kernel/conv"
)

// A 3x3 box sum over a picture of ones counts the neighbours inside it.
func Example() {
	s := conv.Shape{N: 1, C: 1, H: 3, W: 4, O: 1, Kernel: 3, Stride: 1, Padding: 1}
	ones := []float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	f := conv.NewFilter(s.O, s.C, s.Kernel)
	f.Load(ones[:9])
	y := make([]float32, s.OutH()*s.OutW())
	conv.Forward(y, ones, f, s, conv.Epilogue{Bias: []float32{0.5}})
	for row := range s.OutH() {
		fmt.Println(y[row*s.OutW():][:s.OutW()])
	}
	// Output:
	// [4.5 6.5 6.5 4.5]
	// [6.5 9.5 9.5 6.5]
	// [4.5 6.5 6.5 4.5]
}
