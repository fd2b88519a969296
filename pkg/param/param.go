// Package param holds the parameters of a network. They have names, derive from a seed, and
// are views of one flat vector that the graphs of all meshes and batch sizes share.
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

// Initializer sets the initial values of a parameter of the given shape, with randomness from r.
type Initializer func(values []float32, shape tensor.Shape, r *random.Stream)

// Role determines how training treats a parameter. The layer that declares the parameter sets it.
type Role int

// The roles.
const (
	// Weight is learned, with weight decay.
	Weight Role = iota
	// NoDecay is learned, without weight decay. Biases and the scales and shifts of
	// normalisations have this role.
	NoDecay
	// Buffer is not learned. It has no gradient and does not count as a parameter, but is
	// stored with the parameters. The running means of a batch normalisation are an example.
	// The operation that owns a buffer may write its values.
	Buffer
)

// Param is one tensor of parameters.
type Param struct {
	Name  string
	Shape tensor.Shape
	Role  Role
	// Offset is the position of the first value in the flat vector, after Seal.
	Offset int

	tensor *tensor.Dense
	filter *conv.Filter
	frozen bool
}

// Tensor is a view of the set's flat vector that graphs read. It is nil before Seal. Only
// Set.Update writes to it, except for buffers.
func (p *Param) Tensor() *tensor.Dense { return p.tensor }

// Values is the parameter's slice of the flat vector, for reading. Only Set.Update writes to
// it, except for buffers.
func (p *Param) Values() []float32 { return p.tensor.Float32s() }

// Frozen reports whether training leaves the parameter unchanged; see Set.Freeze.
func (p *Param) Frozen() bool { return p.frozen }

// Len is the number of values.
func (p *Param) Len() int { return p.Shape.TotalSize() }

// Filter returns the packed weights of a convolution with weights (O,C,K,K) or (O,C,1). All
// graphs share them.
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

// Set holds all parameters of a network. Its flat vector has the parameters in the order of
// their declaration, followed by the buffers in the order of theirs.
type Set struct {
	seed    uint64
	find    func(name string, shape tensor.Shape) ([]float32, error) // nil if values are drawn
	all     []*Param                                                 // in the order of the flat vector, after Seal
	inits   map[*Param]Initializer
	byName  map[string]*Param
	values  []float32
	size    int // number of values declared so far
	learned int // number of parameters without buffers
	len     int // number of their values
}

// maxValues bounds the size of a network, because a wrong file or a typing error may describe a huge one. Training this
// many values would take 50 GB.
const maxValues = 1 << 30

// NewSet returns an empty set whose initial values derive from seed.
func NewSet(seed uint64) *Set {
	return &Set{seed: seed, inits: make(map[*Param]Initializer), byName: make(map[string]*Param)}
}

// NewSetOf returns an empty set whose initial values come from find. For the name and shape of
// a parameter, find returns a value for each element of the shape. Declare returns find's error.
func NewSetOf(find func(name string, shape tensor.Shape) ([]float32, error)) *Set {
	s := NewSet(0)
	s.find = find
	return s
}

// Declare adds a parameter, whose values exist after Seal. A second declaration of a name with
// the same shape and role returns the same parameter. It is an error if shape or role differ, if
// the name is new after Seal, or if the set becomes too large.
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

// Seal allocates the flat vector and sets the initial values. Random values of a parameter
// depend only on the seed and the parameter's name.
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

// place is a sort key that puts buffers after parameters.
func (p *Param) place() int {
	if p.Role == Buffer {
		return 1
	}
	return 0
}

// Params returns the parameters without the buffers, in the order of the flat vector.
// The set must be sealed.
func (s *Set) Params() []*Param { return s.all[:s.learned] }

// All returns the parameters, followed by the buffers.
func (s *Set) All() []*Param { return s.all }

// Param returns the parameter or buffer with the given name, or nil.
func (s *Set) Param(name string) *Param { return s.byName[name] }

// Len is the number of values of all parameters without buffers. It is the length of a
// gradient, and what papers call the number of parameters.
func (s *Set) Len() int { return s.len }

// Values is the flat vector, for reading: Len values of parameters, followed by those of the
// buffers. It is nil before Seal. Only Update writes to it, except for buffers.
func (s *Set) Values() []float32 { return s.values }

// Update calls change, which may write to the flat vector. The convolutions' filters are then
// packed again at their next use. Update must not run concurrently with an evaluation of the
// network.
func (s *Set) Update(change func(values []float32)) {
	defer s.reload() // also if change panics
	change(s.values)
}

// Load copies values, of parameters and buffers, to the flat vector. It is an error if the
// lengths differ.
func (s *Set) Load(values []float32) error {
	if len(values) != len(s.values) {
		return fmt.Errorf("%d values, the network has %d", len(values), len(s.values))
	}
	s.Update(func(v []float32) { copy(v, values) })
	return nil
}

// reload invalidates the packed weights of all filters.
func (s *Set) reload() {
	for _, p := range s.all {
		if p.filter != nil {
			p.filter.Load(p.Values())
		}
	}
}

// Freeze freezes the parameters and buffers for which frozen returns true, and no others.
// Training leaves them unchanged and does not compute their gradients. Freeze must be called
// before models and optimizers are made.
func (s *Set) Freeze(frozen func(p *Param) bool) {
	for _, p := range s.all {
		p.frozen = frozen(p)
	}
}

// Group is a named range of a flat vector of parameters, such as one tensor.
type Group struct {
	Name     string
	From, To int  // values From to To-1
	Decays   bool // whether weight decay applies
	Frozen   bool // whether training leaves the values unchanged
}

// Groups returns a group for each parameter, without buffers. The groups are contiguous and
// cover Len values.
func (s *Set) Groups() []Group {
	return lists.Of(s.Params(), func(p *Param) Group {
		return Group{Name: p.Name, From: p.Offset, To: p.Offset + p.Len(), Decays: p.Role == Weight, Frozen: p.frozen}
	})
}

// Slice returns the slice of a flat vector, for instance a gradient, that belongs to p.
func (p *Param) Slice(flat []float32) []float32 { return flat[p.Offset : p.Offset+p.Len()] }

// Layers merges adjacent groups of one layer. Their names agree up to the last dot, like those
// of a convolution's weights and biases. A layer is Frozen if all of its groups are.
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
