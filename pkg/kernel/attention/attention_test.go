package attention

import (
	"fmt"
	"math"
	"testing"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
	. "multiscale/pkg/kernel/pointwise/kerneltest"
)

// on runs a test with the products of every path that this machine supports.
func on(t *testing.T, test func(t *testing.T)) {
	defer func(k func() *lanes.Kernels) { kernels = k }(kernels)
	for _, path := range kernel.Supported() {
		kernels = func() *lanes.Kernels { return lanes.For(path) }
		t.Run(path, test)
	}
}

// rounding bounds the relative error against float64: sums of float32 products
// over channels and positions.
const rounding = 2e-6

// forward64 is the definition.
func forward64(qkv []float64, s Shape) []float64 {
	ch := s.C / s.Heads
	y := make([]float64, s.N*s.C*s.T)
	for head := range s.N * s.Heads {
		q, k, v := qkv[3*head*ch*s.T:], qkv[(3*head+1)*ch*s.T:], qkv[(3*head+2)*ch*s.T:]
		for t := range s.T {
			weights, sum := make([]float64, s.T), 0.
			for i := range weights {
				var product float64
				for c := range ch {
					product += q[c*s.T+t] * k[c*s.T+i]
				}
				weights[i] = math.Exp(product / math.Sqrt(float64(ch)))
				sum += weights[i]
			}
			for c := range ch {
				for i, w := range weights {
					y[(head*ch+c)*s.T+t] += w / sum * v[c*s.T+i]
				}
			}
		}
	}
	return y
}

// inputs are qkv with products large enough to make the softmax uneven.
func inputs(s Shape) (qkv, gy []float32) {
	qkv, gy = Noise(1, 3*s.N*s.C*s.T), Noise(2, s.N*s.C*s.T)
	for i := range qkv {
		qkv[i] *= 3
	}
	return qkv, gy
}

func run(s Shape) (y, gqkv []float32) {
	qkv, gy := inputs(s)
	y, gqkv = make([]float32, len(gy)), make([]float32, len(qkv))
	stats := make([]float32, StatsSize(s))
	Forward(y, qkv, s, stats)
	Backward(gqkv, gy, y, qkv, s, stats)
	return y, gqkv
}

// long reports whether -short skips the shape, which takes minutes on emulators.
func (s Shape) long() bool { return testing.Short() && s.T > 100 }

func TestForward(t *testing.T) {
	on(t, func(t *testing.T) {
		for _, s := range []Shape{{1, 4, 1, 1}, {2, 6, 7, 1}, {3, 8, 16, 2}, {1, 32, 49, 4}, {40, 4, 16, 1}, {1, 260, 20, 1}, {2, 8, 400, 1}, {1, 4, 2100, 1}} {
			if s.long() {
				continue
			}
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				y, _ := run(s)
				qkv, _ := inputs(s)
				Close(t, "y", y, forward64(Wide(qkv), s), rounding)
			})
		}
	})
}

func TestBackward(t *testing.T) {
	on(t, func(t *testing.T) {
		for _, s := range []Shape{{1, 4, 1, 1}, {2, 6, 7, 1}, {2, 8, 9, 2}, {1, 4, 40, 1}, {20, 2, 16, 1}} {
			if testing.Short() && s.N*s.T > 20 {
				continue // the reference computes a difference for every value
			}
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				_, gqkv := run(s)
				qkv, gy := inputs(s)
				f := func(x []float64) []float64 { return forward64(x, s) }
				Close(t, "gqkv", gqkv, Gradient(f, Wide(qkv), Wide(gy)), rounding)
			})
		}
	})
}

// TestScoresThatGrow: if the softmax proceeds tile by tile, later keys may have far larger
// scores than earlier ones, whose weights are corrected.
func TestScoresThatGrow(t *testing.T) {
	s := Shape{1, 4, 1100, 1}
	if s.long() {
		t.Skip("-short")
	}
	on(t, func(t *testing.T) {
		qkv, gy := inputs(s)
		for c := range 4 {
			for i := range s.T {
				qkv[c*s.T+i] = 1
				qkv[(4+c)*s.T+i] += float32(i) / 100
			}
		}
		y, stats := make([]float32, len(gy)), make([]float32, StatsSize(s))
		Forward(y, qkv, s, stats)
		Close(t, "y", y, forward64(Wide(qkv), s), rounding)
	})
}

// TestBackwardBlocks tests shapes with several blocks or tiles. It compares the derivative along
// one direction instead of all partial derivatives.
func TestBackwardBlocks(t *testing.T) {
	on(t, func(t *testing.T) {
		for _, s := range []Shape{{1, 4, 256, 1}, {1, 6, 700, 2}, {1, 4, 2100, 1}} {
			if !s.long() {
				alongDirection(t, s)
			}
		}
	})
}

func alongDirection(t *testing.T, s Shape) {
	_, gqkv := run(s)
	qkv, gy := inputs(s)
	direction := Noise(3, len(qkv))
	const step = 1e-5
	var got, want, size float64
	up, down := Wide(qkv), Wide(qkv)
	for i, d := range direction {
		got += float64(d) * float64(gqkv[i])
		size += math.Abs(float64(d) * float64(gqkv[i]))
		up[i] += step * float64(d)
		down[i] -= step * float64(d)
	}
	below := forward64(down, s)
	for i, v := range forward64(up, s) {
		want += float64(gy[i]) * (v - below[i]) / (2 * step)
	}
	if math.Abs(got-want) > rounding*size {
		t.Errorf("derivative %v, want %v, among terms of %v", got, want, size)
	}
}

func TestSameOnAnyCores(t *testing.T) {
	for _, s := range []Shape{{3, 16, 64, 2}, {1, 8, 1500, 1}} {
		if s.long() {
			continue
		}
		SameOnAnyCores(t, func() []float32 {
			y, gqkv := run(s)
			return append(y, gqkv...)
		})
	}
}

func TestNoAllocations(t *testing.T) {
	for _, s := range []Shape{{4, 32, 16, 2}, {4, 32, 256, 2}, {1, 8, 1500, 1}} {
		if s.long() {
			continue
		}
		qkv, gy := inputs(s)
		y, gqkv, stats := make([]float32, len(gy)), make([]float32, len(qkv)), make([]float32, StatsSize(s))
		NoAllocations(t, func() {
			Forward(y, qkv, s, stats)
			Backward(gqkv, gy, y, qkv, s, stats)
		})
	}
}

// The bottom of the UNet at sides 256, 128 and 16.
func BenchmarkAttention(b *testing.B) {
	for _, s := range []Shape{{1, 128, 4096, 1}, {2, 128, 1024, 1}, {64, 128, 16, 1}} {
		qkv, gy := inputs(s)
		y, gqkv, stats := make([]float32, len(gy)), make([]float32, len(qkv)), make([]float32, StatsSize(s))
		flop := float64(4 * s.N * s.C * s.T * s.T)
		b.Run(fmt.Sprint("forward", s), func(b *testing.B) {
			for b.Loop() {
				Forward(y, qkv, s, stats)
			}
			b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
		b.Run(fmt.Sprint("backward", s), func(b *testing.B) {
			for b.Loop() {
				Backward(gqkv, gy, y, qkv, s, stats)
			}
			b.ReportMetric(2.5*flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
