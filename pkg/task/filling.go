package task

import (
	"math"

	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Filling is inpainting with more kinds of holes: it restores x from (1-t)*M x + t*z as Inpainting does. In half of the samples M
// sets one to three boxes to zero, with sides of a twentieth to a half of the image's, since a hole in a photograph may be larger
// than a third of a training crop. The others have strokes, like scratches and letters, a half of them with a box.
func Filling() Task {
	t := Inpainting()
	t.Name, t.Networks, t.LearningRate = "filling", foldedFirst(), 1e-3
	t.Measures = []metric.Measure{metric.PSNR, metric.SSIM, metric.MSE}
	t.Evaluation.Settings[0] = Setting{Name: "holes", Usage: "random boxes and strokes to fill in: the degradation of filling, always on", Switch: true}
	t.Degrade = func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
		copy(input.Data, clean.Data)
		kind := r.Intn(4)
		if kind != 2 {
			n := 1
			if kind < 2 {
				n = 1 + r.Intn(maxBoxes)
			}
			for range n {
				drawBox(at.H, at.W, 20, 2, r).clear(input, at.Step)
			}
		}
		if kind >= 2 {
			for range 1 + r.Intn(maxStrokes) {
				clearStroke(input, at, r)
			}
		}
		AddNoise(input, at, 1-t[0], r)
		return nil
	}
	return must(t)
}

// maxStrokes and maxTurns are the largest numbers of strokes in an image and of parts in a stroke. The smallest are one.
const maxStrokes, maxTurns = 6, 4

// clearStroke sets a stroke to zero in all channels of x: one to maxTurns connected line segments of one width, from a 256th
// to a 16th of the image's shorter side, more often thin than wide. The coordinates are those of the image of at.H by at.W
// pixels, and lengths are proportional to its sides, so that meshes have the same stroke.
func clearStroke(x pixel.Images, at Grid, r *random.Stream) {
	h, w := float64(at.H), float64(at.W)
	side := min(h, w)
	u := r.Float64()
	width := side / 256 * (1 + float64(15*float64(u*u)))
	reach := max(width, 1) / 2
	row, column := float64(h*r.Float64()), float64(w*r.Float64())
	for range 1 + r.Intn(maxTurns) {
		nextRow := row + float64(0.4*side*float64(2*r.Float64()-1))
		nextColumn := column + float64(0.4*side*float64(2*r.Float64()-1))
		clearSegment(x, at.Step, row, column, nextRow, nextColumn, reach)
		row, column = nextRow, nextColumn
	}
}

// clearSegment sets the pixels of x to zero whose centres are at most reach from the segment between two points. Pixel (i,j)
// of x has its centre at (step*i+1/2, step*j+1/2). Parts outside of x are left out.
func clearSegment(x pixel.Images, step int, row0, column0, row1, column1, reach float64) {
	span := func(a, b float64, n int) (first, end int) {
		at := func(v float64) int { return int(math.Ceil((v - 0.5) / float64(step))) }
		return max(at(min(a, b)-reach), 0), min(at(max(a, b)+reach)+1, n)
	}
	top, bottom := span(row0, row1, x.H)
	left, right := span(column0, column1, x.W)
	dr, dc := row1-row0, column1-column0
	square := float64(dr*dr) + float64(dc*dc)
	for i := top; i < bottom; i++ {
		for j := left; j < right; j++ {
			pr, pc := float64(step*i)+0.5-row0, float64(step*j)+0.5-column0
			share := 0.0
			if square > 0 {
				share = min(max((float64(pr*dr)+float64(pc*dc))/square, 0), 1)
			}
			pr, pc = pr-float64(share*dr), pc-float64(share*dc)
			if float64(pr*pr)+float64(pc*pc) > float64(reach*reach) {
				continue
			}
			for c := range x.C {
				x.Data[(c*x.H+i)*x.W+j] = 0
			}
		}
	}
}
