package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds that keep a hostile file from claiming more memory or stack than its own
// size justifies. Real models stay far below them.
const (
	maxBytes    = 1<<31 - 1 // protobuf's own limit
	maxMessages = 1 << 19   // nodes, attributes, tensors, declarations, dimensions ... together
	maxDepth    = 8         // graphs inside attributes of graphs
)

// Decode reads a model from the bytes of an .onnx file. The model that it returns is valid
// (see [Model.Validate]) and may share memory with data. What it does not understand, and what would change
// the meaning of the model (external data, local functions, sparse weights), is
// an error; unknown fields are skipped, as protobuf has it.
func Decode(data []byte) (*Model, error) {
	if len(data) == 0 {
		return nil, errors.New("not an ONNX model: the file is empty")
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%d bytes, more than the 2 GiB that an ONNX model can have", len(data))
	}
	d := &decoder{}
	m := d.model(data)
	if d.err != nil {
		return nil, fmt.Errorf("not a readable ONNX model: %s", brief(d.err))
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("not a valid ONNX model: %s", brief(err))
	}
	return m, nil
}

// brief keeps an error readable: names in a hostile file can be megabytes long.
func brief(err error) string {
	const limit = 300
	if s := err.Error(); len(s) > limit {
		return s[:limit] + " ..."
	}
	return err.Error()
}

// decoder carries the first error and what has been read so far. Its methods
// return something incomplete once err is set.
type decoder struct {
	err      error
	messages int
	depth    int
}

// field is one field of a message: a number in bits, or bytes.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64
	bytes  []byte
}

// fields yields the fields of a message and stops at the first error. what names
// the message in that error.
func (d *decoder) fields(data []byte, what string) iter.Seq[field] {
	return func(yield func(field) bool) {
		if d.messages++; d.messages > maxMessages {
			d.fail("more than %d messages", maxMessages)
		}
		for len(data) > 0 && d.err == nil {
			f, n := parse(data)
			if n < 0 {
				err := protowire.ParseError(n)
				if errors.Is(err, io.ErrUnexpectedEOF) {
					err = errors.New("it is cut off")
				}
				d.fail("%s: %w", what, err)
				return
			}
			data = data[n:]
			if !yield(f) {
				return
			}
		}
	}
}

// parse reads one field and returns the number of bytes it took, negative on error.
func parse(data []byte) (f field, length int) {
	var n int
	if f.number, f.kind, n = protowire.ConsumeTag(data); n < 0 {
		return f, n
	}
	length, data = n, data[n:]
	switch f.kind {
	case protowire.VarintType:
		f.bits, n = protowire.ConsumeVarint(data)
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(data)
		f.bits = uint64(v)
	case protowire.Fixed64Type:
		f.bits, n = protowire.ConsumeFixed64(data)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(data)
	default:
		n = protowire.ConsumeFieldValue(f.number, f.kind, data)
	}
	if n < 0 {
		return f, n
	}
	return f, length + n
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) model(data []byte) *Model {
	m := &Model{}
	for f := range d.fields(data, "model") {
		switch f.number {
		case modelIRVersion:
			m.IRVersion = d.integer(f)
		case modelProducer:
			m.Producer = d.text(f)
		case modelProducerVersion:
			m.ProducerVersion = d.text(f)
		case modelDomain:
			m.Domain = d.text(f)
		case modelVersion:
			m.Version = d.integer(f)
		case modelDoc:
			m.Doc = d.text(f)
		case modelGraph:
			if m.Graph != nil {
				d.fail("it has more than one graph")
			}
			m.Graph = d.graph(d.message(f))
		case modelOpset:
			var o Opset
			for f := range d.fields(d.message(f), "opset_import") {
				switch f.number {
				case opsetDomain:
					o.Domain = d.text(f)
				case opsetVersion:
					o.Version = d.integer(f)
				}
			}
			m.Opsets = append(m.Opsets, o)
		case modelMetadata:
			var p Property
			for f := range d.fields(d.message(f), "metadata_props") {
				switch f.number {
				case propertyKey:
					p.Key = d.text(f)
				case propertyValue:
					p.Value = d.text(f)
				}
			}
			m.Metadata = append(m.Metadata, p)
		case modelFunctions:
			d.fail("local functions are not supported")
		}
	}
	return m
}

