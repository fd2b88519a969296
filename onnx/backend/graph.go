package backend

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync"

	onnxgo "github.com/owulveryck/onnx-go"
	onnxbackend "github.com/owulveryck/onnx-go/backend"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gorgonia.org/tensor"

	"multiscale/onnx"
)

// Graph is a computation graph into which onnx-go decodes a model. By onnx-go's convention, edges run from a
// result to its operands, and an edge's weight is the operand's position.
type Graph struct {
	*simple.WeightedDirectedGraph

	// operands has all edges by the id of the result. The embedded graph keeps only one edge
	// between two nodes, though Mul(x, x) has two, and none from a node to itself.
	operands map[int64][]graph.WeightedEdge
	nodes    []*Node
	steps    []*step
	results  []string // the values to keep; nil means all
	opset    int

	mu        sync.Mutex
	compiled  *program // for the inputs' shapes of the last run
	shapes    string
	fixed     map[string]bool // inputs whose values the compiled graph depends on
	constants string          // identifies the constants of the compiled graph; set by Run
}

var _ onnxbackend.ComputationBackend = (*Graph)(nil)

// step is one node of the ONNX graph, with the names of its values.
type step struct {
	op              onnxgo.Operation
	inputs, outputs []string
}

// usualOpset is the opset of a graph from NewGraph, because onnx-go does not pass on the opset of the
// model. It is the opset that this project writes.
const usualOpset = 17

// NewGraph returns an empty graph for onnx-go's NewModel.
func NewGraph() *Graph {
	return &Graph{
		WeightedDirectedGraph: simple.NewWeightedDirectedGraph(0, 0),
		operands:              map[int64][]graph.WeightedEdge{},
		opset:                 usualOpset,
		fixed:                 map[string]bool{},
	}
}

// Node is a named value of the graph. Inputs and weights have a tensor before the graph runs,
// results have one afterwards.
type Node struct {
	id   int64
	name string
	t    tensor.Tensor
}

var (
	_ onnxgo.Namer       = (*Node)(nil)
	_ onnxgo.DataCarrier = (*Node)(nil)
)

// ID implements graph.Node.
func (n *Node) ID() int64 { return n.id }

// SetName implements onnx-go's Namer.
func (n *Node) SetName(name string) { n.name = name }

// GetName implements onnx-go's Namer.
func (n *Node) GetName() string { return n.name }

// SetTensor implements onnx-go's DataCarrier. The tensor is kept, not copied.
func (n *Node) SetTensor(t tensor.Tensor) error { n.t = t; return nil }

// GetTensor implements onnx-go's DataCarrier.
func (n *Node) GetTensor() tensor.Tensor { return n.t }

// NewNode implements graph.NodeAdder.
func (g *Graph) NewNode() graph.Node {
	return &Node{id: g.WeightedDirectedGraph.NewNode().ID()}
}

// AddNode implements graph.NodeAdder.
func (g *Graph) AddNode(n graph.Node) {
	g.WeightedDirectedGraph.AddNode(n)
	g.nodes = append(g.nodes, n.(*Node))
}

// SetWeightedEdge implements graph.WeightedEdgeAdder.
func (g *Graph) SetWeightedEdge(e graph.WeightedEdge) {
	from := e.From().ID()
	g.operands[from] = append(g.operands[from], e)
	if from != e.To().ID() {
		g.WeightedDirectedGraph.SetWeightedEdge(e)
	}
}

// ApplyOperation implements onnx-go's OperationCarrier. onnx-go calls it after it has set the
// operation's edges; ns are the results.
func (g *Graph) ApplyOperation(op onnxgo.Operation, ns ...graph.Node) error {
	s := &step{op: op}
	for _, n := range ns {
		name := n.(*Node).name
		s.outputs = append(s.outputs, name)
		if name == "" || s.inputs != nil {
			continue
		}
		// All results have the same operands.
		edges := g.operands[n.ID()]
		sort.SliceStable(edges, func(i, j int) bool { return edges[i].Weight() < edges[j].Weight() })
		s.inputs = []string{}
		for i, e := range edges {
			if e.Weight() != float64(i) {
				return fmt.Errorf("%s: operand %d of %q is missing or given twice", op.Name, i, name)
			}
			s.inputs = append(s.inputs, e.To().(*Node).name)
		}
	}
	if s.inputs == nil {
		return fmt.Errorf("%s: it has no result", op.Name)
	}
	if _, ok := operators[op.Name]; !ok {
		return fmt.Errorf("operation %q is not supported", op.Name)
	}
	g.steps = append(g.steps, s)
	return nil
}

// Run computes the graph from the tensors of its nodes and stores the results in its nodes. The
// first run with inputs of new shapes also compiles the graph.
func (g *Graph) Run() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	// onnx-go does not tell inputs from weights. Tensors of float32 are treated as inputs, which
	// may change between runs. Tensors of other types may be shapes and axes, on which the
	// compiled graph depends, so they are constants: a change compiles the graph again.
	inputs, constants := map[string]*array{}, map[string]*array{}
	computed := map[string]bool{}
	for _, s := range g.steps {
		for _, out := range s.outputs {
			computed[out] = true
		}
	}
	for _, n := range g.nodes {
		if n.t == nil || n.name == "" || computed[n.name] {
			continue
		}
		a, err := arrayOf(n.t)
		if err != nil {
			return fmt.Errorf("%q: %w", n.name, err)
		}
		if a.dtype == onnx.Float32 {
			inputs[n.name] = a
		} else {
			constants[n.name] = a
		}
	}
	digest := ""
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		digest += fmt.Sprintf("%q %v;", name, *constants[name])
	}
	if digest != g.constants {
		g.compiled, g.constants = nil, digest
	}
	results, err := g.run(inputs, constants)
	if err != nil {
		return err
	}
	for _, n := range g.nodes {
		if r, ok := results[n.name]; ok {
			n.t = r.dense()
		}
	}
	return nil
}

// run computes the results from feeds, whose values may change between runs, and weights, whose
// values must not.
func (g *Graph) run(feeds, weights map[string]*array) (map[string]*array, error) {
	if len(g.steps) == 0 {
		return nil, errors.New("the graph is empty")
	}
	if g.compiled == nil || g.key(feeds) != g.shapes || g.compiled.steps != len(g.steps) {
		g.compiled = nil // so that its memory can be freed first
		p, err := g.compile(feeds, weights)
		if err != nil {
			return nil, err
		}
		g.compiled, g.shapes = p, g.key(feeds)
	}
	return g.compiled.run(feeds)
}

// key identifies the inputs' types and shapes, and the values of fixed inputs: a program depends on
// these.
func (g *Graph) key(feeds map[string]*array) string {
	key := ""
	for _, name := range slices.Sorted(maps.Keys(feeds)) {
		a := feeds[name]
		key += fmt.Sprintf("%q %v %v", name, a.dtype, a.shape)
		if g.fixed[name] {
			key += fmt.Sprint(a.data)
		}
		key += ";"
	}
	return key
}
