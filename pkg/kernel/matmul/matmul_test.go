package matmul

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// tolerance bounds the rounding errors of float32 sums, relative in the
// Euclidean norm.
const tolerance = 1e-6

func on(t *testing.T, test func(t *testing.T)) {
	defer func(k func() *lanes.Kernels) { kernels = k }(kernels)
	for _, path := range kernel.Supported() {
		kernels = func() *lanes.Kernels { return lanes.For(path) }
		t.Run(path, test)
	}
}

func random(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func TestBatch(t *testing.T) {
	on(t, func(t *testing.T) {
		for _, size := range [][3]int{{1, 1, 1}, {2, 3, 4}, {5, 7, 3}, {12, 32, 16}, {13, 33, 300}, {64, 64, 64}, {200, 150, 40}, {193, 129, 5}, {4, 16, 0}, {3, 384, 128}} {
			if testing.Short() && size[0]*size[1]*size[2] > 100_000 {
				continue // emulators take minutes
			}
			for flags := range 4 {
				for _, f := range [][2]float32{{1, 0}, {1, 1}, {0.25, 0}, {-2, 0.5}} {
					transA, transB := flags&1 != 0, flags&2 != 0
					name := fmt.Sprintf("%v transA=%v transB=%v alpha=%v beta=%v", size, transA, transB, f[0], f[1])
					t.Run(name, func(t *testing.T) { checkBatch(t, size[0], size[1], size[2], transA, transB, f[0], f[1]) })
				}
			}
		}
	})
}

func checkBatch(t *testing.T, m, n, k int, transA, transB bool, alpha, beta float32) {
	const count, gap = 3, 5
	r := rand.New(rand.NewPCG(1, 2))
	strideA, strideB, strideC := m*k+gap, k*n+gap, m*n+gap
	a, b, c := random(r, count*strideA-gap), random(r, count*strideB-gap), random(r, count*strideC-gap)
	if beta == 0 {
		c[0] = float32(math.NaN())
	}
	want := make([]float64, len(c))
	for i, v := range c {
		want[i] = float64(v)
	}
	for i := range count {
		for y := range m {
			for x := range n {
				sum := 0.0
				for l := range k {
					at, bt := y*k+l, l*n+x
					if transA {
						at = l*m + y
					}
					if transB {
						bt = x*k + l
					}
					sum += float64(a[i*strideA+at]) * float64(b[i*strideB+bt])
				}
				e := &want[i*strideC+y*n+x]
				if beta == 0 {
					*e = 0
				}
				*e = float64(alpha)*sum + float64(beta)**e
			}
		}
	}
	Batch(count, c, strideC, a, strideA, b, strideB, m, n, k, transA, transB, alpha, beta)
	var difference, norm float64
	for i, v := range c {
		difference += (float64(v) - want[i]) * (float64(v) - want[i])
		norm += want[i] * want[i]
	}
	if e := math.Sqrt(difference / norm); !(e <= tolerance) {
		t.Errorf("relative error %.3g, want below %.3g", e, tolerance)
	}
}

func BenchmarkMul(b *testing.B) {
	for _, size := range [][3]int{{64, 384, 128}, {1024, 1024, 64}, {1024, 64, 1024}, {512, 512, 512}} {
		m, n, k := size[0], size[1], size[2]
		r := rand.New(rand.NewPCG(1, 2))
		x, y, z := random(r, m*k), random(r, k*n), make([]float32, m*n)
		rate := func(b *testing.B) {
			b.ReportMetric(2*float64(m*n*k)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		}
		b.Run(fmt.Sprintf("ours/%v", size), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				Mul(z, x, y, m, n, k, false, true, 1, 0)
			}
			rate(b)
		})
		b.Run(fmt.Sprintf("gonum/%v", size), func(b *testing.B) {
			for range b.N {
				gonum.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, m, n, k, 1, x, k, y, k, 0, z, n)
			}
			rate(b)
		})
	}
}
