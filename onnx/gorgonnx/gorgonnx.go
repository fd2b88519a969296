// Package gorgonnx runs models in onnx-go's own backend of that name, which this
// project has no part in: a reference that shares nothing with the project but Gorgonia.
//
// The backend knows few operations and no symbolic shapes. What it does not know ends in errors at best,
// in wrong numbers or the end of the program at worst; so only models that were exported
// with core operations (export.Options) should be given to it.
package gorgonnx

import (
	"fmt"
	"slices"
	"sync"

	onnxgo "github.com/owulveryck/onnx-go"
	stock "github.com/owulveryck/onnx-go/backend/x/gorgonnx"
	"gorgonia.org/tensor"

	"multiscale/onnx"
)

// operations are those of the backend that it computes rightly, if the operands are as
// the exporter of core operations writes them.
var operations = []string{
	"Add", "Concat", "Conv", "Cos", "Div", "Identity", "MatMul", "Mul", "Relu", "Reshape", "Sigmoid", "Sin", "Softmax", "Sqrt", "Sub", "Tanh", "Transpose",
}

// newestOpset is the last in which all operations mean what the backend does.
const newestOpset = 13

// Supports says why the backend cannot run a model.
func Supports(m *onnx.Model) error {
	if o := m.Opset(); o > newestOpset {
		return fmt.Errorf("opset %d is newer than %d", o, newestOpset)
	}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		if slices.ContainsFunc(v.Dims, func(d onnx.Dim) bool { return !d.Known() }) {
			return fmt.Errorf("the shape %s of %q is not fixed", onnx.FormatDims(v.Dims), v.Name)
		}
	}
	for _, n := range m.Graph.Nodes {
		if !slices.Contains(operations, n.Op) {
			return fmt.Errorf("operation %q is not among those that it computes rightly", n.Op)
		}
	}
	return nil
}

// Model is a model that the backend can run.
type Model struct {
	backend *stock.Graph
	decoded *onnxgo.Model
	inputs  []*onnx.ValueInfo
	nodes   []*stock.Node // of the inputs
	outputs []string
}

// one keeps models apart: the backend counts its nodes in a global variable.
var one sync.Mutex

// New makes a model runnable.
func New(m *onnx.Model) (*Model, error) {
	if err := Supports(m); err != nil {
		return nil, err
	}
	data, err := m.Encode()
	if err != nil {
		return nil, err
	}
	one.Lock()
	defer one.Unlock()
	r := &Model{backend: stock.NewGraph(), inputs: m.Graph.Feeds()}
	r.decoded = onnxgo.NewModel(r.backend)
	if err := r.decoded.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("onnx-go: %w", err)
	}
	for _, in := range r.inputs {
		n, ok := r.decoded.GetNodeByName(in.Name)
		if !ok {
			return nil, fmt.Errorf("onnx-go lost the input %q", in.Name)
		}
		r.nodes = append(r.nodes, n.(*stock.Node))
	}
	for _, out := range m.Graph.Outputs {
		r.outputs = append(r.outputs, out.Name)
	}
	return r, nil
}

// Run computes the outputs by name.
func (m *Model) Run(inputs map[string]onnx.Value) (out map[string]onnx.Value, err error) {
	if err := onnx.CheckInputs(m.inputs, inputs); err != nil {
		return nil, err
	}
	one.Lock()
	defer one.Unlock()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("gorgonnx: %v", p)
		}
	}()
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

// Close does nothing; it makes Model one of the runtimes that are compared in crosscheck.
func (*Model) Close() error { return nil }
