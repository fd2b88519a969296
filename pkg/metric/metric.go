// Package metric compares pictures with their ground truth: mean squared error, PSNR and SSIM, in
// float64.
//
// It is for reports. Losses for training are operations (pkg/op). Their SSIM shares no code with
// the one here, so that each checks the other.
//
// Batches are float32 in NCHW order: picture, channel, row, column. Work is divided by picture and
// summed in a fixed order, so that results do not depend on the number of cores.
package metric

import (
	"fmt"
	"math"
	"slices"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// check panics unless both batches have the same shape and are not empty.
func check(got, want pixel.Images) {
	s := got.Shape
	if s != want.Shape || s.Len() <= 0 || len(got.Data) != s.Len() || len(want.Data) != s.Len() {
		panic(fmt.Sprintf("metric: batches of shapes %v and %v with %d and %d values", got.Shape, want.Shape, len(got.Data), len(want.Data)))
	}
}

// MeanSquares returns the mean squared difference of each image over its channels, rows and
// columns, in the units of the batches. It panics if the shapes differ or are empty.
func MeanSquares(got, want pixel.Images) []float64 {
	check(got, want)
	per := got.Image()
	return perImage(got.N, func(n int) float64 {
		return squares(got.Data[n*per:(n+1)*per], want.Data[n*per:(n+1)*per]) / float64(per)
	})
}

// PeakRatios returns the peak signal-to-noise ratio of each image in dB, for pixels in [0,1]:
// 10 log10(1/MSE), with the MSE over all channels. Equal images give +Inf.
func PeakRatios(got, want pixel.Images) []float64 {
	out := MeanSquares(got, want)
	for i, mse := range out {
		out[i] = decibel(mse)
	}
	return out
}

// PeakRatiosOfLuma is PeakRatios of luma, as papers on super-resolution report it. Images have
// three channels (R, G, B) in [0,1]. Luma is the Y of ITU-R BT.601 in its studio range,
//
//	(65.481 R + 128.553 G + 24.966 B + 16)/255
//
// with peak 1 all the same, as in MATLAB's rgb2ycbcr and the benchmarks that use it. border rows and
// columns at each side are left out; papers use the factor of enlargement. Images with another
// number of channels, or without pixels inside the border, give NaN.
func PeakRatiosOfLuma(got, want pixel.Images, border int) []float64 {
	check(got, want)
	s := got.Shape
	if s.C != len(lumaWeights) || 2*border >= min(s.H, s.W) {
		return slices.Repeat([]float64{math.NaN()}, s.N)
	}
	plane, per := s.Plane(), s.Image()
	return perImage(s.N, func(n int) float64 {
		g, w := got.Data[n*per:(n+1)*per], want.Data[n*per:(n+1)*per]
		sum := 0.0
		for y := border; y < s.H-border; y++ {
			for x := border; x < s.W-border; x++ {
				d := 0.0 // the offset of 16 cancels
				for c, weight := range lumaWeights {
					k := c*plane + y*s.W + x
					d += float64(weight * (float64(g[k]) - float64(w[k])))
				}
				sum += float64(d * d)
			}
		}
		return decibel(sum / float64((s.H-2*border)*(s.W-2*border)))
	})
}

// SimilaritiesOfLuma is the structural similarity of luma, as papers on super-resolution report it.
// Luma and border are as in PeakRatiosOfLuma, including the offset of 16, and the window is as in
// Similarities. Only positions count where the whole window lies inside the border. Images
// without such a position give NaN.
func SimilaritiesOfLuma(got, want pixel.Images, border int) []float64 {
	check(got, want)
	s := got.Shape
	if s.C != len(lumaWeights) || 2*(border+ssimRadius) >= min(s.H, s.W) {
		return slices.Repeat([]float64{math.NaN()}, s.N)
	}
	h, w := s.H-2*border, s.W-2*border
	return perImage(s.N, func(n int) float64 {
		rows := newSSIMRows(h, w)
		rows.inside = true
		a, b := make([]float32, w), make([]float32, w)
		for y := range h {
			lumaRow(a, got.Slice(n, n+1), y+border, border)
			lumaRow(b, want.Slice(n, n+1), y+border, border)
			rows.add(a, b)
		}
		return rows.mean()
	})
}

// lumaRow writes luma in [16,235]/255 of row y of one image, from column x on.
func lumaRow(to []float32, image pixel.Images, y, x int) {
	for i := range to {
		v := 16.0 / 255
		for c, weight := range lumaWeights {
			v += float64(weight * float64(image.Data[c*image.Plane()+y*image.W+x+i]))
		}
		to[i] = float32(v)
	}
}

// lumaWeights are those of BT.601, scaled to the studio range, 219 of 255 steps.
var lumaWeights = [3]float64{65.481 / 255, 128.553 / 255, 24.966 / 255}

// Mean returns the mean of values, summed in order. Reports have such means over pictures. The mean
// of no values is NaN.
func Mean(values []float64) float64 {
	return lists.Sum(values) / float64(len(values))
}

// squares is the sum of the squared differences.
func squares(got, want []float32) float64 {
	sum := 0.0
	for i, g := range got {
		d := float64(g) - float64(want[i])
		sum += float64(d * d)
	}
	return sum
}

func decibel(mse float64) float64 { return -10 * elementary.Log10(mse) }

// job adapts a function to kernel.Job. The closures allocate, which reports may do but training may
// not.
type job func(chunk int)

func (j job) Do(chunk int) { j(chunk) }

func perImage(n int, measure func(n int) float64) []float64 {
	out := make([]float64, n)
	kernel.Run(n, job(func(i int) { out[i] = measure(i) }))
	return out
}
