package backend

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	onnxgo "github.com/owulveryck/onnx-go"
	"multiscale/onnx"
	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
)

// Model is an ONNX model that onnx-go has decoded and that Gorgonia can run.
type Model struct {
	graph   *Graph
	weights map[string]*array
	inputs  []*onnx.ValueInfo
}

// The supported opsets. onnx-go itself does not check the opset.
const (
	oldestOpset = 1
	newestOpset = 28
)

// Load decodes a model from the bytes of an .onnx file. Invalid models and unsupported
// operations are an error that names the node.
func Load(data []byte) (*Model, error) {
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, err
	}
	return New(m)
}

// New prepares a model for Run. It does not change m.
func New(m *onnx.Model) (*Model, error) {
	if err := kernel.Check(); err != nil {
		return nil, err
	}
	if o := m.Opset(); o < oldestOpset || o > newestOpset {
		return nil, fmt.Errorf("opset %d is not supported (%d to %d are)", o, oldestOpset, newestOpset)
	}
	for _, in := range m.Graph.Feeds() {
		if _, ok := held(in.Type); !ok {
			return nil, fmt.Errorf("input %q holds %v, which is not supported", in.Name, in.Type)
		}
	}
	plain, weights, err := prepare(m)
	if err != nil {
		return nil, err
	}
	data, err := plain.Encode()
	if err != nil {
		return nil, err
	}
	g := NewGraph()
	g.opset = int(m.Opset())
	g.results = lists.Of(m.Graph.Outputs, func(out *onnx.ValueInfo) string { return out.Name })
	decoded := onnxgo.NewModel(g)
	if err := decoded.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("onnx-go: %w", err)
	}
	for _, t := range plain.Graph.Initializers {
		n, ok := decoded.GetNodeByName(t.Name)
		if !ok {
			return nil, fmt.Errorf("onnx-go lost the initializer %q", t.Name)
		}
		if weights[t.Name], err = arrayOf(n.(*Node).t); err != nil {
			return nil, fmt.Errorf("initializer %q: %w", t.Name, err)
		}
	}
	return &Model{graph: g, weights: weights, inputs: m.Graph.Feeds()}, nil
}

// prepare returns a model that onnx-go decodes correctly. It omits declared shapes, which
// onnx-go would allocate, and documentation. Every node gets a unique name, because onnx-go
// makes a value with the name of a node without operands. Constants on which onnx-go fails
// (empty ones, and types other than float32 and int64) become inputs and are returned as
// weights. Unsupported models are an error.
func prepare(m *onnx.Model) (plain *onnx.Model, weights map[string]*array, err error) {
	bare := func(v *onnx.ValueInfo) *onnx.ValueInfo { return &onnx.ValueInfo{Name: v.Name} }
	g := &onnx.Graph{Name: "graph", Inputs: lists.Of(m.Graph.Feeds(), bare), Outputs: lists.Of(m.Graph.Outputs, bare)}
	weights = map[string]*array{}
	addWeight := func(name string, t *onnx.Tensor) error {
		if _, ok := held(t.Type); !ok {
			return fmt.Errorf("it holds %v, which is not supported", t.Type)
		}
		if len(t.Raw) > 0 && (t.Type == onnx.Float32 || t.Type == onnx.Int64) {
			g.Initializers = append(g.Initializers, &onnx.Tensor{Name: name, Type: t.Type, Dims: t.Dims, Raw: t.Raw})
			return nil
		}
		g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: name})
		weights[name], err = imported(t)
		return err
	}
	for _, t := range m.Graph.Initializers {
		if err := addWeight(t.Name, t); err != nil {
			return nil, nil, fmt.Errorf("initializer %q: %w", t.Name, err)
		}
	}
	for i, n := range m.Graph.Nodes {
		refuse := func(err error) error { return fmt.Errorf("node %d (result %q): %w", i, n.Outputs[0], err) }
		if err := supported(n); err != nil {
			return nil, nil, refuse(err)
		}
		node := &onnx.Node{Name: fmt.Sprintf("\x00%d", i), Op: n.Op, Inputs: n.Inputs, Outputs: n.Outputs}
		for _, a := range n.Attributes {
			t, ok := a.Value.(*onnx.Tensor)
			if !ok {
				node.Attributes = append(node.Attributes, a)
				continue
			}
			// A tensor becomes an additional, last operand.
			name := fmt.Sprintf("%s/%s", node.Name, a.Name)
			if err := addWeight(name, t); err != nil {
				return nil, nil, refuse(fmt.Errorf("attribute %q: %w", a.Name, err))
			}
			node.Inputs = append(slices.Clone(node.Inputs), name)
		}
		g.Nodes = append(g.Nodes, node)
	}
	if len(g.Nodes) == 0 {
		return nil, nil, errors.New("the graph has no nodes")
	}
	return &onnx.Model{IRVersion: m.IRVersion, Opsets: m.Opsets, Graph: g}, weights, nil
}

// withTensor are the operations that may have a tensor as an attribute.
var withTensor = []string{"Constant", "ConstantOfShape"}

// supported returns an error if a node's operation or attributes are not supported.
func supported(n *onnx.Node) error {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return fmt.Errorf("operation %q of domain %q is not supported", n.Op, n.Domain)
	}
	if _, ok := operators[n.Op]; !ok {
		return fmt.Errorf("operation %q is not supported", n.Op)
	}
	for _, a := range n.Attributes {
		switch a.Value.(type) {
		case *onnx.Graph:
			return fmt.Errorf("attribute %q is a graph, which is not supported", a.Name)
		case *onnx.Tensor:
			if !slices.Contains(withTensor, n.Op) || a.Name != "value" {
				return fmt.Errorf("attribute %q is not supported", a.Name)
			}
		}
	}
	return nil
}

// Run computes the outputs by name. Inputs and outputs are float32 for every type that the model declares.
// The first run with inputs of new shapes compiles the graph; later ones reuse it. Concurrent calls wait
// for each other.
func (m *Model) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	if err := onnx.CheckInputs(m.inputs, inputs); err != nil {
		return nil, err
	}
	feeds := make(map[string]*array, len(inputs))
	for _, in := range m.inputs {
		feeds[in.Name] = ofFloats(in.Type, inputs[in.Name])
	}
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	results, err := m.graph.run(feeds, m.weights)
	if err != nil {
		return nil, err
	}
	outputs := make(map[string]onnx.Value, len(results))
	for name, r := range results {
		outputs[name] = onnx.Value{Shape: slices.Clone(r.shape), Data: r.toFloats()}
	}
	return outputs, nil
}

// Close does nothing. Runtimes that package crosscheck compares must have it.
func (m *Model) Close() error { return nil }

// Version returns the version of onnx-go in this program, or "unknown".
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/owulveryck/onnx-go" {
				return d.Version
			}
		}
	}
	return "unknown"
}
