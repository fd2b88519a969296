package pointwise

import (
	"fmt"
	"math"
	"testing"

	"multiscale/pkg/kernel"
	. "multiscale/pkg/kernel/pointwise/kerneltest"
)

// rounding bounds the relative error of a float32 kernel: a few units of
// 2^-24 = 6e-8.
const rounding = 5e-7

// large is a length of several chunks that ends in the middle of a vector.
const large = 3*chunkSize + 5

var activations = []struct {
	name string
	act  kernel.Activation
	f    func(v float64) float64
}{
	{"identity", kernel.Activation{}, func(v float64) float64 { return v }},
	{"relu", kernel.Activation{Kind: kernel.ReLU}, func(v float64) float64 { return max(v, 0) }},
	{"leaky", kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.2}, func(v float64) float64 { return max(v, float64(float32(0.2))*v) }},
	{"silu", kernel.Activation{Kind: kernel.SiLU}, func(v float64) float64 { return v / (1 + math.Exp(-v)) }},
	{"tanh", kernel.Activation{Kind: kernel.Tanh}, math.Tanh},
}

func TestActivate(t *testing.T) {
	x, gy := Noise(1, large), Noise(2, large)
	Scale(x, 6, x)
	for _, c := range activations {
		t.Run(c.name, func(t *testing.T) {
			y, gx := make([]float32, large), make([]float32, large)
			Activate(y, x, c.act)
			v := x
			if c.act.OfResult() {
				v = y
			}
			ActivateBackward(gx, gy, v, c.act)
			want, gwant := make([]float64, large), make([]float64, large)
			for i, v := range Wide(x) {
				const step = 1e-5
				want[i] = c.f(v)
				gwant[i] = float64(gy[i]) * (c.f(v+step) - c.f(v-step)) / (2 * step)
			}
			Close(t, "y", y, want, rounding)
			Close(t, "gx", gx, gwant, rounding)
		})
	}
}

func TestSum(t *testing.T) {
	var xs [][]float32
	want := make([]float64, large)
	for k := range 20 {
		xs = append(xs, Noise(uint64(k), large))
		for i, v := range xs[k] {
			want[i] += float64(v)
		}
		y := make([]float32, large)
		Sum(y, xs...)
		Close(t, fmt.Sprint(k+1, " inputs"), y, want, rounding)
	}
	a, b := Noise(1, 10), Noise(2, 10)
	y := append([]float32{}, a...)
	Sum(y, y, b)
	for i, v := range y {
		if v != a[i]+b[i] {
			t.Fatal("the first input cannot be the output")
		}
	}
}

func TestArithmetic(t *testing.T) {
	x, y := Noise(1, large), Noise(2, large)
	axpyWant, scaleWant := make([]float64, large), make([]float64, large)
	var square, squares float64
	for i, v := range x {
		axpyWant[i] = float64(y[i]) + 0.75*float64(v)
		scaleWant[i] = 0.75 * float64(v)
		squares += float64(v) * float64(v)
	}
	Axpy(y, 0.75, x)
	Close(t, "axpy", y, axpyWant, rounding)
	Scale(y, 0.75, x)
	Close(t, "scale", y, scaleWant, rounding)
	if square = SquaredNorm(x); math.Abs(square-squares) > 1e-12*squares {
		t.Errorf("squared norm %v, want %v", square, squares)
	}
}

func TestFinite(t *testing.T) {
	x := Noise(1, large)
	if !Finite(x) || !Finite(nil) {
		t.Error("finite numbers are called infinite")
	}
	for _, at := range []int{0, chunkSize, large - 1} {
		x[at] = float32(math.Inf(-1))
		if Finite(x) {
			t.Errorf("infinity at %d not found", at)
		}
		x[at] = 0
	}
}

func TestChannels(t *testing.T) {
	for _, s := range [][3]int{{2, 3, 5}, {3, 40, 1000}, {70, 300, 4}} {
		n, c, hw := s[0], s[1], s[2]
		x, e := Noise(1, n*c*hw), Noise(2, n*c)
		y, ge := make([]float32, n*c*hw), make([]float32, n*c)
		AddChannel(y, x, e, n, c, hw)
		ChannelSums(ge, x, n, c, hw)
		want, sums := make([]float64, n*c*hw), make([]float64, n*c)
		for i, v := range Wide(x) {
			want[i] = v + float64(e[i/hw])
			sums[i/hw] += v
		}
		Close(t, "y", y, want, rounding)
		Close(t, "ge", ge, sums, rounding)
	}
}

