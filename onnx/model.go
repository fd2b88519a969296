package onnx

import (
	"slices"

	"multiscale/pkg/lists"
)

// Model is the content of an ONNX file.
type Model struct {
	IRVersion       int64 // version of the file format; 8 belongs to opset 17
	Producer        string
	ProducerVersion string
	Domain          string
	Version         int64 // version of the model itself
	Doc             string
	Opsets          []Opset
	Metadata        []Property // in the order of the file
	Graph           *Graph

	// Beyond lists features of the file that this package does not represent, such as local functions. Only
	// [Inspect] returns models with such features. They are not valid, and cannot be encoded or run.
	Beyond []string
}

// Opset is a set of operations that the model uses. The empty domain is ONNX itself.
type Opset struct {
	Domain  string
	Version int64
}

// Property is one entry of the model's metadata_props.
type Property struct {
	Key, Value string
}

// Graph is a list of nodes, in an order in which they can run.
type Graph struct {
	Name         string
	Doc          string
	Nodes        []*Node
	Initializers []*Tensor // the weights
	Inputs       []*ValueInfo
	Outputs      []*ValueInfo
	Values       []*ValueInfo // declarations of intermediate values; may be empty
}

// Node is one application of an operation. An empty name of an input or output means that
// it is optional and omitted.
type Node struct {
	Name       string
	Op         string // operation, as in "Conv"
	Domain     string
	Doc        string
	Inputs     []string
	Outputs    []string
	Attributes []*Attribute
}

// Attribute is a constant parameter of a node. Value is one of float32, int64,
// string, *Tensor, *Graph, []float32, []int64 and []string.
type Attribute struct {
	Name  string
	Doc   string
	Value any
}

// ValueInfo declares the type of a value. Dims is nil for an unknown shape, and empty for a
// scalar.
type ValueInfo struct {
	Name string
	Doc  string
	Type DataType
	Dims []Dim
}

// Dim is one dimension of a declared shape. It has a fixed size, or Size -1 if the size is
// known only when the model runs; then it may have a name.
type Dim struct {
	Name string
	Size int64
}

// Fixed returns a dimension of known size.
func Fixed(size int64) Dim { return Dim{Size: size} }

// Symbolic returns a named dimension, whose size is known only when the model runs. Equal
// names mean equal sizes.
func Symbolic(name string) Dim { return Dim{Name: name, Size: -1} }

// Known reports whether the size is fixed.
func (d Dim) Known() bool { return d.Name == "" && d.Size >= 0 }

// Opset returns the version of the default domain, or 0 if the model has none.
func (m *Model) Opset() int64 {
	for _, o := range m.Opsets {
		if isDefault(o.Domain) {
			return o.Version
		}
	}
	return 0
}

// Property returns the value of a metadata entry, and whether there is one.
func (m *Model) Property(key string) (value string, ok bool) {
	p, ok := lists.Find(m.Metadata, func(p Property) string { return p.Key }, key)
	return p.Value, ok
}

// Feeds returns the inputs that the caller must supply: those without an initialiser. Files
// of IR version 3 list the weights as inputs, too.
func (g *Graph) Feeds() []*ValueInfo {
	weights := lists.By(g.Initializers, func(t *Tensor) string { return t.Name })
	return slices.DeleteFunc(slices.Clone(g.Inputs), func(in *ValueInfo) bool { return weights[in.Name] != nil })
}

// isDefault reports whether a domain is the default domain, which has two spellings.
func isDefault(domain string) bool { return domain == "" || domain == "ai.onnx" }
