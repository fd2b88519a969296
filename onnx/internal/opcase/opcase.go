// Package opcase has small models of one or a few nodes with results that can be checked by hand. All runtimes are
// tested with the same cases.
package opcase

import (
	"maps"
	"math"
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// Case is a model with its inputs and the expected output "y".
type Case struct {
	Name  string
	Model *onnx.Model
	In    map[string]onnx.Value
	Want  onnx.Value
}

type attributes map[string]any

// build makes a case. in and constants are the graph's inputs and constants by name; the output
// of the last node is "y".
func build(name string, in map[string]onnx.Value, constants []*onnx.Tensor, want onnx.Value, nodes ...*onnx.Node) Case {
	g := &onnx.Graph{Name: "case", Nodes: nodes, Initializers: constants, Outputs: []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: symbols("y", len(want.Shape))}}}
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		v, ok := in[k]
		if !ok {
			continue
		}
		g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: k, Type: onnx.Float32, Dims: symbols(k, len(v.Shape))})
	}
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: g}
	return Case{Name: name, Model: m, In: in, Want: want}
}

// symbols returns symbolic dimensions for a value of the given rank.
func symbols(name string, rank int) []onnx.Dim {
	dims := make([]onnx.Dim, rank)
	for i := range dims {
		dims[i] = onnx.Symbolic(name + string(rune('0'+i)))
	}
	return dims
}

// floats makes a value of the given elements.
func floats(shape []int, data ...float32) onnx.Value { return onnx.Value{Shape: shape, Data: data} }

// count makes a value with the elements from, from+1, ...
func count(from float32, shape ...int) onnx.Value {
	values := make([]float32, lists.Product(shape))
	for i := range values {
		values[i] = from + float32(i)
	}
	return onnx.Value{Shape: shape, Data: values}
}

func ints(name string, values ...int64) *onnx.Tensor {
	return onnx.NewInts(name, []int64{int64(len(values))}, values)
}

func scalar(name string, v int64) *onnx.Tensor { return onnx.NewInts(name, []int64{}, []int64{v}) }

// node makes a node. The operand "_" is an omitted one.
func node(op string, in, out []string, attrs attributes) *onnx.Node {
	n := &onnx.Node{Op: op}
	for _, s := range in {
		if s == "_" {
			s = ""
		}
		n.Inputs = append(n.Inputs, s)
	}
	n.Outputs = out
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		n.Attributes = append(n.Attributes, &onnx.Attribute{Name: name, Value: attrs[name]})
	}
	return n
}

// since sets the opset of a case.
func since(opset int64, c Case) Case {
	c.Model.Opsets = []onnx.Opset{{Version: opset}}
	return c
}

func named(name string, c Case) Case {
	c.Name = name
	return c
}

var inf = float32(math.Inf(1))

type names = []string

func values(v ...any) map[string]onnx.Value {
	m := map[string]onnx.Value{}
	for i, x := range v {
		m[string(rune('a'+i))] = x.(onnx.Value)
	}
	return m
}

var (
	y   = names{"y"}
	a   = names{"a"}
	ab  = names{"a", "b"}
	abc = names{"a", "b", "c"}
)

// All returns all cases.
func All() []Case {
	var all []Case
	for _, group := range []func() []Case{elementwise, products, windows, norms, shapes, resizes, activations, truths, reductions, images, indexed} {
		all = append(all, group()...)
	}
	return all
}