func TestConcatSplit(t *testing.T) {
	for _, s := range [][4]int{{2, 1, 3, 5}, {40, 16, 32, 64}} {
		n, ca, cb, hw := s[0], s[1], s[2], s[3]
		a, b := Noise(1, n*ca*hw), Noise(2, n*cb*hw)
		y, ga, gb := make([]float32, n*(ca+cb)*hw), make([]float32, n*ca*hw), make([]float32, n*cb*hw)
		Concat(y, a, b, n, ca, cb, hw)
		for i, v := range y {
			sample, at := i/((ca+cb)*hw), i%((ca+cb)*hw)
			want := 0.
			if at < ca*hw {
				want = float64(a[sample*ca*hw+at])
			} else {
				want = float64(b[sample*cb*hw+at-ca*hw])
			}
			if float64(v) != want {
				t.Fatalf("element %d is %v, want %v", i, v, want)
			}
		}
		Split(ga, gb, y, n, ca, cb, hw)
		Close(t, "ga", ga, Wide(a), 0)
		Close(t, "gb", gb, Wide(b), 0)
		Split(nil, gb, y, n, ca, cb, hw)
		Split(ga, nil, y, n, ca, cb, hw)
	}
}

func TestDropout(t *testing.T) {
	const per, p = chunkSize + 37, 0.1
	samples := []uint64{5, 1 << 60, 77}
	x, y := make([]float32, 3*per), make([]float32, 3*per)
	for i := range x {
		x[i] = 1
	}
	Dropout(y, x, p, 42, samples, per)
	kept := 0
	for i, v := range y {
		if v != 0 && v != float32(1/(1-float32(p))) {
			t.Fatalf("element %d is %v", i, v)
		}
		if v != 0 {
			kept++
		}
	}
	// Five standard deviations of the binomial distribution.
	n := float64(len(x))
	if d := math.Abs(float64(kept)/n - (1 - p)); d > 5*math.Sqrt(p*(1-p)/n) {
		t.Errorf("%d of %v kept", kept, n)
	}

	alone := make([]float32, per)
	Dropout(alone, x[:per], p, 42, samples[1:2], per)
	Close(t, "a sample on its own", alone, Wide(y[per:2*per]), 0)
	Dropout(alone, x[:per], p, 43, samples[1:2], per)
	same, neighbours := 0, 0
	for i, v := range alone {
		if v == y[per+i] {
			same++
		}
		if v == 0 && alone[(i+1)%per] == 0 {
			neighbours++
		}
	}
	for name, c := range map[string]struct{ got, want float64 }{
		"another key agrees in":     {float64(same) / per, p*p + (1-p)*(1-p)},
		"neighbours are dropped in": {float64(neighbours) / per, p * p},
	} {
		if math.Abs(c.got-c.want) > 5*math.Sqrt(c.want*(1-c.want)/per) {
			t.Errorf("%s %v of the places, want %v", name, c.got, c.want)
		}
	}
	Dropout(alone, x[:per], 0, 42, samples[:1], per)
	Close(t, "probability 0", alone, Wide(x[:per]), 0)
}

// TestDropoutStrided: a coarse image has the mask of every k-th pixel of a fine image,
// independent of the other images in the batch; with stride 1, DropoutStrided equals
// Dropout. The cases include images larger than a chunk, odd sides and single pixels.
func TestDropoutStrided(t *testing.T) {
	for _, c := range []struct{ channels, h, w, stride int }{
		{3, 4, 6, 2}, {1, 1, 1, 2}, {5, 3, 1, 4}, {2, 7, 5, 3}, {9, 50, 51, 2}, {2, 4, 4, 1},
	} {
		ones := func(n int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = 1
			}
			return x
		}
		samples := []uint64{8, 9, 10}
		fineH, fineW := c.h*c.stride, c.w*c.stride
		fine := ones(len(samples) * c.channels * fineH * fineW)
		Dropout(fine, fine, 0.4, 42, samples, c.channels*fineH*fineW)
		per := c.channels * c.h * c.w
		got, own := ones(len(samples)*per), ones(len(samples)*per)
		DropoutStrided(got, got, 0.4, 42, samples, []int{c.stride, 1, c.stride}, per, c.h, c.w)
		Dropout(own, own, 0.4, 42, samples, per)
		for i, v := range got {
			sample, channel, row, column := i/per, i/(c.h*c.w)%c.channels, i/c.w%c.h, i%c.w
			want := fine[((sample*c.channels+channel)*fineH+row*c.stride)*fineW+column*c.stride]
			if sample == 1 { // has stride 1
				want = own[i]
			}
			if v != want {
				t.Fatalf("%+v: sample %d, channel %d, pixel (%d,%d) is %v, want %v", c, sample, channel, row, column, v, want)
			}
		}
	}
}

