package experiment

import (
	"fmt"

	"multiscale/pkg/param"
)

// colours is the number of channels of the networks that toGrey reads.
const colours = 3

// toGrey sets the parameters of a network for grey pictures from those of the same network for colours. The grey
// network then returns the mean over channels of the result that the colour network has for three equal channels:
// weights of layers that read the picture are summed over its channels (axis 1), those of layers that make the result
// are averaged (axis 0). The channels before a pixel shuffle have the colour as their slowest part.
func toGrey(grey, colour *param.Set) error {
	all := colour.All()
	if len(all) != len(grey.All()) {
		return fmt.Errorf("%d parameters in colour, %d in grey", len(all), len(grey.All()))
	}
	values := make([]float32, grey.Len())
	for i, to := range grey.All() {
		from := all[i]
		if from.Name != to.Name || from.Shape.Dims() != to.Shape.Dims() {
			return fmt.Errorf("%s%v in colour, %s%v in grey", from.Name, from.Shape, to.Name, to.Shape)
		}
		now := append([]float32(nil), from.Values()...)
		for axis, n := range from.Shape {
			switch {
			case n == to.Shape[axis]:
			case axis < 2 && n == colours*to.Shape[axis]:
				inner := 1 // number of values for one index of this axis
				for _, m := range from.Shape[axis+1:] {
					inner *= m
				}
				share := float32(1)
				if axis == 0 {
					share = 1.0 / colours
				}
				now = merged(now, to.Shape[axis]*inner, share)
			default:
				return fmt.Errorf("%s is %v in colour and %v in grey", to.Name, from.Shape, to.Shape)
			}
		}
		copy(to.Slice(values), now)
	}
	return grey.Load(values)
}

// merged divides values into blocks of colours runs of n values, and returns the sum of each block's runs times share.
func merged(values []float32, n int, share float32) []float32 {
	sums := make([]float32, len(values)/colours)
	for i, v := range values {
		sums[i/(colours*n)*n+i%n] += float32(share * v)
	}
	return sums
}
