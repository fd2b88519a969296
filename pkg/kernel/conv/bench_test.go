package conv

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// Shapes of the paper's networks, at the meshes of a hierarchy.
var benchmarks = []Shape{
	{4, 128, 128, 128, 128, 3, 1, 1, Auto},
	{16, 128, 32, 32, 128, 3, 1, 1, Auto},
	{16, 128, 16, 16, 128, 3, 1, 1, Auto},
	{16, 128, 8, 8, 128, 3, 1, 1, Auto},
	{16, 128, 4, 4, 128, 3, 1, 1, Auto},
	{128, 128, 2, 2, 128, 3, 1, 1, Auto},
	{4, 32, 128, 128, 32, 3, 1, 1, Auto},
	{4, 64, 64, 64, 64, 3, 1, 1, Auto},
	{4, 96, 128, 128, 64, 3, 1, 1, Auto},
	{4, 192, 64, 64, 64, 3, 1, 1, Auto},
	{4, 256, 32, 32, 128, 3, 1, 1, Auto},
	{4, 64, 64, 64, 128, 1, 1, 0, Auto},
	{4, 64, 64, 64, 64, 3, 2, 1, Auto},
	{4, 3, 128, 128, 32, 3, 1, 1, Auto},
	{4, 32, 128, 128, 3, 3, 1, 1, Auto},
	{4, 3, 128, 128, 128, 1, 1, 0, Auto},
	{4, 128, 128, 128, 3, 1, 1, 0, Auto},
	{8, 3, 64, 64, 64, 5, 1, 2, Auto},
	{8, 32, 64, 64, 12, 3, 1, 1, Auto},
}

func BenchmarkConvolution(b *testing.B) {
	defer func(k func() *lanes.Kernels) { kernels = k }(kernels)
	for _, path := range kernel.Supported() {
		for _, a := range []Algorithm{Direct, Winograd} {
			for _, s := range benchmarks {
				kernels = func() *lanes.Kernels { return lanes.For(path) }
				s.Algorithm = a
				if a == Winograd && winograd(s, s.C) == nil {
					continue
				}
				benchmark(b, fmt.Sprintf("%s/%v/%s", path, a, s.name()), s)
			}
		}
	}
}

func benchmark(b *testing.B, name string, s Shape) {
	r := rand.New(rand.NewPCG(1, 2))
	x, w, y := random(r, s.input().size()), random(r, s.O*s.C*s.taps()), random(r, s.output().size())
	gx, gw, gb := make([]float32, len(x)), make([]float32, len(w)), make([]float32, s.O)
	f := NewFilter(s.O, s.C, s.Kernel)
	f.Load(w)
	run := func(pass string, do func()) {
		b.Run(name+"/"+pass, func(b *testing.B) {
			b.ReportAllocs()
			do()
			b.ResetTimer()
			for range b.N {
				do()
			}
			flops := 2 * float64(len(y)) * float64(s.C*s.taps())
			b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
	run("forward", func() { Forward(y, x, f, s, Epilogue{}) })
	run("input", func() { InputGradient(gx, y, f, s) })
	run("weight", func() { WeightGradient(gw, gb, nil, y, x, s) })
}

// BenchmarkGonum measures, for comparison, the matrix product that a program without
// these kernels would use.
func BenchmarkGonum(b *testing.B) {
	const m, n, k = 128, 4096, 1152
	r := rand.New(rand.NewPCG(1, 2))
	x, y, z := random(r, m*k), random(r, k*n), make([]float32, m*n)
	for range b.N {
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, y, n, 0, z, n)
	}
	b.ReportMetric(2*m*n*k*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
