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

// Bounds that keep a hostile file from taking much more memory or stack than its own size
// justifies. Real models are far below them.
const (
	maxBytes    = 1<<31 - 1 // protobuf's own limit
	maxMessages = 1 << 19   // sum of nodes, attributes, tensors, declarations, dimensions and other messages
	maxDepth    = 8         // depth of graphs inside attributes of graphs
)

// Decode reads a model from the bytes of an .onnx file. The returned model is valid (see [Model.Validate])
// and may share memory with data. Unsupported features that change the meaning of a model (data in other
// files, local functions, sparse weights) are an error. Unknown fields are skipped, as protobuf requires.
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

// Inspect reads a model as far as this package can represent it. [Model.Beyond] lists features that it cannot represent,
// and weights may be in other files (see [Model.LoadExternal]). Models with neither are valid.
func Inspect(data []byte) (*Model, error) {
	if len(data) == 0 {
		return nil, errors.New("not an ONNX model: the file is empty")
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%d bytes, more than the 2 GiB that an ONNX model can have", len(data))
	}
	d := &decoder{}
	m := &Model{}
	d.part(data, "model", m)
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

// mistaken says what a file is that is no model, or returns "" if it does not recognize it.
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

// DecodeTensor reads a tensor from a file of its own, such as the test data of models.
func DecodeTensor(data []byte) (*Tensor, error) {
	d := &decoder{}
	t := &Tensor{}
	d.part(data, "tensor", t)
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

// brief shortens an error: names in a hostile file can be megabytes long.
func brief(err error) string {
	const limit = 300
	if s := err.Error(); len(s) > limit {
		return s[:limit] + " ..."
	}
	return err.Error()
}

// decoder has the state of decoding and the first error. Once err is set, the results of its
// methods are incomplete.
type decoder struct {
	err      error
	messages int
	depth    int      // of nested graphs
	what     string   // the message that is being read
	beyond   []string // features that are not represented; see Model.Beyond
	external bool     // there are weights in other files
}

// maxBeyond is the largest number of features that Model.Beyond names.
const maxBeyond = 8

// lacks records a feature that is not represented.
func (d *decoder) lacks(format string, args ...any) {
	if what := brief(fmt.Errorf(format, args...)); len(d.beyond) < maxBeyond && !slices.Contains(d.beyond, what) {
		d.beyond = append(d.beyond, what)
	}
}

// field is one field of a message. Its value is a number, in bits, or bytes.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bits   uint64
	bytes  []byte
}

// fields yields the fields of a message, and stops at the first error, in which what names
// the message.
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

// parse reads one field and returns its length in bytes, which is negative on error.
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

// part reads a message into p. what names it in errors.
func (d *decoder) part(data []byte, what string, p part) {
	if _, ok := p.(*Graph); ok {
		if d.depth++; d.depth > maxDepth {
			d.fail("graphs are nested more than %d deep", maxDepth)
		}
		defer func() { d.depth-- }()
	}
	outer := d.what
	d.what = what
	list, done := p.fields()
	d.entries(data, what, list)
	if done != nil {
		done(d)
	}
	d.what = outer
}

// entries reads the fields of a message that are in the list.
func (d *decoder) entries(data []byte, what string, list []entry) {
	for f := range d.fields(data, what) {
		if i := slices.IndexFunc(list, func(e entry) bool { return e.number == f.number }); i >= 0 {
			d.value(f, list[i].value)
		}
	}
}

// value reads a field into the value of its entry.
func (d *decoder) value(f field, to any) {
	switch to := to.(type) {
	case *string:
		*to = string(d.message(f))
	case *int64:
		*to = d.integer(f)
	case *DataType:
		*to = DataType(d.integer(f))
	case *float32:
		if f.kind != protowire.Fixed32Type {
			d.fail("field %d has the wrong wire type %d", f.number, f.kind)
		}
		*to = math.Float32frombits(uint32(f.bits))
	case *[]byte:
		*to = slices.Clip(d.message(f))
	case *[]string:
		*to = append(*to, string(d.message(f)))
	case *[]int64:
		for v := range d.packed(f, protowire.VarintType) {
			*to = append(*to, int64(v))
		}
	case *[]float32:
		for v := range d.packed(f, protowire.Fixed32Type) {
			*to = append(*to, math.Float32frombits(uint32(v)))
		}
	case messages:
		p, index := to.add()
		d.part(d.message(f), to.what, p)
		if n, ok := p.(*Node); ok && d.err != nil && d.depth == 1 {
			d.err = fmt.Errorf("node %d %s: %w", index, n.label(), d.err)
		}
	case group:
		if to.begin != nil {
			to.begin()
		}
		d.entries(d.message(f), to.what, to.fields)
	case special:
		to.read(d, f)
	}
}

// message returns the bytes of a field that holds a message or raw data.
func (d *decoder) message(f field) []byte {
	if f.kind != protowire.BytesType {
		d.fail("field %d has the wrong wire type %d", f.number, f.kind)
	}
	return f.bytes
}

func (d *decoder) integer(f field) int64 {
	if f.kind != protowire.VarintType {
		d.fail("field %d has the wrong wire type %d", f.number, f.kind)
	}
	return int64(f.bits)
}

// packed yields the numbers of a repeated field, which may be single or packed into one
// run of bytes.
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
