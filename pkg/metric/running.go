package metric

import (
	"fmt"
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// Running measures one picture that is added in rows, from the top. A photograph of many megapixels
// need not be in memory as a whole in float32.
type Running struct {
	shape  pixel.Shape
	scale  pixel.Scale
	border int
	rows   int // number of rows added

	mse, pixels []float64 // sums of squared differences by channel, of normalised values and of pixels
	luma        float64   // sum of squared differences
	ssim        []*ssimRows
	got, want   [][]float32 // pixels of some rows, by channel
}

// NewRunning returns a Running for one image of the given shape, normalised by scale. border is that
// of PeakRatiosOfLuma. NewRunning panics if it is not less than half of each side.
func NewRunning(shape pixel.Shape, scale pixel.Scale, border int) *Running {
	r := &Running{shape: shape, scale: scale, border: border}
	if shape.N != 1 || shape.Len() <= 0 || border < 0 || border > 0 && 2*border >= min(shape.H, shape.W) {
		panic(fmt.Sprintf("metric: an image %v without a border of %d", r.shape, border))
	}
	r.mse, r.pixels = make([]float64, r.shape.C), make([]float64, r.shape.C)
	r.got, r.want = make([][]float32, r.shape.C), make([][]float32, r.shape.C)
	for range r.shape.C {
		r.ssim = append(r.ssim, newSSIMRows(shape.H, shape.W))
	}
	return r
}

// runningRows is the number of rows that are measured at once, with the channels in parallel.
const runningRows = 16

// Add measures the next rows. got and want have normalised values by channel. Add panics if they
// are not whole rows, or more than the picture has.
func (r *Running) Add(got, want [][]float32) {
	w := r.shape.W
	rows := len(got[0]) / w
	for c := range got {
		if len(got[c]) != rows*w || len(want[c]) != rows*w || r.rows+rows > r.shape.H {
			panic(fmt.Sprintf("metric: %d and %d values are no rows of a picture %v, of which there are %d", len(got[c]), len(want[c]), r.shape, r.rows))
		}
	}
	for first := 0; first < rows; first += runningRows {
		n := min(runningRows, rows-first)
		kernel.Run(r.shape.C, job(func(c int) {
			r.channel(c, got[c][first*w:(first+n)*w], want[c][first*w:(first+n)*w])
		}))
		for i := range n {
			if y := r.rows + i; y >= r.border && y < r.shape.H-r.border {
				r.addLuma(i)
			}
		}
		r.rows += n
	}
}

// channel measures some rows of one channel.
func (r *Running) channel(c int, got, want []float32) {
	w := r.shape.W
	plane := pixel.Shape{N: 1, C: 1, H: len(got) / w, W: w}
	mean, std := r.scale.Channel(c)
	scale := pixel.Scale{Mean: []float64{mean}, Std: []float64{std}}
	r.got[c], r.want[c] = scale.Pixels(pixel.Images{Shape: plane, Data: got}).Data, scale.Pixels(pixel.Images{Shape: plane, Data: want}).Data
	r.mse[c] += squares(got, want)
	r.pixels[c] += squares(r.got[c], r.want[c])
	for at := 0; at < len(got); at += w {
		r.ssim[c].add(r.got[c][at:at+w], r.want[c][at:at+w])
	}
}

func (r *Running) addLuma(row int) {
	if r.shape.C != len(lumaWeights) {
		return
	}
	for x := row*r.shape.W + r.border; x < (row+1)*r.shape.W-r.border; x++ {
		d := 0.0 // the offset of 16 cancels
		for c, weight := range lumaWeights {
			d += float64(weight * (float64(r.got[c][x]) - float64(r.want[c][x])))
		}
		r.luma += float64(d * d)
	}
}

// RunningMeasures returns the measures that Values has.
func RunningMeasures() []Measure { return []Measure{MSE, PSNR, PSNRLuma, SSIM} }

// Values returns the measures after all rows have been added; before that it panics. PSNRLuma is
// NaN unless the image has three channels.
func (r *Running) Values() Values {
	means := lists.Of(r.ssim, (*ssimRows).mean)
	v := Values{
		MSE.Name:      r.total(r.mse) / float64(r.shape.Image()),
		PSNR.Name:     decibel(r.total(r.pixels) / float64(r.shape.Image())),
		SSIM.Name:     Mean(means),
		PSNRLuma.Name: math.NaN(),
	}
	if r.shape.C == len(lumaWeights) {
		v[PSNRLuma.Name] = decibel(r.luma / float64((r.shape.H-2*r.border)*(r.shape.W-2*r.border)))
	}
	return v
}

func (r *Running) total(sums []float64) float64 {
	if r.rows != r.shape.H {
		panic(fmt.Sprintf("metric: %d rows of a picture %v", r.rows, r.shape))
	}
	return lists.Sum(sums)
}
