package task

import (
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// maxBoxes is the largest number of boxes in an image. The smallest number is one.
const maxBoxes = 3

// Inpainting restores x from (1-t)*M x + t*z with z ~ N(0,I) and t ~ 0.1 U(0,1). M sets one to
// three boxes of the normalised image to zero, in all channels (the paper's section on
// experiments). All meshes of a sample have the same boxes, rounded to whole pixels.
func Inpainting() Task {
	return must(Task{
		Name: "inpainting", Pointwise: true, Holes: true,
		Degrade: func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
			copy(input.Data, clean.Data)
			for range 1 + r.Intn(maxBoxes) {
				drawBox(at.H, at.W, 10, 3, r).clear(input, at.Step)
			}
			AddNoise(input, at, 1-t[0], r)
			return nil
		},
		NumConditions: 1, Noise: NoiseShare, Conditions: drawNoise,
		Measures: []metric.Measure{metric.SSIM, metric.MSE},
		Evaluation: Evaluation{
			Settings:   []Setting{{Name: "boxes", Usage: "random boxes to fill in: the degradation of inpainting, always on", Switch: true}, noiseSetting(trainedNoise)},
			Conditions: func(values []float64) []float32 { return []float32{float32(values[1])} },
		},
	})
}

// box is a rectangle of pixels.
type box struct{ top, left, height, width int }

// drawBox draws a rectangle inside an image of h by w pixels. First its sides are drawn uniformly
// from 1/small to 1/large of the image's sides, then its position uniformly.
func drawBox(h, w, small, large int, r *random.Stream) box {
	length := func(side int) int {
		low := max(1, (side+small-1)/small)
		return low + below(max(low, side/large)-low+1, r)
	}
	b := box{height: length(h), width: length(w)}
	b.top, b.left = below(h-b.height+1, r), below(w-b.width+1, r)
	return b
}

// below draws an integer from [0,n). For the same stream it is proportional to n, unlike
// Stream.Intn: on a mesh twice as fine, a position is twice as far from the origin.
func below(n int, r *random.Stream) int { return int(r.Float64() * float64(n)) }

// clear sets the box to zero in all channels of x. Pixel (i,j) of x is pixel (step*i, step*j) of
// the image in which the box lies.
func (b box) clear(x pixel.Images, step int) {
	first := func(at int) int { return (at + step - 1) / step }
	top, left := first(b.top), first(b.left)
	bottom, right := first(b.top+b.height), first(b.left+b.width)
	for c := range x.C {
		for row := top; row < bottom; row++ {
			clear(x.Data[(c*x.H+row)*x.W:][left:right])
		}
	}
}
