package conv

import "fmt"

// Shape describes a two-dimensional cross-correlation of N images of C planes
// of H by W pixels with O filters of C by Kernel by Kernel weights. Kernel and
// Stride are at least 1; Padding is less than Kernel. Algorithm selects how the
// correlation is computed, by default Auto; the results of different algorithms
// differ by rounding.
type Shape struct {
	N, C, H, W, O, Kernel, Stride, Padding int
	Algorithm                              Algorithm
}

// Check returns an error if s is not a valid correlation.
func (s Shape) Check() error {
	if min(s.N, s.C, s.H, s.W, s.O, s.Kernel, s.Stride) < 1 || s.Padding < 0 || s.Padding >= s.Kernel || s.H+2*s.Padding < s.Kernel || s.W+2*s.Padding < s.Kernel {
		return fmt.Errorf("conv: impossible shape %+v", s)
	}
	if !s.Algorithm.valid() {
		return fmt.Errorf("conv: unknown algorithm %v", s.Algorithm)
	}
	return nil
}

// OutH returns the height of the result in pixels.
func (s Shape) OutH() int { return (s.H+2*s.Padding-s.Kernel)/s.Stride + 1 }

// OutW returns the width of the result in pixels.
func (s Shape) OutW() int { return (s.W+2*s.Padding-s.Kernel)/s.Stride + 1 }

func (s Shape) taps() int { return s.Kernel * s.Kernel }

// input and output are the shapes of x and y.
func (s Shape) input() planes  { return planes{s.N, s.C, s.H, s.W} }
func (s Shape) output() planes { return planes{s.N, s.O, s.OutH(), s.OutW()} }

// planes is the shape of a tensor in NCHW order.
type planes struct{ n, c, h, w int }

func (p planes) size() int { return p.n * p.c * p.h * p.w }

// Epilogue holds what Forward adds to the result while that is in the cache. Nil
// slices are not added.
type Epilogue struct {
	Bias     []float32 // (O)
	Shift    []float32 // (N,O): per sample and channel (an embedding of t)
	Residual []float32 // (N,O,OutH,OutW)
}

// Forward computes y[n,o,i,j] = sum over c,u,v of
// w[o,c,u,v]*x[n,c,i*Stride+u-Padding,j*Stride+v-Padding], where x is zero outside
// the image, plus the epilogue. y must not overlap x; it may be e.Residual. Forward,
// InputGradient and WeightGradient panic if s is invalid or the length of a slice
// does not match s.
func Forward(y, x []float32, f *Filter, s Shape, e Epilogue) {
	s.check(f)
	check("x", x, s.input().size())
	check("y", y, s.output().size())
	optional("bias", e.Bias, s.O)
	optional("shift", e.Shift, s.N*s.O)
	optional("residual", e.Residual, s.output().size())
	f.correlate(y, x, s, false, e)
}

// InputGradient computes gx (N,C,H,W), the gradient with respect to x, from gy
// (N,O,OutH,OutW), the gradient with respect to y.
func InputGradient(gx, gy []float32, f *Filter, s Shape) {
	s.check(f)
	check("gx", gx, s.input().size())
	check("gy", gy, s.output().size())
	f.correlate(gx, gy, s, true, Epilogue{})
}

// WeightGradient computes the gradients with respect to the weights (gw, shaped
// O,C,Kernel,Kernel), the bias (gBias, O) and the shift (gShift, N,O) from gy and x.
// gBias and gShift may be nil; those gradients are then not computed.
func WeightGradient(gw, gBias, gShift, gy, x []float32, s Shape) {
	StartWeightGradient(gw, gBias, gShift, gy, x, s, false).Wait()
}

// Started is a WeightGradient in progress.
type Started struct{ job *weightJob }

// StartWeightGradient begins a WeightGradient. If add is true, the gradient with respect
// to the weights is added to gw. The gradients with respect to bias and shift are complete
// when StartWeightGradient returns, that with respect to the weights when Wait has
// returned. Until then gy and x must not change.
func StartWeightGradient(gw, gBias, gShift, gy, x []float32, s Shape, add bool) Started {
	s.validate()
	check("x", x, s.input().size())
	check("gy", gy, s.output().size())
	check("gw", gw, s.O*s.C*s.taps())
	optional("gBias", gBias, s.O)
	optional("gShift", gShift, s.N*s.O)
	if gBias != nil || gShift != nil {
		sums(gBias, gShift, gy, s)
	}
	return Started{startWeights(gw, gy, x, s, add)}
}

// Wait completes the gradient. It must be called once.
func (s Started) Wait() { s.job.wait() }

func (s Shape) check(f *Filter) {
	s.validate()
	if f.o != s.O || f.c != s.C || f.kernel != s.Kernel {
		panic(fmt.Sprintf("conv: filter of %dx%dx%dx%d weights used with %+v", f.o, f.c, f.kernel, f.kernel, s))
	}
}

func (s Shape) validate() {
	if err := s.Check(); err != nil {
		panic(err)
	}
}

func check(name string, v []float32, want int) {
	if len(v) != want {
		panic(fmt.Sprintf("conv: %s has %d elements, want %d", name, len(v), want))
	}
}

func optional(name string, v []float32, want int) {
	if v != nil {
		check(name, v, want)
	}
}
