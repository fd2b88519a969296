package experiment

import (
	"fmt"

	"multiscale/pkg/param"
)

// colours is the number of channels of networks that toGrey brings to one.
const colours = 3

// toGrey fills in the parameters of a network for grey pictures with those of the same network for colours, so that it answers
// with the mean of what that one answers to three equal channels: weights of a layer that reads the picture are added over
// channels, those of a layer that makes the answer are averaged. Channels are the slowest part of what a pixel shuffle takes.
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
				inner := 1 // of an axis whose outer part is the channels
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

// merged adds runs of n values, as many as there are colours, times share.
func merged(values []float32, n int, share float32) []float32 {
	sums := make([]float32, len(values)/colours)
	for i, v := range values {
		sums[i/(colours*n)*n+i%n] += float32(share * v)
	}
	return sums
}