func (d *decoder) graph(data []byte) *Graph {
	g := &Graph{}
	if d.depth++; d.depth > maxDepth {
		d.fail("graphs are nested more than %d deep", maxDepth)
	}
	for f := range d.fields(data, "graph") {
		switch f.number {
		case graphNode:
			g.Nodes = append(g.Nodes, d.node(d.message(f), len(g.Nodes)))
		case graphName:
			g.Name = d.text(f)
		case graphInitializer:
			g.Initializers = append(g.Initializers, d.tensor(d.message(f), "initializer"))
		case graphDoc:
			g.Doc = d.text(f)
		case graphInput:
			g.Inputs = append(g.Inputs, d.declaration(d.message(f), "input"))
		case graphOutput:
			g.Outputs = append(g.Outputs, d.declaration(d.message(f), "output"))
		case graphValue:
			g.Values = append(g.Values, d.declaration(d.message(f), "value_info"))
		case graphSparse:
			d.fail("sparse initializers are not supported")
		}
	}
	d.depth--
	return g
}

func (d *decoder) node(data []byte, index int) *Node {
	n := &Node{}
	for f := range d.fields(data, "node") {
		switch f.number {
		case nodeInput:
			n.Inputs = append(n.Inputs, d.text(f))
		case nodeOutput:
			n.Outputs = append(n.Outputs, d.text(f))
		case nodeName:
			n.Name = d.text(f)
		case nodeOp:
			n.Op = d.text(f)
		case nodeAttribute:
			n.Attributes = append(n.Attributes, d.attribute(d.message(f)))
		case nodeDoc:
			n.Doc = d.text(f)
		case nodeDomain:
			n.Domain = d.text(f)
		}
	}
	if d.err != nil && d.depth == 1 {
		d.err = fmt.Errorf("node %d %s: %w", index, n.label(), d.err)
	}
	return n
}

func (d *decoder) attribute(data []byte) *Attribute {
	a := &Attribute{}
	var kind int64
	// A file names the kind after or before the value, so all are gathered first.
	var (
		number  float32
		integer int64
		text    string
		tensor  *Tensor
		graph   *Graph
		numbers []float32
		ints    []int64
		texts   []string
	)
	for f := range d.fields(data, "attribute") {
		switch f.number {
		case attributeName:
			a.Name = d.text(f)
		case attributeDoc:
			a.Doc = d.text(f)
		case attributeKind:
			kind = d.integer(f)
		case attributeFloat:
			number = d.float(f)
		case attributeInt:
			integer = d.integer(f)
		case attributeString:
			text = d.text(f)
		case attributeTensor:
			tensor = d.tensor(d.message(f), "attribute")
		case attributeGraph:
			graph = d.graph(d.message(f))
		case attributeFloats:
			for v := range d.packed(f, protowire.Fixed32Type) {
				numbers = append(numbers, math.Float32frombits(uint32(v)))
			}
		case attributeInts:
			for v := range d.packed(f, protowire.VarintType) {
				ints = append(ints, int64(v))
			}
		case attributeStrings:
			texts = append(texts, d.text(f))
		case attributeReference:
			d.fail("attribute %q refers to a function's attribute, which is not supported", a.Name)
		}
	}
	switch kind {
	case kindFloat:
		a.Value = number
	case kindInt:
		a.Value = integer
	case kindString:
		a.Value = text
	case kindTensor:
		a.Value = tensor
	case kindGraph:
		a.Value = graph
	case kindFloats:
		a.Value = numbers
	case kindInts:
		a.Value = ints
	case kindStrings:
		a.Value = texts
	default:
		d.fail("attribute %q has kind %d, which is not supported", a.Name, kind)
	}
	return a
}

