package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// DataType is the element type of a tensor, numbered as in the ONNX standard.
type DataType int32

// The supported element types of tensors.
const (
	Undefined DataType = 0
	Float32   DataType = 1
	Uint8     DataType = 2
	Int8      DataType = 3
	Uint16    DataType = 4
	Int16     DataType = 5
	Int32     DataType = 6
	Int64     DataType = 7
	Bool      DataType = 9
	Float16   DataType = 10
	Float64   DataType = 11
	Uint32    DataType = 12
	Uint64    DataType = 13
	BFloat16  DataType = 16
)

var le = binary.LittleEndian

// dataTypes describes the types.
var dataTypes = map[DataType]struct {
	name    string
	size    int                    // bytes of an element
	number  func(b []byte) float32 // element from its bytes; nil unless it is a floating-point type
	integer func(b []byte) int64   // element from its bytes; nil unless it is an integer type or bool
}{
	Float32:  {"float32", 4, func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }, nil},
	Float64:  {"float64", 8, func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) }, nil},
	Float16:  {"float16", 2, func(b []byte) float32 { return float16(le.Uint16(b)) }, nil},
	BFloat16: {"bfloat16", 2, func(b []byte) float32 { return math.Float32frombits(uint32(le.Uint16(b)) << 16) }, nil},
	Int8:     {"int8", 1, nil, func(b []byte) int64 { return int64(int8(b[0])) }},
	Uint8:    {"uint8", 1, nil, func(b []byte) int64 { return int64(b[0]) }},
	Bool:     {"bool", 1, nil, func(b []byte) int64 { return int64(b[0]) }},
	Int16:    {"int16", 2, nil, func(b []byte) int64 { return int64(int16(le.Uint16(b))) }},
	Uint16:   {"uint16", 2, nil, func(b []byte) int64 { return int64(le.Uint16(b)) }},
	Int32:    {"int32", 4, nil, func(b []byte) int64 { return int64(int32(le.Uint32(b))) }},
	Uint32:   {"uint32", 4, nil, func(b []byte) int64 { return int64(le.Uint32(b)) }},
	Int64:    {"int64", 8, nil, func(b []byte) int64 { return int64(le.Uint64(b)) }},
	Uint64:   {"uint64", 8, nil, func(b []byte) int64 { return int64(le.Uint64(b)) }},
	// Unsupported types, named for errors.
	8: {name: "string"}, 14: {name: "complex64"}, 15: {name: "complex128"}, 17: {name: "float8e4m3fn"}, 18: {name: "float8e4m3fnuz"},
	19: {name: "float8e5m2"}, 20: {name: "float8e5m2fnuz"}, 21: {name: "uint4"}, 22: {name: "int4"}, 23: {name: "float4e2m1"}, 24: {name: "float8e8m0"},
}

// Size returns the number of bytes of an element, or 0 for an unsupported type.
func (d DataType) Size() int { return dataTypes[d].size }

func (d DataType) String() string {
	if t, ok := dataTypes[d]; ok {
		return t.name
	}
	return fmt.Sprintf("data type %d", int32(d))
}

// Tensor is a constant array in C order. Raw has the elements as little-endian bytes, regardless of their form in the
// file. It may share memory with the bytes that were decoded.
type Tensor struct {
	Name string
	Doc  string
	Type DataType
	Dims []int64
	Raw  []byte

	External *External // the place of the data if they are in another file, else nil
}

// External is the place of a tensor's data in another file.
type External struct {
	Location       string // path of the file, relative to the model's folder
	Offset, Length int64  // in bytes; Length is 0 if it is not given
}

// NewFloats makes a float32 tensor. The number of values must match dims.
func NewFloats(name string, dims []int64, values []float32) *Tensor {
	return &Tensor{Name: name, Type: Float32, Dims: dims, Raw: bytesOf(values)}
}

// NewInts makes an int64 tensor. The number of values must match dims.
func NewInts(name string, dims []int64, values []int64) *Tensor {
	return &Tensor{Name: name, Type: Int64, Dims: dims, Raw: bytesOf(values)}
}

func bytesOf[T float32 | int64](values []T) []byte {
	raw, _ := binary.Append(make([]byte, 0, binary.Size(values)), le, values) // cannot fail for numbers
	return raw
}

// Floats returns the elements of a float32 tensor.
func (t *Tensor) Floats() ([]float32, error) {
	if err := t.want(Float32); err != nil {
		return nil, err
	}
	values := make([]float32, len(t.Raw)/4)
	_, err := binary.Decode(t.Raw, le, values)
	return values, err
}

func (t *Tensor) want(d DataType) error {
	if t.Type != d {
		return fmt.Errorf("tensor %q holds %v, not %v", t.Name, t.Type, d)
	}
	return t.check()
}

// Bounds of a tensor. Protobuf limits a file to 2 GiB, so no tensor of a model can be larger.
const (
	maxRank     = 32
	maxElements = 1 << 31
)

// check returns an error if dims are invalid or do not match the data.
func (t *Tensor) check() error {
	size := t.Type.Size()
	if size == 0 {
		return fmt.Errorf("tensor %q: %v is not supported", t.Name, t.Type)
	}
	n, err := elements(t.Dims)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	if t.External != nil {
		return fmt.Errorf("tensor %q has its data in another file, %q, which has not been read", t.Name, brief(errors.New(t.External.Location)))
	}
	if n*int64(size) != int64(len(t.Raw)) {
		return fmt.Errorf("tensor %q: dims %v of %v need %d bytes, the data has %d", t.Name, t.Dims, t.Type, n*int64(size), len(t.Raw))
	}
	return nil
}

// elements returns the product of dims, or an error if it exceeds the bounds.
func elements(dims []int64) (int64, error) {
	if len(dims) > maxRank {
		return 0, fmt.Errorf("%d dimensions, at most %d are supported", len(dims), maxRank)
	}
	n := int64(1)
	for i, d := range dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("dimension %d is negative (%d)", i, d)
		case d > maxElements:
			return 0, fmt.Errorf("dimension %d is %d, larger than a model file can hold", i, d)
		}
		if n *= d; n > maxElements {
			return 0, fmt.Errorf("dims %v ask for more elements than a model file can hold", dims)
		}
	}
	return n, nil
}
