package onnx

import (
	"fmt"
	"iter"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// This file describes the supported messages of onnx.proto. The same lists of fields serve for reading and writing.

// part is a Go value that represents a message.
type part interface {
	// fields returns the fields in the order of their numbers, and a function to call after they have been read, which may
	// be nil.
	fields() ([]entry, func(*decoder))
}

// entry is one field of a message.
type entry struct {
	number protowire.Number
	// value is a *string, *int64, *DataType, *float32, *[]byte, *[]string, *[]int64, *[]float32, messages, group or special.
	value any
	// always makes zero numbers and empty texts be written, too, because their presence has a meaning. Elements of lists
	// are always written.
	always bool
}

// messages is a field of messages that are represented by Go values.
type messages struct {
	what string                     // name in errors
	all  iter.Seq[part]             // the values to write
	add  func() (p part, index int) // adds the value for a message that is read
}

// group is a message without a Go value of its own.
type group struct {
	what    string
	fields  []entry
	present bool   // whether to write it
	begin   func() // called before it is read; may be nil
}

// special is a field with its own functions to read and to write it. write is nil for a field that is never written.
type special struct {
	read  func(d *decoder, f field)
	write func(w *message, n protowire.Number)
}

// lacking is a field that this package does not represent.
func lacking(format string, args ...any) special {
	return special{read: func(d *decoder, _ field) { d.lacks(format, args...) }}
}

// pointer is a *T that represents a message.
type pointer[T any] interface {
	*T
	part
}

// values is a repeated message in a list of values.
func values[T any, P pointer[T]](what string, list *[]T) messages {
	at := func(i int) part { return P(&(*list)[i]) }
	return repeated(what, func() int { return len(*list) }, at, func() { *list = append(*list, *new(T)) })
}

// pointers is a repeated message in a list of pointers.
func pointers[T any, P pointer[T]](what string, list *[]P) messages {
	at := func(i int) part { return (*list)[i] }
	return repeated(what, func() int { return len(*list) }, at, func() { *list = append(*list, new(T)) })
}

// one is a message that is not repeated. If a file has several, protobuf requires to merge them.
func one[T any, P pointer[T]](what string, to *P) messages {
	length := func() int {
		if *to == nil {
			return 0
		}
		return 1
	}
	return repeated(what, length, func(int) part { return *to }, func() {
		if *to == nil {
			*to = new(T)
		}
	})
}

// repeated makes a field of messages in a list, which it accesses through functions. Each message that is read grows the
// list by one element, so a list takes linear time.
func repeated(what string, length func() int, at func(i int) part, grow func()) messages {
	return messages{what: what, all: func(yield func(part) bool) {
		for i := range length() {
			if !yield(at(i)) {
				return
			}
		}
	}, add: func() (part, int) {
		grow()
		last := length() - 1
		return at(last), last
	}}
}

func (m *Model) fields() ([]entry, func(*decoder)) {
	return []entry{
		{number: 1, value: &m.IRVersion},
		{number: 2, value: &m.Producer},
		{number: 3, value: &m.ProducerVersion},
		{number: 4, value: &m.Domain},
		{number: 5, value: &m.Version},
		{number: 6, value: &m.Doc},
		{number: 7, value: one("graph", &m.Graph)},
		{number: 8, value: values("opset_import", &m.Opsets)},
		{number: 14, value: values("metadata_props", &m.Metadata)},
		{number: 25, value: lacking("local functions are not supported")},
	}, nil
}

func (o *Opset) fields() ([]entry, func(*decoder)) {
	return []entry{{number: 1, value: &o.Domain}, {number: 2, value: &o.Version}}, nil
}

func (p *Property) fields() ([]entry, func(*decoder)) {
	return []entry{{number: 1, value: &p.Key}, {number: 2, value: &p.Value}}, nil
}

func (g *Graph) fields() ([]entry, func(*decoder)) {
	return []entry{
		{number: 1, value: pointers("node", &g.Nodes)},
		{number: 2, value: &g.Name},
		{number: 5, value: pointers("initializer", &g.Initializers)},
		{number: 10, value: &g.Doc},
		{number: 11, value: pointers("input", &g.Inputs)},
		{number: 12, value: pointers("output", &g.Outputs)},
		{number: 13, value: pointers("value_info", &g.Values)},
		{number: 15, value: lacking("sparse initializers are not supported")},
	}, nil
}

func (n *Node) fields() ([]entry, func(*decoder)) {
	return []entry{
		{number: 1, value: &n.Inputs},
		{number: 2, value: &n.Outputs},
		{number: 3, value: &n.Name},
		{number: 4, value: &n.Op},
		{number: 5, value: pointers("attribute", &n.Attributes)},
		{number: 6, value: &n.Doc},
		{number: 7, value: &n.Domain},
	}, nil
}

func (a *Attribute) fields() ([]entry, func(*decoder)) {
	// The kind may come before or after the value, so all values are collected first.
	var (
		kind    int64 // 1 for a float32 ... 8 for a []string; the value of kind k is in field k+1
		number  float32
		integer int64
		text    string
		tensor  *Tensor
		graph   *Graph
		numbers []float32
		ints    []int64
		texts   []string
	)
	switch v := a.Value.(type) {
	case nil: // the attribute is being read
	case float32:
		kind, number = 1, v
	case int64:
		kind, integer = 2, v
	case string:
		kind, text = 3, v
	case *Tensor:
		kind, tensor = 4, v
	case *Graph:
		kind, graph = 5, v
	case []float32:
		kind, numbers = 6, v
	case []int64:
		kind, ints = 7, v
	case []string:
		kind, texts = 8, v
	default:
		panic(fmt.Sprintf("onnx: attribute %q of type %T was not validated", a.Name, a.Value))
	}
	return []entry{
			{number: 1, value: &a.Name},
			{number: 2, value: &number, always: kind == 1},
			{number: 3, value: &integer, always: kind == 2},
			{number: 4, value: &text, always: kind == 3},
			{number: 5, value: one("attribute", &tensor)},
			{number: 6, value: one("graph", &graph)},
			{number: 7, value: &numbers},
			{number: 8, value: &ints},
			{number: 9, value: &texts},
			{number: 13, value: &a.Doc},
			{number: 20, value: &kind},
			{number: 21, value: special{read: func(d *decoder, _ field) {
				d.lacks("attribute %q refers to a function's attribute, which is not supported", a.Name)
			}}},
		}, func(d *decoder) {
			forms := []any{number, integer, text, tensor, graph, numbers, ints, texts}
			if kind < 1 || int(kind) > len(forms) {
				d.lacks("attribute %q has kind %d, which is not supported", a.Name, kind)
				return
			}
			a.Value = forms[kind-1]
		}
}

func (t *Tensor) fields() ([]entry, func(*decoder)) {
	var typed []byte // elements that are not raw
	elements := func(wire protowire.Type) special {
		return special{read: func(d *decoder, f field) {
			for v := range d.packed(f, wire) {
				// The type may come after the values, so each is stored in eight bytes until then.
				typed = le.AppendUint64(typed, v)
			}
		}}
	}
	var elsewhere int64 // 1 if the data are in another file
	return []entry{
			{number: 1, value: special{read: t.readDims, write: t.writeDims}},
			{number: 2, value: &t.Type},
			{number: 3, value: special{read: func(d *decoder, _ field) {
				d.lacks("tensor %q is stored in segments, which is not supported", t.Name)
			}}},
			{number: 4, value: elements(protowire.Fixed32Type)}, // float32
			{number: 5, value: elements(protowire.VarintType)},  // int32 and narrower
			{number: 7, value: elements(protowire.VarintType)},  // int64
			{number: 8, value: &t.Name},
			{number: 9, value: &t.Raw},
			{number: 10, value: elements(protowire.Fixed64Type)}, // float64
			{number: 11, value: elements(protowire.VarintType)},  // uint64
			{number: 12, value: &t.Doc},
			{number: 13, value: special{read: t.external}},
			{number: 14, value: &elsewhere},
		}, func(d *decoder) {
			switch {
			case elsewhere != 0 && t.External == nil:
				d.fail("tensor %q has its data in another file, but does not say which", t.Name)
			case elsewhere == 0:
				t.External = nil
			case t.Raw != nil || typed != nil:
				d.fail("tensor %q has data here and in another file", t.Name)
			default:
				d.external = true
			}
			switch {
			case t.Type.Size() == 0:
				d.lacks("tensor %q holds %v, which is not supported", t.Name, t.Type)
			case typed != nil && t.Raw != nil:
				d.fail("tensor %q has both raw and typed data", t.Name)
			case typed != nil:
				t.Raw = narrow(typed, t.Type.Size())
			}
		}
}

// readDims stops if there are too many dimensions, because a file can have one in each byte.
func (t *Tensor) readDims(d *decoder, f field) {
	for v := range d.packed(f, protowire.VarintType) {
		if t.Dims = append(t.Dims, int64(v)); len(t.Dims) > maxRank {
			d.fail("%s has more than %d dimensions", d.what, maxRank)
			return
		}
	}
}

func (t *Tensor) writeDims(w *message, n protowire.Number) {
	for _, size := range t.Dims {
		w.integer(n, size)
	}
}

// external reads one property of the place of external data.
func (t *Tensor) external(d *decoder, f field) {
	var p Property
	d.part(d.message(f), "external_data", &p)
	if t.External == nil {
		t.External = &External{}
	}
	number := func() int64 {
		v, err := strconv.ParseInt(p.Value, 10, 64)
		if err != nil || v < 0 {
			d.fail("external data: %s %q is not a number of bytes", p.Key, p.Value)
		}
		return v
	}
	switch p.Key {
	case "location":
		t.External.Location = p.Value
	case "offset":
		t.External.Offset = number()
	case "length":
		t.External.Length = number()
	}
}

// narrow keeps the low bytes of each 8-byte element. This is correct for negative numbers, too, because the file has
// them sign-extended.
func narrow(raw []byte, size int) []byte {
	n := len(raw) / 8
	for i := range n {
		copy(raw[i*size:(i+1)*size], raw[8*i:])
	}
	return raw[: n*size : n*size]
}

func (v *ValueInfo) fields() ([]entry, func(*decoder)) {
	other := special{read: func(d *decoder, _ field) { d.lacks("%s %q is not a tensor, which is not supported", d.what, v.Name) }}
	return []entry{
		{number: 1, value: &v.Name},
		{number: 2, value: group{what: "type", present: v.Type != Undefined || v.Dims != nil, fields: []entry{
			{number: 1, value: group{what: "tensor_type", present: true, fields: []entry{
				{number: 1, value: &v.Type},
				{number: 2, value: group{what: "shape", begin: func() { v.Dims = []Dim{} }, present: v.Dims != nil, fields: []entry{
					{number: 1, value: special{read: v.readDim, write: v.writeDims}},
				}}},
			}}},
			{number: 4, value: other}, // sequence
			{number: 5, value: other}, // map
			{number: 7, value: other}, // opaque
			{number: 8, value: other}, // sparse tensor
			{number: 9, value: other}, // optional
		}}},
		{number: 3, value: &v.Doc},
	}, nil
}

func (v *ValueInfo) readDim(d *decoder, f field) {
	dim := Dim{Size: -1}
	d.entries(d.message(f), "dim", []entry{
		{number: 1, value: special{read: func(d *decoder, f field) {
			if dim.Size = d.integer(f); dim.Size < 0 {
				d.fail("%q: dimension %d is negative (%d)", v.Name, len(v.Dims), dim.Size)
			}
		}}},
		{number: 2, value: &dim.Name},
	})
	if v.Dims = append(v.Dims, dim); len(v.Dims) > maxRank {
		d.fail("%q has more than %d dimensions", v.Name, maxRank)
	}
}

func (v *ValueInfo) writeDims(w *message, n protowire.Number) {
	for _, d := range v.Dims {
		var size []int64
		if d.Known() {
			size = []int64{d.Size}
		}
		w.sub(n, encode([]entry{{number: 1, value: &size}, {number: 2, value: &d.Name}}))
	}
}
