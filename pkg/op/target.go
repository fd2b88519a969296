package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pointwise"
)

// Target is the destination of a parameter's gradient from some of the samples.
type Target struct {
	Samples int // at least one; they follow those of the target before
	Dst     []float32
	Add     bool // to what is in Dst
}

// put writes or adds a gradient.
func (t Target) put(gradient []float32) {
	if t.Add {
		pointwise.Axpy(t.Dst, 1, gradient)
	} else {
		copy(t.Dst, gradient)
	}
}

// sink is the part that all Accumulators have in common.
type sink struct{ targets []Target }

// Into implements Accumulator.
func (s *sink) Into(targets []Target) { s.targets = targets }

// samples returns the values of samples lo to hi-1 of n.
func samples(v []float32, lo, hi, n int) []float32 {
	each := len(v) / n
	return v[lo*each : hi*each]
}

// parameterGradient computes the gradient of a parameter.
type parameterGradient struct {
	Base
	sink
	part [][]float32
}

// ofParameter adds a Gradient that is an Accumulator. All operands begin with the samples; run computes the
// gradient that count of them give.
func ofParameter(kind string, shape tensor.Shape, n int, run func(out []float32, in [][]float32, count int), inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	o := &parameterGradient{part: make([][]float32, len(inputs))}
	o.Define(kind, shape, func(out []float32, v [][]float32) error {
		if o.targets == nil {
			run(out, v, n)
			return nil
		}
		lo := 0
		for _, t := range o.targets {
			for i := range v {
				o.part[i] = samples(v[i], lo, lo+t.Samples, n)
			}
			run(out, o.part, t.Samples)
			t.put(out)
			lo += t.Samples
		}
		return nil
	}, inputs...)
	return Apply(o)
}

// further is a further result of an operation: the gradient of a parameter, which the operation
// leaves in own for one target after the other.
type further struct {
	Base
	sink
	own []float32
}

func newFurther(n int) *further { return &further{own: make([]float32, n)} }

// of adds the node of a further result of the operation of node first.
func (f *further) of(first *gorgonia.Node) (*gorgonia.Node, error) {
	f.defineExtra(first, tensor.Shape{len(f.own)}, f.own)
	return Apply(f)
}

// memory is own, or nil where there is no such result.
func (f *further) memory() []float32 {
	if f == nil {
		return nil
	}
	return f.own
}

// take gives target i what is in own.
func (f *further) take(i int) {
	if f != nil && f.targets != nil {
		f.targets[i].put(f.own)
	}
}