func TestMSE(t *testing.T) {
	for _, tc := range []struct{ samples, per int }{{1, 1}, {3, 7}, {1, large}, {5, large / 7}} {
		n := tc.samples * tc.per
		y, target, gy := Noise(1, n), Noise(2, n), make([]float32, n)
		weights, losses := Noise(3, tc.samples), make([]float32, tc.samples)
		want, gwant := make([]float64, tc.samples), make([]float64, n)
		for i, v := range Wide(y) {
			d, sample := v-float64(target[i]), i/tc.per
			want[sample] += d * d / float64(tc.per)
			gwant[i] = float64(weights[sample]) * 2 * d / float64(tc.per)
		}
		MSE(losses, y, target)
		Close(t, "losses", losses, want, rounding)
		MSEBackward(gy, y, target, weights)
		Close(t, "gradient", gy, gwant, rounding)
	}
	MSE(nil, nil, nil)
}

func TestSoftmax(t *testing.T) {
	for _, s := range [][2]int{{3, 1}, {4, 5}, {300, 130}} {
		rows, cols := s[0], s[1]
		x, gy := Noise(1, rows*cols), Noise(2, rows*cols)
		Scale(x, 10, x)
		f := func(x []float64) []float64 {
			y := make([]float64, len(x))
			for r := 0; r < len(x); r += cols {
				var sum float64
				for i := range cols {
					y[r+i] = math.Exp(x[r+i])
					sum += y[r+i]
				}
				for i := range cols {
					y[r+i] /= sum
				}
			}
			return y
		}
		y, gx := make([]float32, rows*cols), make([]float32, rows*cols)
		Softmax(y, x, rows, cols)
		Close(t, "y", y, f(Wide(x)), 2*rounding)
		SoftmaxBackward(gx, gy, y, rows, cols)
		if cols > 1 {
			head := 4 * cols // differences cost a forward pass for each element
			head = min(head, len(x))
			Close(t, "gx", gx[:head], Gradient(f, Wide(x[:head]), Wide(gy[:head])), 2*rounding)
		}
	}
}

func TestOptimizers(t *testing.T) {
	const lr, beta1, beta2, eps = 1e-3, 0.9, 0.999, 1e-8
	p, m, v := Noise(1, large), make([]float32, large), make([]float32, large)
	p64, m64, v64 := Wide(p), make([]float64, large), make([]float64, large)
	q, u := Noise(1, large), make([]float32, large)
	q64, u64 := Wide(p), make([]float64, large)
	for step := 1; step <= 5; step++ {
		g := Noise(uint64(10+step), large)
		Adam(p, g, m, v, lr, beta1, beta2, eps, step)
		SGD(q, g, u, lr, beta1)
		for i, d := range Wide(g) {
			m64[i] = beta1*m64[i] + (1-beta1)*d
			v64[i] = beta2*v64[i] + (1-beta2)*d*d
			hat, root := m64[i]/(1-math.Pow(beta1, float64(step))), math.Sqrt(v64[i]/(1-math.Pow(beta2, float64(step))))
			p64[i] -= lr * hat / (root + eps)
			u64[i] = beta1*u64[i] + d
			q64[i] -= lr * u64[i]
		}
		Close(t, "adam p", p, p64, rounding)
		Close(t, "adam m", m, m64, rounding)
		Close(t, "adam v", v, v64, rounding)
		Close(t, "sgd p", q, q64, rounding)
		Close(t, "sgd velocity", u, u64, rounding)
	}
}

