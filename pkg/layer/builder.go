// Package layer builds the layers of networks: nodes of a Gorgonia graph with named
// parameters. A network is written once, as the calls that build its graph. The same calls
// declare its parameters.
package layer

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// Builder adds layers to one graph. After the first error its methods add nothing and
// return nil nodes; Err returns that error.
type Builder struct {
	// Graph is the graph under construction.
	Graph *gorgonia.ExprGraph
	// Training is true for a training graph: dropout drops elements, and batch
	// normalisations use the statistics of the batch.
	Training bool
	// Convolution is the algorithm of all convolutions.
	Convolution conv.Algorithm
	// Sketch leaves inputs without values, for graphs that are planned and never run. They
	// may be of any size.
	Sketch bool
	// Sampling is the source of randomness of the graph's random operations.
	Sampling *op.Sampling

	params     *param.Set
	nodes      map[*param.Param]*gorgonia.Node
	data       map[*gorgonia.Node]bool // leaves without a gradient: inputs and buffers
	sites      uint64                  // number of dropouts so far
	statistics []statistics            // of the batch normalisations of a training graph
	err        error
}

// NewBuilder returns a builder of a new graph with params. If params is not sealed yet,
// building declares the parameters.
func NewBuilder(params *param.Set, training bool) *Builder {
	return &Builder{
		Graph:    gorgonia.NewGraph(),
		Training: training,
		Sampling: &op.Sampling{},
		params:   params,
		nodes:    make(map[*param.Param]*gorgonia.Node),
		data:     make(map[*gorgonia.Node]bool),
	}
}

// Err returns the first error.
func (b *Builder) Err() error { return b.err }

// Fail makes err the builder's error, unless it has one.
func (b *Builder) Fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Add takes the result of a constructor of pkg/op or of Gorgonia, so that any operation can
// be used between layers: b.Add(op.Activate(x, act)).
func (b *Builder) Add(n *gorgonia.Node, err error) *gorgonia.Node {
	if err != nil {
		b.Fail(err)
		return nil
	}
	return n
}

// build adds an operation, unless the builder has failed. Operands may be nil then.
func (b *Builder) build(operation func() (*gorgonia.Node, error)) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.Add(operation())
}

// Input adds an input of the graph, with a value of zeros. Inputs have no
// gradient; for one that has, see Variable.
func (b *Builder) Input(name string, shape ...int) *gorgonia.Node {
	n := b.Variable(name, shape...)
	b.data[n] = true
	return n
}

// Variable adds an input with a value of zeros for which a gradient may be computed.
func (b *Builder) Variable(name string, shape ...int) *gorgonia.Node {
	if b.Sketch {
		return gorgonia.NewTensor(b.Graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
	}
	v := tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	n := gorgonia.NewTensor(b.Graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
	if n.Value() != gorgonia.Value(v) {
		// Gorgonia merges inputs with equal names and shapes.
		b.Fail(fmt.Errorf("input %s: the graph has this name already", name))
	}
	return n
}

// channels returns the number of channels of x (N,C,...), the input of the layer with the
// given name. If x has none, the builder fails and the result is 1.
func (b *Builder) channels(name string, x *gorgonia.Node) int {
	switch {
	case x == nil:
		b.Fail(fmt.Errorf("%s: no input", name))
	case x.Dims() < 2:
		b.Fail(fmt.Errorf("%s: input %s has shape %v, want (N,C,...)", name, x.Name(), x.Shape()))
	default:
		return x.Shape()[1]
	}
	return 1
}

// Param returns the node of a parameter to which weight decay applies. Names are unique in a
// network: a second call with the same name returns the same node.
func (b *Builder) Param(name string, init param.Initializer, shape ...int) *gorgonia.Node {
	n, _ := b.declare(name, param.Weight, init, shape...)
	return n
}

// NoDecay is Param for a parameter to which weight decay does not apply: a bias, or the
// scale or shift of a normalisation.
func (b *Builder) NoDecay(name string, init param.Initializer, shape ...int) *gorgonia.Node {
	n, _ := b.declare(name, param.NoDecay, init, shape...)
	return n
}

// Buffer returns the node of a tensor that is stored with the parameters but not learned;
// see param.Buffer.
func (b *Builder) Buffer(name string, init param.Initializer, shape ...int) *gorgonia.Node {
	n, _ := b.declare(name, param.Buffer, init, shape...)
	return n
}

func (b *Builder) declare(name string, role param.Role, init param.Initializer, shape ...int) (*gorgonia.Node, *param.Param) {
	if b.err != nil {
		return nil, nil
	}
	p, err := b.params.Declare(name, shape, role, init)
	if err != nil {
		b.Fail(err)
		return nil, nil
	}
	if n := b.nodes[p]; n != nil {
		return n, p
	}
	options := []gorgonia.NodeConsOpt{gorgonia.WithShape(shape...), gorgonia.WithName(name)}
	if v := p.Tensor(); v != nil {
		options = append(options, gorgonia.WithValue(v))
	}
	n := gorgonia.NewTensor(b.Graph, tensor.Float32, len(shape), options...)
	b.nodes[p], b.data[n] = n, role == param.Buffer
	return n, p
}

// ParamNodes returns the nodes of all parameters of the set, without buffers, in its order.
// It is an error if the graph has no node for one of them.
func (b *Builder) ParamNodes() (gorgonia.Nodes, error) {
	nodes := make(gorgonia.Nodes, 0, len(b.nodes))
	for _, p := range b.params.Params() {
		n := b.nodes[p]
		if n == nil {
			return nil, fmt.Errorf("parameter %s is not used by the graph", p.Name)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// constant reports whether n depends only on data, so that it needs no gradient.
func (b *Builder) constant(n *gorgonia.Node) bool {
	if n.Op() == nil {
		return b.data[n]
	}
	o, ours := n.Op().(op.Operation)
	if !ours {
		return false
	}
	return !slices.ContainsFunc(o.Inputs(), func(in *gorgonia.Node) bool { return !b.constant(in) })
}
