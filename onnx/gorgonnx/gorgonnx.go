// Package gorgonnx runs models in onnx-go's own backend of that name. None of its code is
// this project's: a reference that shares nothing with the project except Gorgonia.
//
// The backend knows few operations and no symbolic shapes. Other models end in errors at best,
// in wrong numbers or the end of the program at worst: give it only models that were
// exported with core operations (export.Options).
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

// operations are those of the backend that it computes rightly, if the operands are as
// the exporter of core operations writes them.
var operations = []string{
	"Add", "Concat", "Conv", "Cos", "Div", "Identity", "MatMul", "Mul", "Relu", "Reshape", "Sigmoid", "Sin", "Softmax", "Sqrt", "Sub", "Tanh", "Transpose",
}

// newestOpset is the last in which all operations mean what the backend does.
const newestOpset = 13

// mostNumbers is how many numbers an input may have: there is memory for them as soon as a model is loaded.
const mostNumbers = 1 << 26

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
		// Of nodes that agree in operation, shape and hash, Gorgonia drops all but one, which
		// cannot be seen in a graph. But each has other names, so hardly in two.
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

// caught, when deferred, makes an error of a panic.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("gorgonnx: %v", p)
	}
}

// load has onnx-go decode a model and make its Gorgonia graph. The names of inputs there
// depend on what was loaded before, and on chance.
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

// Run computes the outputs by name.
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

// Close does nothing; it makes Model one of the runtimes that are compared in crosscheck.
func (*Model) Close() error { return nil }
