package metric

import "math"

// The constants of SSIM (Wang, Bovik, Sheikh and Simoncelli, Image quality
// assessment: from error visibility to structural similarity, 2004) with L = 1.
const (
	ssimRadius = 5 // a window of 11
	ssimSigma  = 1.5
	ssimC1     = 0.01 * 0.01
	ssimC2     = 0.03 * 0.03
)

// ssimWindow is the Gaussian window in one dimension, of sum 1.
var ssimWindow = func() (g [2*ssimRadius + 1]float64) {
	sum := 0.0
	for k := range g {
		d := float64(k - ssimRadius)
		g[k] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += g[k]
	}
	for k := range g {
		g[k] /= sum
	}
	return g
}()

// SSIM returns the structural similarity of each picture: a Gaussian window of
// 11 and sigma 1.5, L = 1, every channel for itself, the border padded with
// zeros by 5, the mean over channels, rows and columns. Pictures on [0,1] give
// what is reported as ssim. The authors' code applies the same formula to
// normalised tensors and leaves L at 1: that is reported as ssim_signed, and
// is this function on such tensors.
func SSIM(a, b []float32, shape Shape) []float64 {
	shape.check(a, b)
	plane := shape.H * shape.W
	means := perPicture(shape.N*shape.C, func(i int) float64 {
		return ssimPlane(a[i*plane:(i+1)*plane], b[i*plane:(i+1)*plane], shape.H, shape.W)
	})
	out := make([]float64, shape.N)
	for n := range out {
		out[n] = Mean(means[n*shape.C : (n+1)*shape.C])
	}
	return out
}

// ssimPlane returns the mean of the SSIM map of one channel.
func ssimPlane(a, b []float32, h, w int) float64 {
	product := func(x, y []float32) []float64 {
		p := make([]float64, len(x))
		for i := range p {
			p[i] = float64(x[i]) * float64(y[i])
		}
		return p
	}
	widen := func(x []float32) []float64 {
		p := make([]float64, len(x))
		for i := range p {
			p[i] = float64(x[i])
		}
		return p
	}
	row := make([]float64, h*w)
	filtered := func(x []float64) []float64 { blur(x, row, h, w); return x }

	ma, mb := filtered(widen(a)), filtered(widen(b))
	aa, bb, ab := filtered(product(a, a)), filtered(product(b, b)), filtered(product(a, b))
	sum := 0.0
	for i := range ma {
		mean := ma[i] * mb[i]
		squares := ma[i]*ma[i] + mb[i]*mb[i]
		sum += (2*mean + ssimC1) * (2*(ab[i]-mean) + ssimC2) /
			((squares + ssimC1) * (aa[i] + bb[i] - squares + ssimC2))
	}
	return sum / float64(h*w)
}

// blur applies the window to the columns and then the rows of x, in place, with
// zeros beyond the border. The two-dimensional window is the product of two
// one-dimensional ones, so two passes of 11 do for one of 121.
func blur(x, scratch []float64, h, w int) {
	for y := range h {
		for col := range w {
			sum := 0.0
			for k := max(-ssimRadius, -col); k <= min(ssimRadius, w-1-col); k++ {
				sum += ssimWindow[k+ssimRadius] * x[y*w+col+k]
			}
			scratch[y*w+col] = sum
		}
	}
	clear(x)
	for y := range h {
		for k := max(-ssimRadius, -y); k <= min(ssimRadius, h-1-y); k++ {
			g := ssimWindow[k+ssimRadius]
			from := scratch[(y+k)*w : (y+k+1)*w]
			for col, v := range from {
				x[y*w+col] += g * v
			}
		}
	}
}
