package resample

import (
	"fmt"
	"testing"

	. "multiscale/pkg/kernel/pointwise/kerneltest"
)

// rounding bounds the relative error of sums of a few products.
const rounding = 5e-7

// kernels resize planes of h x w pixels. All are linear, so each is defined by the weight
// of source pixel (a,b) in target pixel (i,j).
var kernels = []struct {
	name              string
	size              func(n int) int
	forward, backward func(to, from []float32, planes, h, w, oh, ow int)
	along             func(i, a, in, out int) float64 // weight along one dimension; weights are products
}{
	{"nearest x2", func(n int) int { return 2 * n }, Nearest, NearestBackward, nearestWeight},
	{"nearest /2", func(n int) int { return n / 2 }, Nearest, NearestBackward, nearestWeight},
	{"nearest to n+3", func(n int) int { return n + 3 }, Nearest, NearestBackward, nearestWeight},
	{"nearest factor 1/4", func(n int) int { return max(n/4, 1) },
		func(y, x []float32, p, h, w, oh, ow int) { NearestScaled(y, x, p, h, w, oh, ow, 4, 4) },
		func(y, x []float32, p, h, w, oh, ow int) { NearestScaledBackward(y, x, p, h, w, oh, ow, 4, 4) },
		func(i, a, in, out int) float64 { return one(4*i == a) }},
	{"bilinear x2", func(n int) int { return 2 * n }, scaled(Bilinear, 0.5), scaled(BilinearBackward, 0.5), linearWeight(0.5)},
	{"bilinear /2", func(n int) int { return n / 2 }, scaled(Bilinear, 2), scaled(BilinearBackward, 2), linearWeight(2)},
	{"bilinear x1.5", func(n int) int { return n * 3 / 2 }, scaled(Bilinear, 2./3), scaled(BilinearBackward, 2./3), linearWeight(2. / 3)},
	{"average 2", func(n int) int { return n / 2 }, pooled(AveragePool, 2), pooled(AveragePoolBackward, 2), averageWeight(2)},
	{"average 3", func(n int) int { return n / 3 }, pooled(AveragePool, 3), pooled(AveragePoolBackward, 3), averageWeight(3)},
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func nearestWeight(i, a, in, out int) float64 { return one(i*in/out == a) }

func linearWeight(scale float64) func(i, a, in, out int) float64 {
	return func(i, a, in, out int) float64 {
		at := max(scale*(float64(i)+0.5)-0.5, 0)
		low := int(at)
		return (1-at+float64(low))*one(low == a) + (at-float64(low))*one(min(low+1, in-1) == a)
	}
}

func averageWeight(k int) func(i, a, in, out int) float64 {
	return func(i, a, in, out int) float64 { return one(a/k == i) / float64(k) }
}

func scaled(f func(y, x []float32, planes, h, w, oh, ow int, scaleH, scaleW float64), s float64) func(y, x []float32, planes, h, w, oh, ow int) {
	return func(y, x []float32, planes, h, w, oh, ow int) { f(y, x, planes, h, w, oh, ow, s, s) }
}

func pooled(f func(y, x []float32, planes, h, w, k int), k int) func(y, x []float32, planes, h, w, oh, ow int) {
	return func(y, x []float32, planes, h, w, oh, ow int) { f(y, x, planes, h, w, k) }
}

func TestLinear(t *testing.T) {
	for _, k := range kernels {
		for _, s := range [][3]int{{1, 4, 4}, {3, 7, 9}, {2, 16, 18}, {2, 33, 40}, {1, 5, 71}, {400, 6, 8}} {
			planes, h, w := s[0], s[1], s[2]
			oh, ow := k.size(h), k.size(w)
			t.Run(fmt.Sprint(k.name, s), func(t *testing.T) {
				x, gy := Noise(1, planes*h*w), Noise(2, planes*oh*ow)
				y, gx := Noise(3, planes*oh*ow), Noise(4, planes*h*w) // to be overwritten
				k.forward(y, x, planes, h, w, oh, ow)
				k.backward(gx, gy, planes, h, w, oh, ow)
				want, gwant := make([]float64, len(y)), make([]float64, len(gx))
				for p := range planes {
					for i := range oh {
						for a := range h {
							row := k.along(i, a, h, oh)
							if row == 0 {
								continue
							}
							for j := range ow {
								for b := range w {
									by := row * k.along(j, b, w, ow)
									want[(p*oh+i)*ow+j] += by * float64(x[(p*h+a)*w+b])
									gwant[(p*h+a)*w+b] += by * float64(gy[(p*oh+i)*ow+j])
								}
							}
						}
					}
				}
				Close(t, "y", y, want, rounding)
				Close(t, "gx", gx, gwant, rounding)
			})
		}
	}
}

func TestPixelShuffle(t *testing.T) {
	for _, s := range [][5]int{{1, 1, 2, 3, 2}, {2, 3, 5, 9, 2}, {2, 2, 4, 5, 3}, {8, 16, 16, 17, 2}} {
		n, c, h, w, r := s[0], s[1], s[2], s[3], s[4]
		x := Noise(1, n*c*r*r*h*w)
		y, back := make([]float32, len(x)), make([]float32, len(x))
		PixelShuffle(y, x, n, c, h, w, r)
		for i, v := range y {
			plane, row, col := i/(h*r*w*r), i/(w*r)%(h*r), i%(w*r)
			from := ((plane*r*r+row%r*r+col%r)*h+row/r)*w + col/r
			if v != x[from] {
				t.Fatalf("%v: pixel (%d,%d) of plane %d is %v, want %v", s, row, col, plane, v, x[from])
			}
		}
		PixelShuffleBackward(back, y, n, c, h, w, r)
		Close(t, "inverse", back, Wide(x), 0)
	}
}

func TestSameOnAnyCores(t *testing.T) {
	for _, k := range kernels {
		SameOnAnyCores(t, func() []float32 {
			const planes, h, w = 12, 64, 60
			oh, ow := k.size(h), k.size(w)
			y, gx := make([]float32, planes*oh*ow), make([]float32, planes*h*w)
			k.forward(y, Noise(1, len(gx)), planes, h, w, oh, ow)
			k.backward(gx, Noise(2, len(y)), planes, h, w, oh, ow)
			return append(y, gx...)
		})
	}
}

func TestNoAllocations(t *testing.T) {
	const planes, h, w = 12, 64, 60
	for _, k := range kernels {
		oh, ow := k.size(h), k.size(w)
		y, gx := make([]float32, planes*oh*ow), make([]float32, planes*h*w)
		NoAllocations(t, func() {
			k.forward(y, gx, planes, h, w, oh, ow)
			k.backward(gx, y, planes, h, w, oh, ow)
		})
	}
}

func BenchmarkKernels(b *testing.B) {
	const planes, h, w = 64, 64, 64
	for _, k := range kernels {
		oh, ow := k.size(h), k.size(w)
		y, x := Noise(1, planes*oh*ow), Noise(2, planes*h*w)
		for name, f := range map[string]func(){
			"forward":  func() { k.forward(y, x, planes, h, w, oh, ow) },
			"backward": func() { k.backward(x, y, planes, h, w, oh, ow) },
		} {
			b.Run(k.name+" "+name, func(b *testing.B) {
				b.SetBytes(int64(4 * (len(x) + len(y))))
				for b.Loop() {
					f()
				}
			})
		}
	}
}
