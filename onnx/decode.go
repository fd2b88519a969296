package onnx

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

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
// the meaning of the model (data in other files, local functions, sparse weights), is
// an error; unknown fields are skipped, as protobuf has it.
func Decode(data []byte) (*Model, error) {
	m, err := Inspect(data)
	if err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("not a valid ONNX model: %s", brief(err))
	}
	return m, nil
}

// Inspect reads a model as far as this package can represent it: what it cannot is listed in
// [Model.Beyond], and weights may be in other files (see [Model.LoadExternal]). Models with neither are valid.
func Inspect(data []byte) (*Model, error) {
	if len(data) == 0 {
		return nil, errors.New("not an ONNX model: the file is empty")
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%d bytes, more than the 2 GiB that an ONNX model can have", len(data))
	}
	d := &decoder{}
	m := d.model(data)
	if d.err != nil {
		if other := mistaken(data); other != "" {
			return nil, fmt.Errorf("not an ONNX model: %s", other)
		}
		return nil, fmt.Errorf("not a readable ONNX model: %s", brief(d.err))
	}
	m.Beyond = d.beyond
	validate := m.Validate
	if len(m.Beyond) > 0 || d.external {
		validate = m.validateDeclared
	}
	if err := validate(); err != nil {
		return nil, fmt.Errorf("not a valid ONNX model: %s", brief(err))
	}
	return m, nil
}

// mistaken says what a file is that is taken for a model, empty when that is not known.
func mistaken(data []byte) string {
	head := data[:min(len(data), 64)]
	text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"))
	for beginning, what := range map[string]string{
		"version https://git-lfs": "it is a Git LFS pointer; git lfs pull fetches the model",
		"<!doctype html":          "it is a web page; the download went wrong",
		"<html":                   "it is a web page; the download went wrong",
		"PK\x03\x04":              "it is a zip archive, as PyTorch and Keras save models: export it as ONNX there",
		"\x80\x02":                "it is a pickle, as PyTorch saves models: export it as ONNX there",
		"\x89HDF":                 "it is an HDF5 file, as Keras saves models: export it as ONNX there",
		"\x1f\x8b":                "it is compressed by gzip: unpack it",
	} {
		if strings.HasPrefix(string(head), beginning) || strings.HasPrefix(text, beginning) {
			return what
		}
	}
	return ""
}

// DecodeTensor reads a tensor that is stored by itself, as test data of models are.
func DecodeTensor(data []byte) (*Tensor, error) {
	d := &decoder{}
	t := d.tensor(data, "tensor")
	if d.err == nil && len(d.beyond) > 0 {
		d.fail("%s", d.beyond[0])
	}
	if d.err != nil {
		return nil, fmt.Errorf("not a readable ONNX tensor: %s", brief(d.err))
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("not a valid ONNX tensor: %s", brief(err))
	}
	return t, nil
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
	beyond   []string // what is not represented, see Model.Beyond
	external bool     // there are weights in other files
}

// maxBeyond is how many things Model.Beyond names.
const maxBeyond = 8

// lacks notes what is not represented.
func (d *decoder) lacks(format string, args ...any) {
	if what := brief(fmt.Errorf(format, args...)); len(d.beyond) < maxBeyond && !slices.Contains(d.beyond, what) {
		d.beyond = append(d.beyond, what)
	}
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
	var parts [][]byte // of the graph
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
			parts = append(parts, d.message(f))
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
			d.lacks("local functions are not supported")
		}
	}
	// Protobuf joins a message that comes in parts.
	switch len(parts) {
	case 0:
	case 1:
		m.Graph = d.graph(parts[0])
	default:
		m.Graph = d.graph(slices.Concat(parts...))
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
			d.lacks("sparse initializers are not supported")
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