func TestSameOnAnyCores(t *testing.T) {
	x, y := Noise(1, large), Noise(2, large)
	for name, f := range map[string]func(out []float32){
		"activate": func(out []float32) { Activate(out, x, activations[3].act) },
		"sum":      func(out []float32) { Sum(out, x, y, x) },
		"dropout":  func(out []float32) { Dropout(out, x, 0.5, 1, []uint64{9}, large) },
		"mse":      func(out []float32) { MSE(out[:2], x[:large/2*2], y[:large/2*2]) },
		"norm":     func(out []float32) { out[0] = math.Float32frombits(uint32(math.Float64bits(SquaredNorm(x)))) },
	} {
		t.Run(name, func(t *testing.T) {
			SameOnAnyCores(t, func() []float32 {
				out := make([]float32, large)
				f(out)
				return out
			})
		})
	}
}

func TestNoAllocations(t *testing.T) {
	x, y, z, samples, losses := Noise(1, large), Noise(2, large), Noise(3, large), []uint64{1}, make([]float32, 1)
	for name, f := range map[string]func(){
		"activate": func() { Activate(z, x, activations[3].act) },
		"sum":      func() { Sum(z, x, y, x) },
		"dropout":  func() { Dropout(z, x, 0.5, 1, samples, large) },
		"mse":      func() { MSE(losses, x, y) },
		"adam":     func() { Adam(z, x, y, y, 0.1, 0.9, 0.99, 1e-8, 1) },
		"softmax":  func() { Softmax(z, x, 1, large) },
	} {
		t.Run(name, func(t *testing.T) { NoAllocations(t, f) })
	}
}

func TestWrongLengths(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Axpy(make([]float32, 3), 1, make([]float32, 4))
}

func BenchmarkKernels(b *testing.B) {
	const n = 1 << 20
	x, y, z, w, samples := Noise(1, n), Noise(2, n), Noise(3, n), Noise(4, n), []uint64{1, 2, 3, 4}
	for _, c := range []struct {
		name   string
		arrays int // read or written
		f      func()
	}{
		{"silu", 2, func() { Activate(z, x, activations[3].act) }},
		{"silu backward", 3, func() { ActivateBackward(z, y, x, activations[3].act) }},
		{"leaky", 2, func() { Activate(z, x, activations[2].act) }},
		{"tanh", 2, func() { Activate(z, x, activations[4].act) }},
		{"sum2", 3, func() { Sum(z, x, y) }},
		{"sum3", 4, func() { Sum(z, x, y, w) }},
		{"axpy", 3, func() { Axpy(z, 1e-9, x) }},
		{"dropout", 2, func() { Dropout(z, x, 0.1, 1, samples, n/4) }},
		{"mse", 2, func() { MSE(z[:4], x, y) }},
		{"add channel", 2, func() { AddChannel(z, x, y[:1<<12], 32, 128, 256) }},
		{"concat", 4, func() { Concat(z, x[:n/2], y[:n/2], 4, 32, 32, n/256) }},
		{"adam", 7, func() { Adam(w, x, y, z, 0, 0.9, 0.99, 1e-8, 1) }},
		{"softmax", 2, func() { Softmax(z, x, 1024, 1024) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(4 * n * c.arrays))
			for b.Loop() {
				c.f()
			}
		})
	}
}

// visits counts how often each element of each vector is visited.
type visits [][]int

func (v visits) Elements(i, lo, hi int) {
	for k := lo; k < hi; k++ {
		v[i][k]++
	}
}

// TestList: a pass visits every element once, in vectors of any length.
func TestList(t *testing.T) {
	for _, lengths := range [][]int{nil, {0}, {1}, {0, 5, 0, 0, chunkSize, 3}, {chunkSize + 1, 7, 3*chunkSize - 1, 0}} {
		seen := make(visits, len(lengths))
		for i, n := range lengths {
			seen[i] = make([]int, n)
		}
		l := NewList(lengths)
		l.Run(seen)
		l.Run(seen)
		for i, counts := range seen {
			for k, n := range counts {
				if n != 2 {
					t.Errorf("lengths %v: element %d of vector %d was visited %d times in two passes", lengths, k, i, n)
				}
			}
		}
	}
}
