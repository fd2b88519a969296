package onnx

import (
	"slices"

	"multiscale/pkg/lists"
)

// Model is a whole ONNX file.
type Model struct {
	IRVersion       int64 // version of the file format; 8 goes with opset 17
	Producer        string
	ProducerVersion string
	Domain          string
	Version         int64 // of the model itself, as its author counts
	Doc             string
	Opsets          []Opset
	Metadata        []Property // in the order of the file
	Graph           *Graph

	// Beyond lists what the file has and this package does not represent, such as local functions. Only
	// [Inspect] returns such models; they cannot be validated, encoded or run here.
	Beyond []string
}

// Opset is a set of operations that the model draws on; the empty domain is ONNX itself.
type Opset struct {
	Domain  string
	Version int64
}

// Property is one entry of the model's metadata_props.
type Property struct {
	Key, Value string
}

// Graph is a list of nodes in the order in which they can run.
type Graph struct {
	Name         string
	Doc          string
	Nodes        []*Node
	Initializers []*Tensor // the weights
	Inputs       []*ValueInfo
	Outputs      []*ValueInfo
	Values       []*ValueInfo // what is known of intermediate values; may be empty
}

// Node is one application of an operation. An empty input or output name is an
// optional one that is left out.
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

// ValueInfo declares the type of a value. Dims is nil when nothing is said of
// the shape, and empty for a scalar.
type ValueInfo struct {
	Name string
	Doc  string
	Type DataType
	Dims []Dim
}

// Dim is one dimension of a declared shape: of fixed size, or named when it is
// known at run time only. Unknown and unnamed is Size -1.
type Dim struct {
	Name string
	Size int64
}

// Fixed is a dimension of known size.
func Fixed(size int64) Dim { return Dim{Size: size} }

// Symbolic is a dimension whose size is known when the model runs; equal names
// mean equal sizes.
func Symbolic(name string) Dim { return Dim{Name: name, Size: -1} }

// Known reports whether the size is given.
func (d Dim) Known() bool { return d.Name == "" && d.Size >= 0 }

// Opset returns the version of the default domain, 0 when the model names none.
func (m *Model) Opset() int64 {
	for _, o := range m.Opsets {
		if isDefault(o.Domain) {
			return o.Version
		}
	}
	return 0
}

// Property returns the value of a metadata entry.
func (m *Model) Property(key string) (value string, ok bool) {
	p, ok := lists.Find(m.Metadata, func(p Property) string { return p.Key }, key)
	return p.Value, ok
}

// Feeds returns the inputs that the caller has to give: those that no
// initialiser supplies (files of IR version 3 list the weights as inputs too).
func (g *Graph) Feeds() []*ValueInfo {
	weights := lists.By(g.Initializers, func(t *Tensor) string { return t.Name })
	return slices.DeleteFunc(slices.Clone(g.Inputs), func(in *ValueInfo) bool { return weights[in.Name] != nil })
}

// isDefault tells the default domain, which has two spellings.
func isDefault(domain string) bool { return domain == "" || domain == "ai.onnx" }
