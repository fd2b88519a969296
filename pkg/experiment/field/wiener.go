package field

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"

	"multiscale/pkg/elementary"
	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// wiener is Wiener's filter for a periodic Gaussian blur and white noise, both known. It
// assumes a power spectrum A/f^2, as photographs have it, whose blurred variance is that of
// the observation minus that of the noise (Gonzalez and Woods, Digital Image Processing,
// section 5.8).
func wiener(o *observation) pixel.Images {
	y := pixel.NewImages(1, o.C, o.H, o.W)
	down, across := gaussian(o.Blur, o.H), gaussian(o.Blur, o.W)
	n := float64(o.Plane())
	sigma := o.Sigma / 255
	plane := make([]complex128, o.Plane())
	for c := range o.C {
		x := o.Data[c*o.Plane():][:o.Plane()]
		mean, square := 0.0, 0.0
		for _, v := range x {
			mean += float64(v)
			square += float64(float64(v) * float64(v))
		}
		mean /= n
		signal := max(square/n-float64(mean*mean)-float64(sigma*sigma), 1e-6)
		for i, v := range x {
			plane[i] = complex(float64(v)-mean, 0)
		}
		transform(plane, o.H, o.W, (*fourier.CmplxFFT).Coefficients)
		// The amplitude A follows from the variance: the sum of the blurred spectrum over all frequencies but 0.
		sum := 0.0
		power := func(i, k int) float64 { return 1 / max(frequency(i, o.H)+frequency(k, o.W), 1/(n*n)) }
		for i := range o.H {
			for k := range o.W {
				if i+k > 0 {
					h := down[i] * across[k]
					sum += float64(float64(h*h) * power(i, k))
				}
			}
		}
		amplitude := signal * n / sum
		for i := range o.H {
			for k := range o.W {
				h := down[i] * across[k]
				ratio := sigma * sigma / (amplitude * power(i, k))
				gain := h / (float64(h*h) + ratio)
				v := plane[i*o.W+k]
				plane[i*o.W+k] = complex(real(v)*gain, imag(v)*gain)
			}
		}
		transform(plane, o.H, o.W, (*fourier.CmplxFFT).Sequence)
		for i, v := range plane {
			y.Data[c*o.Plane()+i] = float32(float64(real(v)/n) + mean)
		}
	}
	return y
}

// mirrored turns a method for periodic blurs into one for blurs that mirror the picture at its borders. It appends the
// mirror images to the right and below: on this picture of twice the sides, the two blurs are the same.
func mirrored(of func(*observation) pixel.Images) func(*observation) pixel.Images {
	return func(o *observation) pixel.Images {
		wide := *o
		wide.Images = pixel.NewImages(1, o.C, 2*o.H, 2*o.W)
		for i := range wide.Data {
			c, row, col := i/wide.Plane(), i/wide.W%wide.H, i%wide.W
			wide.Data[i] = o.Data[(c*o.H+min(row, wide.H-1-row))*o.W+min(col, wide.W-1-col)]
		}
		answer, y := of(&wide), pixel.NewImages(1, o.C, o.H, o.W)
		for row := range o.C * o.H {
			from := (row/o.H*wide.H + row%o.H) * wide.W
			copy(y.Data[row*o.W:][:o.W], answer.Data[from:])
		}
		return y
	}
}

// frequency returns the square of the frequency of index i of n, in cycles per pixel.
func frequency(i, n int) float64 {
	f := float64(min(i, n-i)) / float64(n)
	return float64(f * f)
}

// gaussian returns the Fourier transform of task.Blur's kernel in one dimension: of a sampled
// Gaussian with sum 1, wrapped around n pixels.
func gaussian(sigma float64, n int) []float64 {
	taps := make([]complex128, n)
	sum, reach := 0.0, int(math.Ceil(8*sigma))
	for d := -reach; d <= reach; d++ {
		v := elementary.Exp(-float64(d*d) / (2 * sigma * sigma))
		taps[((d%n)+n)%n] += complex(v, 0)
		sum += v
	}
	fourier.NewCmplxFFT(n).Coefficients(taps, taps)
	return lists.Of(taps, func(v complex128) float64 { return real(v) / sum })
}

// transform applies a one-dimensional transform to the rows and then to the columns of a plane, in place.
func transform(plane []complex128, h, w int, of func(*fourier.CmplxFFT, []complex128, []complex128) []complex128) {
	rows, columns := fourier.NewCmplxFFT(w), fourier.NewCmplxFFT(h)
	for i := range h {
		of(rows, plane[i*w:][:w], plane[i*w:][:w])
	}
	column := make([]complex128, h)
	for k := range w {
		for i := range column {
			column[i] = plane[i*w+k]
		}
		of(columns, column, column)
		for i, v := range column {
			plane[i*w+k] = v
		}
	}
}
