package backend

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	onnxgo "github.com/owulveryck/onnx-go"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/kernel"
)

// Model is an ONNX model that onnx-go has decoded and that Gorgonia can run.
type Model struct {
	graph   *Graph
	weights map[string]tensor.Tensor
	inputs  []*onnx.ValueInfo
}

// The opsets whose operators are known here; onnx-go itself does not look.
const (
	oldestOpset = 13
	newestOpset = 21
)

// Load decodes a model from the bytes of an .onnx file. A model that is not valid, or
// that uses what is not supported, is an error that names the node.
func Load(data []byte) (*Model, error) {
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, err
	}
	return New(m)
}

// New makes a model runnable. m is not changed.
func New(m *onnx.Model) (*Model, error) {
	if err := kernel.Check(); err != nil {
		return nil, err
	}
	if o := m.Opset(); o < oldestOpset || o > newestOpset {
		return nil, fmt.Errorf("opset %d is not supported (%d to %d are)", o, oldestOpset, newestOpset)
	}
	for _, in := range m.Graph.Feeds() {
		if in.Type != onnx.Float32 {
			return nil, fmt.Errorf("input %q holds %v, only float32 is supported", in.Name, in.Type)
		}
	}
	plain, err := prepare(m)
	if err != nil {
		return nil, err
	}
	data, err := plain.Encode()
	if err != nil {
		return nil, err
	}
	g := NewGraph()
	g.results = []string{}
	for _, out := range m.Graph.Outputs {
		g.results = append(g.results, out.Name)
	}
	decoded := onnxgo.NewModel(g)
	if err := decoded.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("onnx-go: %w", err)
	}
	model := &Model{graph: g, weights: map[string]tensor.Tensor{}, inputs: m.Graph.Feeds()}
	for _, t := range plain.Graph.Initializers {
		n, ok := decoded.GetNodeByName(t.Name)
		if !ok {
			return nil, fmt.Errorf("onnx-go lost the initializer %q", t.Name)
		}
		model.weights[t.Name] = n.(*Node).t
	}
	return model, nil
}

// prepare writes the model in the way that onnx-go decodes rightly: without declared
// shapes (it would allocate them), documentation, empty constants (it fails on them; an operand
// that is empty might as well be omitted), and with names for nodes without operands
// (it makes a value of that name). It refuses what onnx-go would decode wrongly or not at all.
func prepare(m *onnx.Model) (*onnx.Model, error) {
	g := &onnx.Graph{Name: "graph"}
	empty := map[string]bool{}
	for _, v := range m.Graph.Feeds() {
		g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: v.Name})
	}
	for _, v := range m.Graph.Outputs {
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: v.Name})
	}
	for _, t := range m.Graph.Initializers {
		if err := decodable(t); err != nil {
			return nil, fmt.Errorf("initializer %q %w", t.Name, err)
		}
		if len(t.Raw) == 0 {
			empty[t.Name] = true
			continue
		}
		g.Initializers = append(g.Initializers, &onnx.Tensor{Name: t.Name, Type: t.Type, Dims: t.Dims, Raw: t.Raw})
	}
	for i, n := range m.Graph.Nodes {
		if err := supported(n); err != nil {
			return nil, fmt.Errorf("node %d (result %q): %w", i, n.Outputs[0], err)
		}
		if n.Op == "Constant" && len(n.Attributes) == 1 {
			if t, ok := n.Attributes[0].Value.(*onnx.Tensor); ok && len(t.Raw) == 0 {
				empty[n.Outputs[0]] = true
				continue
			}
		}
		inputs := slices.Clone(n.Inputs)
		for k, in := range inputs {
			if empty[in] {
				inputs[k] = ""
			}
		}
		g.Nodes = append(g.Nodes, &onnx.Node{Name: fmt.Sprintf("\x00%d", i), Op: n.Op, Inputs: inputs, Outputs: n.Outputs, Attributes: n.Attributes})
	}
	if len(g.Nodes) == 0 {
		return nil, errors.New("the graph has no nodes")
	}
	return &onnx.Model{IRVersion: m.IRVersion, Opsets: m.Opsets, Graph: g}, nil
}

// supported checks a node for what onnx-go and the operators' table can take.
func supported(n *onnx.Node) error {
	if n.Domain != "" && n.Domain != "ai.onnx" {
		return fmt.Errorf("operation %q of domain %q is not supported", n.Op, n.Domain)
	}
	if _, ok := operators[n.Op]; !ok {
		return fmt.Errorf("operation %q is not supported", n.Op)
	}
	for _, a := range n.Attributes {
		switch v := a.Value.(type) {
		case *onnx.Graph:
			return fmt.Errorf("attribute %q is a graph, which is not supported", a.Name)
		case *onnx.Tensor:
			if err := decodable(v); err != nil {
				return fmt.Errorf("attribute %q %w", a.Name, err)
			}
		}
	}
	return nil
}

// decodable accepts the element types that onnx-go decodes rightly from raw bytes and that
// the operators take.
func decodable(t *onnx.Tensor) error {
	if t.Type != onnx.Float32 && t.Type != onnx.Int64 {
		return fmt.Errorf("holds %v, which is not supported (float32 and int64 are)", t.Type)
	}
	return nil
}

// Run computes the outputs by name. The first run with inputs of new shapes compiles the graph; later ones
// reuse it. Calls from several goroutines wait for each other.
func (m *Model) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	if err := onnx.CheckInputs(m.inputs, inputs); err != nil {
		return nil, err
	}
	feeds := make(map[string]tensor.Tensor, len(inputs))
	for name, v := range inputs {
		if len(v.Data) == 0 {
			return nil, fmt.Errorf("input %q is empty", name)
		}
		feeds[name] = (&array{dtype: tensor.Float32, shape: v.Shape, data: v.Data}).dense()
	}
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	results, err := m.graph.run(feeds, m.weights)
	if err != nil {
		return nil, err
	}
	outputs := make(map[string]onnx.Value, len(results))
	for name, r := range results {
		data, ok := r.data.([]float32)
		if !ok {
			return nil, fmt.Errorf("output %q holds %v, only float32 is supported", name, r.dtype)
		}
		outputs[name] = onnx.Value{Shape: slices.Clone(r.shape), Data: data}
	}
	return outputs, nil
}

// Close does nothing; it makes Model one of the runtimes that are compared in crosscheck.
func (m *Model) Close() error { return nil }

// Version is the version of onnx-go in this program.
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
