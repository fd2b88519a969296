package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/pointwise"
)

// Target is the destination of a parameter's gradient for a part of the samples.
type Target struct {
	Samples int // at least one; they follow the samples of the previous target
	Dst     []float32
	Add     bool // whether to add to Dst; otherwise Dst is overwritten
}

// put writes or adds a gradient.
func (t Target) put(gradient []float32) {
	if t.Add {
		pointwise.Axpy(t.Dst, 1, gradient)
	} else {
		copy(t.Dst, gradient)
	}
}

// sink is the common part of all Accumulators.
type sink struct{ targets []Target }

// Into implements Accumulator.
func (s *sink) Into(targets []Target) { s.targets = targets }

// samples returns the values of samples lo to hi-1; v has the values of n samples.
func samples(v []float32, lo, hi, n int) []float32 {
	each := len(v) / n
	return v[lo*each : hi*each]
}

// parameterGradient computes the gradient of a parameter.
type parameterGradient struct {
	Base
	sink
	part [][]float32 // operands of a part of the samples
}

// addParameterGradient adds a Gradient that is an Accumulator. The first axis of all operands counts the
// n samples. run computes the gradient of count samples.
func addParameterGradient(kind string, shape tensor.Shape, n int, run func(out []float32, in [][]float32, count int), inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
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

// extraGradient is an Extra that is an Accumulator: the gradient of a parameter that another
// operation computes as an additional result. That operation writes the gradient of each part of
// the samples to own and then calls put. A nil *extraGradient stands for a parameter that the
// operation does not have.
type extraGradient struct {
	Base
	sink
	own []float32
}

func newExtraGradient(n int) *extraGradient { return &extraGradient{own: make([]float32, n)} }

// addTo adds the node of the gradient, an additional result of the operation of node first.
func (e *extraGradient) addTo(first *gorgonia.Node) (*gorgonia.Node, error) {
	e.defineExtra(first, tensor.Shape{len(e.own)}, e.own)
	return Apply(e)
}

// memory is own, or nil without a parameter.
func (e *extraGradient) memory() []float32 {
	if e == nil {
		return nil
	}
	return e.own
}

// put writes or adds own to target i, if there are targets.
func (e *extraGradient) put(i int) {
	if e != nil && e.targets != nil {
		e.targets[i].put(e.own)
	}
}
