package metric

import (
	"multiscale/pkg/elementary"
	"multiscale/pkg/pixel"
)

// The constants of SSIM (Wang, Bovik, Sheikh and Simoncelli, Image quality
// assessment: from error visibility to structural similarity, 2004) with L = 1.
const (
	ssimRadius = 5 // a window of 11
	ssimSigma  = 1.5
	ssimC1     = 0.01 * 0.01
	ssimC2     = 0.03 * 0.03
)

// ssimWindow is the one-dimensional Gaussian window. Its sum is 1.
var ssimWindow = func() (g [2*ssimRadius + 1]float64) {
	sum := 0.0
	for k := range g {
		d := float64(k - ssimRadius)
		g[k] = elementary.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += g[k]
	}
	for k := range g {
		g[k] /= sum
	}
	return g
}()

// Similarities returns the structural similarity of each image: the mean over channels, rows and
// columns of the SSIM map of each channel, with a Gaussian window of 11 pixels and sigma 1.5, L = 1,
// and zero padding. For pixels in [0,1] this is the measure ssim. The authors' code applies the
// formula to normalised tensors, also with L = 1; this is the measure ssim_signed.
func Similarities(a, b pixel.Images) []float64 {
	check(a, b)
	plane := a.Plane()
	means := perImage(a.N*a.C, func(i int) float64 {
		return ssimPlane(a.Data[i*plane:(i+1)*plane], b.Data[i*plane:(i+1)*plane], a.H, a.W)
	})
	out := make([]float64, a.N)
	for n := range out {
		out[n] = Mean(means[n*a.C : (n+1)*a.C])
	}
	return out
}

// ssimPlane returns the mean of the SSIM map of one channel.
func ssimPlane(a, b []float32, h, w int) float64 {
	s := newSSIMRows(h, w)
	for y := range h {
		s.add(a[y*w:(y+1)*w], b[y*w:(y+1)*w])
	}
	return s.mean()
}

// ssimRows computes the SSIM of one channel row by row. The two-dimensional window is the product
// of two one-dimensional ones, so that two passes with 11 weights replace one with 121. The first
// pass filters each new row. The second one filters across the last 11 rows, which are kept.
type ssimRows struct {
	h, w   int
	inside bool                           // whether only positions count where the whole window lies in the picture
	added  int                            // number of rows
	kept   [2*ssimRadius + 1][5][]float64 // filtered rows, row y at index y mod 11: of a, b, aa, bb and ab
	sums   [5][]float64                   // filtered in both directions
	total  float64                        // sum of the SSIM map
	plain  []float64                      // a row, with zeros at both ends
	zeros  []float64
}

func newSSIMRows(h, w int) *ssimRows {
	s := &ssimRows{h: h, w: w, plain: make([]float64, w+2*ssimRadius), zeros: make([]float64, w)}
	for i := range s.sums {
		s.sums[i] = make([]float64, w)
		for y := range s.kept {
			s.kept[y][i] = make([]float64, w)
		}
	}
	return s
}

// add takes the next row.
func (s *ssimRows) add(a, b []float32) {
	at := &s.kept[s.added%len(s.kept)]
	for i, pair := range [5][2][]float32{{a}, {b}, {a, a}, {b, b}, {a, b}} {
		plain := s.plain[ssimRadius:][:s.w]
		for x, v := range pair[0] {
			plain[x] = float64(v)
			if pair[1] != nil {
				plain[x] *= float64(pair[1][x])
			}
		}
		filterRow(at[i], s.plain)
	}
	s.added++
	if s.added > ssimRadius {
		s.finish(s.added - 1 - ssimRadius)
	}
	if s.added == s.h { // below the last rows there are only zeros
		for y := max(0, s.h-ssimRadius); y < s.h; y++ {
			s.finish(y)
		}
	}
}

// mean is the mean over all positions that count, after all rows have been added.
func (s *ssimRows) mean() float64 {
	border := s.border()
	return s.total / float64((s.h-2*border)*(s.w-2*border))
}

// border is the number of rows and columns at each side that do not count.
func (s *ssimRows) border() int {
	if s.inside {
		return ssimRadius
	}
	return 0
}

// finish adds row y of the SSIM map to the total.
func (s *ssimRows) finish(y int) {
	border := s.border()
	if y < border || y >= s.h-border {
		return
	}
	for i, sums := range s.sums {
		var rows [2*ssimRadius + 1][]float64
		for k := range rows {
			if at := y + k - ssimRadius; at < 0 || at >= s.h {
				rows[k] = s.zeros
			} else {
				rows[k] = s.kept[at%len(s.kept)][i]
			}
		}
		filterRows(sums, &rows)
	}
	for x := border; x < s.w-border; x++ {
		ma := s.sums[0][x]
		mb, aa, bb, ab := s.sums[1][x], s.sums[2][x], s.sums[3][x], s.sums[4][x]
		mean := float64(ma * mb)
		squares := float64(ma*ma) + float64(mb*mb)
		s.total += (float64(2*mean) + ssimC1) * (float64(2*(ab-mean)) + ssimC2) /
			((squares + ssimC1) * (aa + bb - squares + ssimC2))
	}
}

// filterRow applies the window along a row. x has the row with five zeros before and after it.
func filterRow(y, x []float64) {
	g := &ssimWindow
	for col := range y {
		v := (*[2*ssimRadius + 1]float64)(x[col:])
		y[col] = float64(g[0]*v[0]) + float64(g[1]*v[1]) + float64(g[2]*v[2]) + float64(g[3]*v[3]) + float64(g[4]*v[4]) + float64(g[5]*v[5]) +
			float64(g[6]*v[6]) + float64(g[7]*v[7]) + float64(g[8]*v[8]) + float64(g[9]*v[9]) + float64(g[10]*v[10])
	}
}

// filterRows applies the window across rows.
func filterRows(y []float64, rows *[2*ssimRadius + 1][]float64) {
	g := &ssimWindow
	a, b, c, d, e, f := rows[0][:len(y)], rows[1][:len(y)], rows[2][:len(y)], rows[3][:len(y)], rows[4][:len(y)], rows[5][:len(y)]
	h, i, j, k, l := rows[6][:len(y)], rows[7][:len(y)], rows[8][:len(y)], rows[9][:len(y)], rows[10][:len(y)]
	for x := range y {
		y[x] = float64(g[0]*a[x]) + float64(g[1]*b[x]) + float64(g[2]*c[x]) + float64(g[3]*d[x]) + float64(g[4]*e[x]) + float64(g[5]*f[x]) +
			float64(g[6]*h[x]) + float64(g[7]*i[x]) + float64(g[8]*j[x]) + float64(g[9]*k[x]) + float64(g[10]*l[x])
	}
}
