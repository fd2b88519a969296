package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/elementary"
)

// SinusoidOp embeds numbers as sines and cosines of geometrically decreasing frequencies. It
// has no gradient, because t is data.
type SinusoidOp struct {
	constant
	Dim       int
	MaxPeriod float64
	CosFirst  bool
}

// Sinusoid maps t (N) to (N,dim): the sines of t*f_k followed by the cosines, or the reverse
// with cosFirst, where f_k = maxPeriod^(-k/half), k = 0..half-1 and half = dim/2 rounded down.
// If dim is odd, the last element is zero.
func Sinusoid(t *gorgonia.Node, dim int, maxPeriod float64, cosFirst bool) (*gorgonia.Node, error) {
	s := t.Shape()
	if len(s) != 1 || dim < 2 {
		return nil, fmt.Errorf("Sinusoid: times of shape %v and %d channels, want (N) and 2 at least", s, dim)
	}
	o := &SinusoidOp{Dim: dim, MaxPeriod: maxPeriod, CosFirst: cosFirst}
	frequencies := o.Frequencies()
	half := len(frequencies)
	return add(o, "Sinusoid", tensor.Shape{s[0], dim}, func(out []float32, in [][]float32) {
		for i, t := range in[0] {
			row := out[i*dim : (i+1)*dim]
			row[dim-1] = 0
			first, second := row[:half], row[half:2*half]
			if cosFirst {
				first, second = second, first
			}
			for k, f := range frequencies {
				// The product is rounded to float32, as in the authors' code.
				sin, cos := elementary.Sincos(float64(t * f))
				first[k], second[k] = float32(sin), float32(cos)
			}
		}
	}, t)
}

// Frequencies returns f_k, k = 0..Dim/2-1.
func (o *SinusoidOp) Frequencies() []float32 {
	half := o.Dim / 2
	f := make([]float32, half)
	for k := range f {
		f[k] = float32(elementary.Exp(-elementary.Log(o.MaxPeriod) * float64(k) / float64(half)))
	}
	return f
}

// ColumnOp reshapes a vector to a matrix of one column.
type ColumnOp struct{ constant }

// Column reshapes t (N) to (N,1). It has no gradient.
func Column(t *gorgonia.Node) (*gorgonia.Node, error) {
	s := t.Shape()
	if len(s) != 1 {
		return nil, fmt.Errorf("Column: shape %v, want (N)", s)
	}
	o := &ColumnOp{}
	return add(o, "Column", tensor.Shape{s[0], 1}, func(out []float32, in [][]float32) {
		copy(out, in[0])
	}, t)
}

// constant is the common part of operations without a gradient.
type constant struct{ Base }

// DiffWRT implements gorgonia.SDOp.
func (*constant) DiffWRT(n int) []bool { return make([]bool, n) }

// SymDiff implements gorgonia.SDOp.
func (o *constant) SymDiff(in gorgonia.Nodes, _, _ *gorgonia.Node) (gorgonia.Nodes, error) {
	return make(gorgonia.Nodes, len(in)), nil
}
