// Package param holds the parameters of a network: named, seeded, in one flat
// vector, and shared by the graphs of every mesh and batch size.
package param

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/lists"
	"multiscale/pkg/random"
)

// Initializer fills the initial values of a parameter of the given shape.
type Initializer func(values []float32, shape tensor.Shape, r *random.Stream)

// Role says how training treats a parameter. The layer that declares the parameter
// states it.
type Role int

// The roles.
const (
	// Weight is learned, and weight decay shrinks it.
	Weight Role = iota
	// NoDecay is learned, and weight decay leaves it alone: biases, and the scales and
	// shifts of normalisations.
	NoDecay
	// Buffer is not learned: it has no gradient and does not count as a parameter, but
	// is stored with the parameters, like the running means of a batch normalisation.
	// The operation that owns a buffer may write its values.
	Buffer
)

// Param is one tensor of parameters.
type Param struct {
	Name  string
	Shape tensor.Shape
	Role  Role
	// Offset of the first value in the flat vector, after Seal.
	Offset int

	tensor *tensor.Dense
	filter *conv.Filter
	frozen bool
}

// Tensor is a view of the set's flat vector, for graphs to read; nil before Seal.
// Only Set.Update writes to it.
func (p *Param) Tensor() *tensor.Dense { return p.tensor }

// Values are the parameter's part of the flat vector, for reading. Only Set.Update
// writes to them.
func (p *Param) Values() []float32 { return p.tensor.Float32s() }

// Frozen says whether training leaves the parameter as it is; see Set.Freeze.
func (p *Param) Frozen() bool { return p.frozen }

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
		p.filter.Load(p.Values())
	}
	return p.filter
}

// Set is all parameters of a network. Its flat vector holds the parameters in the order
// of their declaration, then the buffers in theirs.
type Set struct {
	seed    uint64
	find    func(name string, shape tensor.Shape) ([]float32, error) // nil where values are drawn
	all     []*Param                                                 // as in the flat vector, after Seal
	inits   map[*Param]Initializer
	byName  map[string]*Param
	values  []float32
	size    int // values declared so far
	learned int // number of parameters that are no buffers
	len     int // of values that are no buffers
}

// maxValues bounds a network, which may be described by a file or a typing error: training this many takes 50 GB.
const maxValues = 1 << 30

// NewSet returns an empty set whose initial values derive from seed.
func NewSet(seed uint64) *Set {
	return &Set{seed: seed, inits: make(map[*Param]Initializer), byName: make(map[string]*Param)}
}

// NewSetOf returns an empty set whose initial values come from find, which returns those of a
// parameter, as many as its shape holds. Declare returns find's error.
func NewSetOf(find func(name string, shape tensor.Shape) ([]float32, error)) *Set {
	s := NewSet(0)
	s.find = find
	return s
}

