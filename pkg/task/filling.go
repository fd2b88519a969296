package task

import (
	"math"
	"sync"

	"multiscale/pkg/harmonic"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Filling is inpainting with more kinds of holes: it restores x from y = (1-t)*x + t*z, of which holes are missing, with
// z ~ N(0,I) and t ~ 0.1 U(0,1). In half of the samples there are one to three boxes, with sides of a twentieth to a half of the
// image's, since a hole in a photograph may be larger than a third of a training crop. The others have strokes, like scratches and
// letters, a half of them with a box. Networks start from the harmonic fill of the holes.
func Filling() Task {
	t := Inpainting()
	t.Name, t.Networks, t.LearningRate = "filling", foldedFirst(), 1e-3
	t.Pointwise, t.Fill = false, harmonic.Fill
	t.Measures = []metric.Measure{metric.PSNR, metric.SSIM, metric.MSE}
	t.Evaluation.Settings[0] = Setting{Name: "holes", Usage: "random boxes and strokes to fill in: the degradation of filling, always on", Switch: true}
	t.Degrade = func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
		copy(input.Data, clean.Data)
		hole := masks.Get().(*[]bool)
		defer masks.Put(hole)
		*hole = drawHoles(*hole, at, r)
		AddNoise(input, at, 1-t[0], r)
		harmonic.Fill(input, *hole)
		return nil
	}
	return must(t)
}

// masks keeps the memory of masks, so that training does not allocate.
var masks = sync.Pool{New: func() any { return new([]bool) }}

// drawHoles returns holes of an image on a grid, by pixel. They may take the memory of an earlier mask.
func drawHoles(earlier []bool, at Grid, r *random.Stream) []bool {
	hole := append(earlier[:0], make([]bool, at.H*at.W)...)
	kind := r.Intn(4)
	if kind != 2 {
		n := 1
		if kind < 2 {
			n = 1 + r.Intn(maxBoxes)
		}
		for range n {
			drawBox(at.H, at.W, 20, 2, r).mark(hole, at.W)
		}
	}
	if kind >= 2 {
		for range 1 + r.Intn(maxStrokes) {
			drawStroke(hole, at.H, at.W, r)
		}
	}
	return hole
}

// mark sets the pixels of the box in a mask whose rows have the given number of pixels.
func (b box) mark(hole []bool, columns int) {
	for row := b.top; row < b.top+b.height; row++ {
		for column := b.left; column < b.left+b.width; column++ {
			hole[row*columns+column] = true
		}
	}
}

// maxStrokes and maxTurns are the largest numbers of strokes in an image and of parts in a stroke. The smallest are one.
const maxStrokes, maxTurns = 6, 4

// drawStroke sets the pixels of a stroke, in an image of rows by columns pixels: one to maxTurns connected line segments of one
// width, from a 256th to a 16th of the image's shorter side, more often thin than wide. Lengths are proportional to its sides, so
// that meshes have the same stroke.
func drawStroke(hole []bool, rows, columns int, r *random.Stream) {
	h, w := float64(rows), float64(columns)
	side := min(h, w)
	u := r.Float64()
	width := side / 256 * (1 + float64(15*float64(u*u)))
	reach := max(width, 1) / 2
	row, column := float64(h*r.Float64()), float64(w*r.Float64())
	for range 1 + r.Intn(maxTurns) {
		nextRow := row + float64(0.4*side*float64(2*r.Float64()-1))
		nextColumn := column + float64(0.4*side*float64(2*r.Float64()-1))
		drawSegment(hole, rows, columns, row, column, nextRow, nextColumn, reach)
		row, column = nextRow, nextColumn
	}
}

// drawSegment sets the pixels of hole whose centres are at most reach from the segment between two points. Pixel (i,j) has its
// centre at (i+1/2, j+1/2). Parts outside of the image are left out.
func drawSegment(hole []bool, rows, columns int, row0, column0, row1, column1, reach float64) {
	span := func(a, b float64, n int) (first, end int) {
		at := func(v float64) int { return int(math.Ceil(v - 0.5)) }
		return max(at(min(a, b)-reach), 0), min(at(max(a, b)+reach)+1, n)
	}
	top, bottom := span(row0, row1, rows)
	left, right := span(column0, column1, columns)
	dr, dc := row1-row0, column1-column0
	square := float64(dr*dr) + float64(dc*dc)
	for i := top; i < bottom; i++ {
		for j := left; j < right; j++ {
			pr, pc := float64(i)+0.5-row0, float64(j)+0.5-column0
			share := 0.0
			if square > 0 {
				share = min(max((float64(pr*dr)+float64(pc*dc))/square, 0), 1)
			}
			pr, pc = pr-float64(share*dr), pc-float64(share*dc)
			if float64(pr*pr)+float64(pc*pc) <= float64(reach*reach) {
				hole[i*columns+j] = true
			}
		}
	}
}