func (d *decoder) tensor(data []byte, what string) *Tensor {
	t := &Tensor{}
	var raws, values int // fields of raw data; elements in typed fields
	typed := func(f field, wire protowire.Type) {
		for v := range d.packed(f, wire) {
			// The type may come after the values; eight bytes hold any of them meanwhile.
			t.Raw = binary.LittleEndian.AppendUint64(t.Raw, v)
			values++
		}
	}
	for f := range d.fields(data, what) {
		switch f.number {
		case tensorDims:
			for v := range d.packed(f, protowire.VarintType) {
				if t.Dims = append(t.Dims, int64(v)); len(t.Dims) > maxRank {
					d.fail("%s has more than %d dimensions", what, maxRank)
				}
			}
		case tensorType:
			t.Type = DataType(d.integer(f))
		case tensorName:
			t.Name = d.text(f)
		case tensorDoc:
			t.Doc = d.text(f)
		case tensorRaw:
			t.Raw, raws = slices.Clip(d.message(f)), raws+1
		case tensorFloats:
			typed(f, protowire.Fixed32Type)
		case tensorInt32s, tensorInt64s, tensorUint64s:
			typed(f, protowire.VarintType)
		case tensorDoubles:
			typed(f, protowire.Fixed64Type)
		case tensorSegment:
			d.fail("tensor %q is stored in segments, which is not supported", t.Name)
		case tensorExternal:
			d.fail("tensor %q has its data in another file, which is not supported", t.Name)
		case tensorWhere:
			if d.integer(f) != tensorInTheFile {
				d.fail("tensor %q has its data in another file, which is not supported", t.Name)
			}
		}
	}
	if values > 0 {
		if raws > 0 {
			d.fail("tensor %q has both raw and typed data", t.Name)
			return t
		}
		t.Raw = narrow(t.Raw, t.Type.Size())
	}
	return t
}

// narrow keeps the low bytes of each 8-byte element. Negative numbers are sign-extended in the file,
// so their low bytes are right as well.
func narrow(raw []byte, size int) []byte {
	n := len(raw) / 8
	for i := range n {
		copy(raw[i*size:(i+1)*size], raw[8*i:])
	}
	return raw[: n*size : n*size]
}

func (d *decoder) declaration(data []byte, what string) *ValueInfo {
	v := &ValueInfo{}
	for f := range d.fields(data, what) {
		switch f.number {
		case valueName:
			v.Name = d.text(f)
		case valueDoc:
			v.Doc = d.text(f)
		case valueType:
			for f := range d.fields(d.message(f), "type") {
				switch f.number {
				case typeTensor:
					d.arrayType(v, d.message(f))
				case 4, 5, 7, 8, 9: // sequence, map, opaque, sparse tensor, optional
					d.fail("%s %q is not a tensor, which is not supported", what, v.Name)
				}
			}
		}
	}
	return v
}

func (d *decoder) arrayType(v *ValueInfo, data []byte) {
	for f := range d.fields(data, "tensor_type") {
		switch f.number {
		case arrayType:
			v.Type = DataType(d.integer(f))
		case arrayShape:
			v.Dims = []Dim{}
			for f := range d.fields(d.message(f), "shape") {
				if f.number != shapeDim {
					continue
				}
				dim := Dim{Size: -1}
				for f := range d.fields(d.message(f), "dim") {
					switch f.number {
					case dimSize:
						if dim.Size = d.integer(f); dim.Size < 0 {
							d.fail("%q: dimension %d is negative (%d)", v.Name, len(v.Dims), dim.Size)
						}
					case dimName:
						dim.Name = d.text(f)
					}
				}
				if v.Dims = append(v.Dims, dim); len(v.Dims) > maxRank {
					d.fail("%q has more than %d dimensions", v.Name, maxRank)
				}
			}
		}
	}
}

// message returns the bytes of a field that holds a message or raw data.
func (d *decoder) message(f field) []byte {
	if f.kind != protowire.BytesType {
		d.fail("field %d has the wrong wire type %d", f.number, f.kind)
	}
	return f.bytes
}

func (d *decoder) text(f field) string { return string(d.message(f)) }

func (d *decoder) integer(f field) int64 {
	if f.kind != protowire.VarintType {
		d.fail("field %d has the wrong wire type %d", f.number, f.kind)
	}
	return int64(f.bits)
}

func (d *decoder) float(f field) float32 {
	if f.kind != protowire.Fixed32Type {
		d.fail("field %d has the wrong wire type %d", f.number, f.kind)
	}
	return math.Float32frombits(uint32(f.bits))
}

// packed yields the numbers of a repeated field, which may come one by one or
// many in one run of bytes.
func (d *decoder) packed(f field, wire protowire.Type) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if f.kind == wire {
			yield(f.bits)
			return
		}
		for data := d.message(f); len(data) > 0; {
			v, n := number(data, wire)
			if n < 0 {
				d.fail("field %d is cut off", f.number)
				return
			}
			data = data[n:]
			if !yield(v) {
				return
			}
		}
	}
}

func number(data []byte, wire protowire.Type) (uint64, int) {
	switch wire {
	case protowire.Fixed32Type:
		v, n := protowire.ConsumeFixed32(data)
		return uint64(v), n
	case protowire.Fixed64Type:
		return protowire.ConsumeFixed64(data)
	}
	return protowire.ConsumeVarint(data)
}
