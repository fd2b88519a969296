package groupconv_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"multiscale/pkg/kernel/groupconv"
	"multiscale/pkg/kernel/pointwise/kerneltest"
	"multiscale/pkg/random"
)

type shape = groupconv.Shape

// shaped sets OutH and OutW to all positions of the kernel that fit.
func shaped(s shape) shape {
	s.OutH = groupconv.Out(s.H, s.Kernel, s.Stride, s.Padding, s.Dilation)
	s.OutW = groupconv.Out(s.W, s.Kernel, s.Stride, s.Padding, s.Dilation)
	return s
}

var shapes = []shape{
	shaped(shape{N: 2, C: 6, H: 7, W: 9, O: 4, Kernel: 3, Stride: 1, Padding: 1, Dilation: 1, Groups: 2}),
	shaped(shape{N: 2, C: 6, H: 7, W: 9, O: 4, Kernel: 3, Stride: 2, Padding: 3, Dilation: 2, Groups: 1}),
	shaped(shape{N: 1, C: 3, H: 5, W: 4, O: 6, Kernel: 2, Stride: 3, Padding: 0, Dilation: 3, Groups: 3}),
	shaped(shape{N: 3, C: 4, H: 8, W: 5, O: 8, Kernel: 5, Stride: 1, Padding: 7, Dilation: 2, Groups: 4}),
	shaped(shape{N: 1, C: 2, H: 1, W: 1, O: 2, Kernel: 3, Stride: 1, Padding: 4, Dilation: 4, Groups: 1}),
	// Fewer positions than fit, as the adjoint of a transposed convolution has with output padding.
	{N: 2, C: 4, H: 8, W: 7, O: 4, OutH: 3, OutW: 2, Kernel: 3, Stride: 2, Padding: 1, Dilation: 1, Groups: 2},
	// Several blocks of rows.
	shaped(shape{N: 2, C: 64, H: 70, W: 64, O: 8, Kernel: 3, Stride: 1, Padding: 2, Dilation: 2, Groups: 1}),
	shaped(shape{N: 2, C: 16, H: 70, W: 64, O: 16, Kernel: 3, Stride: 1, Padding: 1, Dilation: 1, Groups: 16}),
}

// taps calls f for every product of the convolution, with the positions in y, x and w.
func taps(s shape, f func(y, x, w int)) {
	in, out := s.C/s.Groups, s.O/s.Groups
	for n := range s.N {
		for o := range s.O {
			for i := range s.OutH {
				for j := range s.OutW {
					for c := range in {
						for u := range s.Kernel {
							for v := range s.Kernel {
								row, column := i*s.Stride+u*s.Dilation-s.Padding, j*s.Stride+v*s.Dilation-s.Padding
								if row < 0 || row >= s.H || column < 0 || column >= s.W {
									continue
								}
								x := ((n*s.C+o/out*in+c)*s.H+row)*s.W + column
								f(((n*s.O+o)*s.OutH+i)*s.OutW+j, x, ((o*in+c)*s.Kernel+u)*s.Kernel+v)
							}
						}
					}
				}
			}
		}
	}
}

// operands draws y (or its gradient), x and w.
func operands(s shape) (y, x, w []float32) {
	y, x, w = make([]float32, s.N*s.O*s.OutH*s.OutW), make([]float32, s.N*s.C*s.H*s.W), make([]float32, s.O*s.C/s.Groups*s.Kernel*s.Kernel)
	r := random.New(1)
	for _, v := range [][]float32{y, x, w} {
		r.Normals(v)
	}
	return y, x, w
}

// agree compares got with float64 sums. The tolerance is that of float32 rounding in a sum of the given number
// of products of N(0,1) values.
func agree(t *testing.T, name string, got []float32, want []float64, products int) {
	t.Helper()
	tolerance := 4e-7 * float64(products)
	for i, v := range got {
		if d := math.Abs(float64(v) - want[i]); !(d <= tolerance+1e-6) {
			t.Fatalf("%s: element %d is %v, want %v", name, i, v, want[i])
		}
	}
}

// TestAgainstSums compares all three passes with sums in float64.
func TestAgainstSums(t *testing.T) {
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			gy, x, w := operands(s)
			wantY, wantX, wantW := make([]float64, len(gy)), make([]float64, len(x)), make([]float64, len(w))
			taps(s, func(a, b, c int) {
				wantY[a] += float64(x[b]) * float64(w[c])
				wantX[b] += float64(gy[a]) * float64(w[c])
				wantW[c] += float64(gy[a]) * float64(x[b])
			})
			y, gx, gw := make([]float32, len(gy)), make([]float32, len(x)), make([]float32, len(w))
			groupconv.Forward(y, x, w, s)
			groupconv.InputGradient(gx, gy, w, s)
			groupconv.WeightGradient(gw, gy, x, s, false)
			perY := s.C / s.Groups * s.Kernel * s.Kernel
			agree(t, "forward", y, wantY, perY)
			agree(t, "input gradient", gx, wantX, s.O/s.Groups*s.Kernel*s.Kernel)
			agree(t, "weight gradient", gw, wantW, s.N*s.OutH*s.OutW)
			groupconv.WeightGradient(gw, gy, x, s, true)
			for i := range wantW {
				wantW[i] *= 2
			}
			agree(t, "weight gradient, added", gw, wantW, 2*s.N*s.OutH*s.OutW)
		})
	}
}

// TestCores: the number of cores changes no bit.
func TestCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, s := range shapes {
		gy, x, w := operands(s)
		results := func(cores int) []float32 {
			runtime.GOMAXPROCS(cores)
			y, gx, gw := make([]float32, len(gy)), make([]float32, len(x)), make([]float32, len(w))
			groupconv.Forward(y, x, w, s)
			groupconv.InputGradient(gx, gy, w, s)
			groupconv.WeightGradient(gw, gy, x, s, false)
			return slices.Concat(y, gx, gw)
		}
		if one := results(1); !slices.Equal(one, results(3)) {
			t.Errorf("%+v: three cores give other bytes than one", s)
		}
	}
}

// TestAllocations: nothing is allocated once the scratch memory has been allocated.
func TestAllocations(t *testing.T) {
	for _, s := range shapes {
		gy, x, w := operands(s)
		kerneltest.NoAllocations(t, func() {
			groupconv.Forward(gy, x, w, s)
			groupconv.InputGradient(x, gy, w, s)
			groupconv.WeightGradient(w, gy, x, s, false)
		})
	}
}