// Declare adds a parameter; its values exist after Seal. Declaring a name
// again with the same shape and role does nothing.
func (s *Set) Declare(name string, shape tensor.Shape, role Role, init Initializer) (*Param, error) {
	if p := s.byName[name]; p != nil {
		if !p.Shape.Eq(shape) {
			return nil, fmt.Errorf("parameter %s: declared with shape %v and with %v", name, p.Shape, shape)
		}
		if p.Role != role {
			return nil, fmt.Errorf("parameter %s: declared in two roles", name)
		}
		return p, nil
	}
	if s.values != nil {
		return nil, fmt.Errorf("parameter %s: the network has no parameter of this name", name)
	}
	if s.size += shape.TotalSize(); s.size > maxValues || s.size < 0 {
		return nil, fmt.Errorf("parameter %s: the network has more than %d parameters; give it fewer channels or blocks", name, maxValues)
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
	p := &Param{Name: name, Shape: shape.Clone(), Role: role}
	s.all = append(s.all, p)
	s.inits[p] = init
	s.byName[name] = p
	return p, nil
}

// Seal allocates the flat vector and fills in the initial values. A parameter's
// values depend on the seed and its name only, not on its neighbours.
func (s *Set) Seal() {
	slices.SortStableFunc(s.all, func(a, b *Param) int { return cmp.Compare(a.place(), b.place()) })
	n := 0
	for _, p := range s.all {
		p.Offset = n
		n += p.Len()
		if p.Role != Buffer {
			s.learned, s.len = s.learned+1, n
		}
	}
	s.values = make([]float32, n)
	root := random.New(s.seed)
	for _, p := range s.all {
		v := s.values[p.Offset : p.Offset+p.Len() : p.Offset+p.Len()]
		r := root.Child("parameter/" + p.Name)
		s.inits[p](v, p.Shape, &r)
		p.tensor = tensor.New(tensor.WithShape(p.Shape...), tensor.WithBacking(v))
	}
	s.inits = nil
}

// place puts buffers behind parameters.
func (p *Param) place() int {
	if p.Role == Buffer {
		return 1
	}
	return 0
}

// Params returns the parameters without the buffers, in the order of the flat vector.
// The set must be sealed.
func (s *Set) Params() []*Param { return s.all[:s.learned] }

// All returns the parameters and then the buffers.
func (s *Set) All() []*Param { return s.all }

// Param returns the parameter or buffer of a name, or nil.
func (s *Set) Param(name string) *Param { return s.byName[name] }

// Len is the number of values of all parameters, without buffers: what papers call the
// number of parameters, and the length of a gradient.
func (s *Set) Len() int { return s.len }

// Values is the flat vector, for reading: Len values of parameters, then those of the
// buffers. It is nil before Seal. Only Update writes to it.
func (s *Set) Values() []float32 { return s.values }

// Update lets change write to the flat vector. Packed forms of weights follow. It must
// not run beside an evaluation of the network.
func (s *Set) Update(change func(values []float32)) {
	defer s.load() // also if change panics
	change(s.values)
}

// Load copies values into the flat vector, all of it: parameters and buffers.
func (s *Set) Load(values []float32) error {
	if len(values) != len(s.values) {
		return fmt.Errorf("%d values, the network has %d", len(values), len(s.values))
	}
	s.Update(func(v []float32) { copy(v, values) })
	return nil
}

// load drops the packed forms of the weights.
func (s *Set) load() {
	for _, p := range s.all {
		if p.filter != nil {
			p.filter.Load(p.Values())
		}
	}
}

// Freeze makes training leave exactly those parameters as they are for which frozen is
// true. They have no gradient. It must come before models and optimizers are made.
func (s *Set) Freeze(frozen func(p *Param) bool) {
	for _, p := range s.all {
		p.frozen = frozen(p)
	}
}

// Group is a named stretch of a flat vector of parameters: one tensor.
type Group struct {
	Name     string
	From, To int  // values From to To-1
	Decays   bool // whether weight decay applies
	Frozen   bool // whether training leaves the values as they are
}

// Groups returns the parameters, without buffers, as stretches of the flat vector. They
// follow one another and cover Len values.
func (s *Set) Groups() []Group {
	return lists.Of(s.Params(), func(p *Param) Group {
		return Group{Name: p.Name, From: p.Offset, To: p.Offset + p.Len(), Decays: p.Role == Weight, Frozen: p.frozen}
	})
}

// Slice returns the part of a flat vector, for instance a gradient, that belongs to p.
func (p *Param) Slice(flat []float32) []float32 { return flat[p.Offset : p.Offset+p.Len()] }

// Layers merges neighbouring groups that belong to one layer: names that agree up to the
// last dot, like those of a convolution's weights and biases.
func Layers(groups []Group) []Group {
	var layers []Group
	for _, g := range groups {
		name := g.Name
		if dot := strings.LastIndexByte(name, '.'); dot > 0 {
			name = name[:dot]
		}
		if last := len(layers) - 1; last >= 0 && layers[last].Name == name && layers[last].To == g.From {
			layers[last].To = g.To
			layers[last].Decays = layers[last].Decays || g.Decays
			layers[last].Frozen = layers[last].Frozen && g.Frozen
			continue
		}
		g.Name = name
		layers = append(layers, g)
	}
	return layers
}
