package onnx

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

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
			d.lacks("attribute %q refers to a function's attribute, which is not supported", a.Name)
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
		d.lacks("attribute %q has kind %d, which is not supported", a.Name, kind)
	}
	return a
}

func (d *decoder) tensor(data []byte, what string) *Tensor {
	t := &Tensor{}
	var raws, values int // fields of raw data; elements in typed fields
	elsewhere := false
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
			d.lacks("tensor %q is stored in segments, which is not supported", t.Name)
		case tensorExternal:
			if t.External == nil {
				t.External = &External{}
			}
			d.externalEntry(t.External, d.message(f))
		case tensorWhere:
			elsewhere = d.integer(f) != tensorInTheFile
		}
	}
	switch {
	case elsewhere && t.External == nil:
		d.fail("tensor %q has its data in another file, but does not say which", t.Name)
	case !elsewhere:
		t.External = nil
	case raws+values > 0:
		d.fail("tensor %q has data here and in another file", t.Name)
	default:
		d.external = true
	}
	if t.Type.Size() == 0 {
		d.lacks("tensor %q holds %v, which is not supported", t.Name, t.Type)
		return t
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

func (d *decoder) externalEntry(e *External, data []byte) {
	var key, value string
	for f := range d.fields(data, "external_data") {
		switch f.number {
		case propertyKey:
			key = d.text(f)
		case propertyValue:
			value = d.text(f)
		}
	}
	number := func() int64 {
		v, err := strconv.ParseInt(value, 10, 64)
		if err != nil || v < 0 {
			d.fail("external data: %s %q is not a number of bytes", key, value)
		}
		return v
	}
	switch key {
	case "location":
		e.Location = value
	case "offset":
		e.Offset = number()
	case "length":
		e.Length = number()
	}
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
					d.lacks("%s %q is not a tensor, which is not supported", what, v.Name)
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
