// Package gorgonnx runs models in onnx-go's own backend of that name. The backend is an
// independent reference: it shares no code with this project except Gorgonia.
//
// The backend supports few operations and no symbolic shapes. Other models give errors, wrong
// numbers, or even end the program. Use only models that were exported with core operations
// (export.Options).
package gorgonnx

import (
	"fmt"
	"slices"
	"sync"

	onnxgo "github.com/owulveryck/onnx-go"
	stock "github.com/owulveryck/onnx-go/backend/x/gorgonnx"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/distinct"
	"multiscale/pkg/lists"
)

// operations are the operations that the backend computes correctly, if the operands have the
// form that package export writes for core operations.
var operations = []string{
	"Add", "Concat", "Conv", "Cos", "Div", "Identity", "MatMul", "Mul", "Relu", "Reshape", "Sigmoid", "Sin", "Softmax", "Sqrt", "Sub", "Tanh", "Transpose",
}

// newestOpset is the newest opset whose definitions of these operations agree with the backend.
const newestOpset = 13

// mostNumbers bounds the elements of an input, whose memory is allocated when the model is loaded.
const mostNumbers = 1 << 26

// Supports returns an error that says why the backend cannot run a model, or nil if it can.
func Supports(m *onnx.Model) error {
	if o := m.Opset(); o > newestOpset {
		return fmt.Errorf("opset %d is newer than %d", o, newestOpset)
	}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		if slices.ContainsFunc(v.Dims, func(d onnx.Dim) bool { return !d.Known() }) {
			return fmt.Errorf("the shape %s of %q is not fixed", onnx.FormatDims(v.Dims), v.Name)
		}
	}
	for _, in := range m.Graph.Feeds() {
		if in.Dims == nil {
			return fmt.Errorf("the input %q has no shape", in.Name)
		}
		left := int64(mostNumbers)
		for _, d := range in.Dims {
			if left /= max(1, d.Size); left == 0 {
				return fmt.Errorf("the input %q, %s, has more than %d numbers", in.Name, onnx.FormatDims(in.Dims), mostNumbers)
			}
		}
	}
	for _, n := range m.Graph.Nodes {
		if !slices.Contains(operations, n.Op) {
			return fmt.Errorf("operation %q is not one that it computes correctly", n.Op)
		}
	}
	return nil
}

// Model is a model that the backend can run.
type Model struct {
	backend *stock.Graph
	decoded *onnxgo.Model
	inputs  []*onnx.ValueInfo
	nodes   []*stock.Node // nodes of the inputs
	outputs []string
}

// one serializes the use of the backend, which counts its nodes in a global variable.
var one sync.Mutex

// New prepares a model for Run. The error says why the backend cannot run it.
func New(m *onnx.Model) (r *Model, err error) {
	if err := Supports(m); err != nil {
		return nil, err
	}
	data, err := m.Encode()
	if err != nil {
		return nil, err
	}
	one.Lock()
	defer one.Unlock()
	defer caught(&err)
	err = distinct.Build(func(int) (*gorgonia.ExprGraph, error) {
		// If nodes agree in operation, shape and hash, Gorgonia keeps only one of them, which the graph
		// does not show. Two graphs have different names, so this hardly happens in both: take the
		// larger one.
		loaded, g, err := load(m, data)
		if err != nil {
			return nil, err
		}
		again, h, err := load(m, data)
		if err != nil {
			return nil, err
		}
		if len(h.AllNodes()) > len(g.AllNodes()) {
			loaded, g = again, h
		}
		r = loaded
		return g, nil
	})
	if err != nil {
		return nil, fmt.Errorf("onnx-go: %w", err)
	}
	return r, nil
}

// caught turns a panic into an error. It must be deferred.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("gorgonnx: %v", p)
	}
}

// load decodes a model with onnx-go and makes its Gorgonia graph. The names of inputs in the
// graph depend on models that were loaded before, and on chance.
func load(m *onnx.Model, data []byte) (*Model, *gorgonia.ExprGraph, error) {
	r := &Model{backend: stock.NewGraph(), inputs: m.Graph.Feeds()}
	r.decoded = onnxgo.NewModel(r.backend)
	if err := r.decoded.UnmarshalBinary(data); err != nil {
		return nil, nil, err
	}
	for _, in := range r.inputs {
		n, ok := r.decoded.GetNodeByName(in.Name)
		if !ok {
			return nil, nil, fmt.Errorf("lost the input %q", in.Name)
		}
		shape := lists.Of(in.Dims, func(d onnx.Dim) int { return int(d.Size) })
		node := n.(*stock.Node)
		if err := node.SetTensor(tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))); err != nil {
			return nil, nil, err
		}
		r.nodes = append(r.nodes, node)
	}
	r.outputs = lists.Of(m.Graph.Outputs, func(out *onnx.ValueInfo) string { return out.Name })
	g, err := r.backend.GetExprGraph()
	return r, g, err
}

// Run computes the outputs by name. Concurrent calls, also on other models, wait for each other.
func (m *Model) Run(inputs map[string]onnx.Value) (out map[string]onnx.Value, err error) {
	if err := onnx.CheckInputs(m.inputs, inputs); err != nil {
		return nil, err
	}
	one.Lock()
	defer one.Unlock()
	defer caught(&err)
	for i, in := range m.inputs {
		v := inputs[in.Name]
		// Operations may write into their operands.
		t := tensor.New(tensor.WithShape(v.Shape...), tensor.WithBacking(slices.Clone(v.Data)))
		if err := m.nodes[i].SetTensor(t); err != nil {
			return nil, err
		}
	}
	if err := m.backend.Run(); err != nil {
		return nil, err
	}
	out = map[string]onnx.Value{}
	for _, name := range m.outputs {
		n, ok := m.decoded.GetNodeByName(name)
		if !ok {
			return nil, fmt.Errorf("onnx-go lost the output %q", name)
		}
		d, ok := n.(*stock.Node).GetTensor().(*tensor.Dense)
		if !ok {
			return nil, fmt.Errorf("gorgonnx left no value for %q", name)
		}
		if d.RequiresIterator() {
			d = d.Materialize().(*tensor.Dense)
		}
		data, ok := d.Data().([]float32)
		if !ok {
			return nil, fmt.Errorf("output %q holds %v, want float32", name, d.Dtype())
		}
		out[name] = onnx.Value{Shape: slices.Clone(d.Shape()), Data: slices.Clone(data)}
	}
	return out, nil
}

// Close does nothing. Runtimes that package crosscheck compares must have it.
func (*Model) Close() error { return nil }
