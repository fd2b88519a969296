// Package param holds the parameters of a network: named, seeded, in one flat
// vector, and shared by the graphs of every mesh and batch size.
package param

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/random"
)

// Initializer fills the initial values of a parameter of the given shape.
type Initializer func(values []float32, shape tensor.Shape, r *random.Stream)

// Param is one tensor of parameters.
type Param struct {
	Name  string
	Shape tensor.Shape
	// Value is a view of the set's flat vector.
	Value *tensor.Dense
	// Offset of the first value in the flat vector.
	Offset int

	filter *conv.Filter
}

// Len is the number of values.
func (p *Param) Len() int { return p.Shape.TotalSize() }

// Filter returns the packed forms of a convolution's weights (O,C,K,K) or
// (O,C,1), which all graphs share.
func (p *Param) Filter() *conv.Filter {
	if p.filter == nil {
		k := 1
		if len(p.Shape) == 4 {
			k = p.Shape[2]
		}
		p.filter = conv.NewFilter(p.Shape[0], p.Shape[1], k)
		p.filter.Load(p.Value.Float32s())
	}
	return p.filter
}

// Set is all parameters of a network, in the order of their declaration.
type Set struct {
	seed   uint64
	find   func(name string, shape tensor.Shape) ([]float32, error) // nil where values are drawn
	params []*Param
	byName map[string]*Param
	inits  []Initializer
	values []float32
}

// NewSet returns an empty set whose initial values derive from seed.
func NewSet(seed uint64) *Set {
	return &Set{seed: seed, byName: make(map[string]*Param)}
}

// NewSetOf returns an empty set whose initial values are there already: find returns those of a
// parameter, as many as its shape holds. That it has none is an error of Declare.
func NewSetOf(find func(name string, shape tensor.Shape) ([]float32, error)) *Set {
	s := NewSet(0)
	s.find = find
	return s
}

// Declare adds a parameter; its values exist after Seal. Declaring a name
// again with the same shape does nothing.
func (s *Set) Declare(name string, shape tensor.Shape, init Initializer) (*Param, error) {
	if p := s.byName[name]; p != nil {
		if !p.Shape.Eq(shape) {
			return nil, fmt.Errorf("parameter %s: declared with shape %v and with %v", name, p.Shape, shape)
		}
		return p, nil
	}
	if s.values != nil {
		return nil, fmt.Errorf("parameter %s: the network has no parameter of this name", name)
	}
	if s.find != nil {
		values, err := s.find(name, shape)
		if err != nil {
			return nil, err
		}
		if len(values) != shape.TotalSize() {
			return nil, fmt.Errorf("parameter %s: %d values for the shape %v", name, len(values), shape)
		}
		init = func(v []float32, _ tensor.Shape, _ *random.Stream) { copy(v, values) }
	}
	p := &Param{Name: name, Shape: shape.Clone()}
	if n := len(s.params); n > 0 {
		p.Offset = s.params[n-1].Offset + s.params[n-1].Len()
	}
	s.params = append(s.params, p)
	s.inits = append(s.inits, init)
	s.byName[name] = p
	return p, nil
}

// Seal allocates the flat vector and fills in the initial values. A parameter's
// values depend on the seed and its name only, not on its neighbours.
func (s *Set) Seal() {
	n := 0
	for _, p := range s.params {
		n += p.Len()
	}
	s.values = make([]float32, n)
	root := random.New(s.seed)
	for i, p := range s.params {
		v := s.values[p.Offset : p.Offset+p.Len() : p.Offset+p.Len()]
		r := root.Child("parameter/" + p.Name)
		s.inits[i](v, p.Shape, &r)
		p.Value = tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(v))
	}
}

// Params returns the parameters in the order of their declaration.
func (s *Set) Params() []*Param { return s.params }

// Param returns the parameter of a name, or nil.
func (s *Set) Param(name string) *Param { return s.byName[name] }

// Len is the number of values of all parameters: what papers call the number of
// parameters.
func (s *Set) Len() int { return len(s.values) }

// Values is the flat vector. After changing it call Changed.
func (s *Set) Values() []float32 { return s.values }

// Changed tells the packed forms of the weights that the values have changed.
func (s *Set) Changed() {
	for _, p := range s.params {
		if p.filter != nil {
			p.filter.Load(p.Value.Float32s())
		}
	}
}

// Slice returns the part of a flat vector of Len values, for instance a
// gradient, that belongs to p.
func (p *Param) Slice(flat []float32) []float32 { return flat[p.Offset : p.Offset+p.Len()] }

// valueGrad pairs a parameter with its gradient, as solvers want them.
type valueGrad struct{ value, grad *tensor.Dense }

func (v valueGrad) Value() gorgonia.Value         { return v.value }
func (v valueGrad) Grad() (gorgonia.Value, error) { return v.grad, nil }

// ValueGrads returns every parameter with its part of a flat gradient, for a
// gorgonia.Solver. After the solver's Step call Changed.
func (s *Set) ValueGrads(gradient []float32) []gorgonia.ValueGrad {
	model := make([]gorgonia.ValueGrad, len(s.params))
	for i, p := range s.params {
		g := tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(p.Slice(gradient)))
		model[i] = valueGrad{p.Value, g}
	}
	return model
}
