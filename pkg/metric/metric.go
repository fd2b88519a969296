// Package metric measures how close pictures are to the pictures they should
// be: mean squared error, PSNR and SSIM, in float64.
//
// It is for reporting. What is trained on lives with the operations; the SSIM
// here shares no code with that one, so that each checks the other.
//
// Batches are float32 in NCHW order: picture, channel, row, column. Work is
// shared out by picture and summed in order, so results do not depend on the
// number of cores.
package metric

import (
	"fmt"
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/pixel"
)

// check panics unless both batches have the shape: a caller's mistake.
func check(s pixel.Shape, got, want []float32) {
	if s.N <= 0 || s.C <= 0 || s.H <= 0 || s.W <= 0 || len(got) != s.Len() || len(want) != len(got) {
		panic(fmt.Sprintf("metric: batches of %d and %d values do not have the shape %v", len(got), len(want), s))
	}
}

// MSE returns the mean squared difference of each picture over its channels,
// rows and columns, on whatever scale the batches have.
func MSE(got, want []float32, shape pixel.Shape) []float64 {
	check(shape, got, want)
	return perPicture(shape.N, func(n int) float64 {
		lo, hi := n*shape.Image(), (n+1)*shape.Image()
		return meanSquare(got[lo:hi], want[lo:hi])
	})
}

// PSNR returns the peak signal-to-noise ratio of each picture in dB for
// pictures on [0,1] (peak 1): 10 log10(1/MSE) with the MSE over all channels.
// Equal pictures give +Inf.
func PSNR(got, want []float32, shape pixel.Shape) []float64 {
	out := MSE(got, want, shape)
	for i, mse := range out {
		out[i] = decibel(mse)
	}
	return out
}

// PSNRLuma is PSNR on luma, as papers on super-resolution report it. Pictures
// have three channels (R, G, B) on [0,1]; luma is the Y of ITU-R BT.601 in its
// studio range, (65.481 R + 128.553 G + 24.966 B + 16)/255, with peak 1 all the
// same, as in MATLAB's rgb2ycbcr and the benchmarks made with it. border rows
// and columns on each side are left out (papers leave out as many as the
// factor of enlargement).
func PSNRLuma(got, want []float32, shape pixel.Shape, border int) []float64 {
	check(shape, got, want)
	if shape.C != 3 || border < 0 || 2*border >= min(shape.H, shape.W) {
		panic(fmt.Sprintf("metric: luma of pictures %v without a border of %d", shape, border))
	}
	plane := shape.H * shape.W
	return perPicture(shape.N, func(n int) float64 {
		g, w := got[n*3*plane:(n+1)*3*plane], want[n*3*plane:(n+1)*3*plane]
		sum := 0.0
		for y := border; y < shape.H-border; y++ {
			for x := border; x < shape.W-border; x++ {
				d := 0.0 // the offset of 16 cancels
				for c, weight := range lumaWeights {
					k := c*plane + y*shape.W + x
					d += weight * (float64(g[k]) - float64(w[k]))
				}
				sum += d * d
			}
		}
		return decibel(sum / float64((shape.H-2*border)*(shape.W-2*border)))
	})
}

// lumaWeights are BT.601's, scaled to the studio range of 219 of 255 steps.
var lumaWeights = [3]float64{65.481 / 255, 128.553 / 255, 24.966 / 255}

// Mean returns the mean of values, summed in order: of values per picture, what
// is reported. The mean of none is NaN.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func meanSquare(got, want []float32) float64 { return squares(got, want) / float64(len(got)) }

// squares is the sum of the squared differences.
func squares(got, want []float32) float64 {
	sum := 0.0
	for i, g := range got {
		d := float64(g) - float64(want[i])
		sum += d * d
	}
	return sum
}

func decibel(mse float64) float64 { return -10 * math.Log10(mse) }

// job makes a function a kernel.Job. Reporting may allocate; training may not.
type job func(chunk int)

func (j job) Do(chunk int) { j(chunk) }

func perPicture(n int, measure func(n int) float64) []float64 {
	out := make([]float64, n)
	kernel.Run(n, job(func(i int) { out[i] = measure(i) }))
	return out
}
