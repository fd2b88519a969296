package backend

import (
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// Elements are held in one of three forms: floating-point types as float32, integers as int64, truth values
// as bool. After each operation a result is converted to the values of its own type: rounded to float16 or
// bfloat16, or wrapped to the width of its integers. Therefore float64 has only float32's precision, and
// uint64 is not supported, because int64 cannot represent all of its values.

// held returns the form of a type. ok is false if the type is not supported.
func held(d onnx.DataType) (form tensor.Dtype, ok bool) {
	switch d {
	case onnx.Float32, onnx.Float16, onnx.BFloat16, onnx.Float64:
		return tensor.Float32, true
	case onnx.Int64, onnx.Int32, onnx.Int16, onnx.Int8, onnx.Uint32, onnx.Uint16, onnx.Uint8:
		return tensor.Int64, true
	case onnx.Bool:
		return tensor.Bool, true
	}
	return tensor.Dtype{}, false
}

func isFloat(d onnx.DataType) bool {
	form, ok := held(d)
	return ok && form == tensor.Float32
}

func isInteger(d onnx.DataType) bool {
	form, ok := held(d)
	return ok && form == tensor.Int64
}

// alloc returns memory for n elements of a type.
func alloc(d onnx.DataType, n int) any {
	switch {
	case isInteger(d):
		return make([]int64, n)
	case d == onnx.Bool:
		return make([]bool, n)
	}
	return make([]float32, n)
}

// wrapped has the functions that wrap an int64 to the width of each integer type.
var wrapped = map[onnx.DataType]func(x int64) int64{
	onnx.Int32:  func(x int64) int64 { return int64(int32(x)) },
	onnx.Int16:  func(x int64) int64 { return int64(int16(x)) },
	onnx.Int8:   func(x int64) int64 { return int64(int8(x)) },
	onnx.Uint32: func(x int64) int64 { return int64(uint32(x)) },
	onnx.Uint16: func(x int64) int64 { return int64(uint16(x)) },
	onnx.Uint8:  func(x int64) int64 { return int64(uint8(x)) },
}

// settle converts elements, in place, to values of their type.
func settle(d onnx.DataType, data any) {
	switch wrap := wrapped[d]; {
	case wrap != nil:
		each(data, wrap)
	case d == onnx.Float16:
		each(data, onnx.RoundFloat16)
	case d == onnx.BFloat16:
		each(data, onnx.RoundBFloat16)
	}
}

func each[T any](data any, f func(T) T) {
	for i, x := range data.([]T) {
		data.([]T)[i] = f(x)
	}
}

// imported converts a tensor of a model to an array.
func imported(t *onnx.Tensor) (*array, error) {
	a := &array{dtype: t.Type, shape: lists.To[int](t.Dims)}
	if isFloat(t.Type) {
		values, err := t.Numbers()
		a.data = values
		return a, err
	}
	values, err := t.Integers()
	a.data = values
	if t.Type == onnx.Bool {
		truth := make([]bool, len(values))
		for i, v := range values {
			truth[i] = v != 0
		}
		a.data = truth
	}
	return a, err
}

// ofFloats converts a value of float32 numbers to its declared type. Numbers are truncated to integers.
func ofFloats(d onnx.DataType, v onnx.Value) *array {
	a := &array{dtype: d, shape: v.Shape, data: v.Data}
	if d != onnx.Float32 {
		a.data = alloc(d, len(v.Data))
		convert(a.data, v.Data)
		settle(d, a.data)
	}
	return a
}

// toFloats returns the elements as float32 numbers.
func (a *array) toFloats() []float32 {
	if f, ok := a.data.([]float32); ok {
		return f
	}
	f := make([]float32, count(a.shape))
	convert(f, a.data)
	return f
}

// convert copies elements from any form to any other. Floating-point numbers are truncated to integers, as in C.
func convert(out, in any) {
	var at func(i int) (float32, int64, bool)
	switch x := in.(type) {
	case []float32:
		at = func(i int) (float32, int64, bool) { return x[i], int64(x[i]), x[i] != 0 }
	case []int64:
		at = func(i int) (float32, int64, bool) { return float32(x[i]), x[i], x[i] != 0 }
	case []bool:
		at = func(i int) (float32, int64, bool) { return float32(truth(x[i])), truth(x[i]), x[i] }
	}
	switch o := out.(type) {
	case []float32:
		for i := range o {
			o[i], _, _ = at(i)
		}
	case []int64:
		for i := range o {
			_, o[i], _ = at(i)
		}
	case []bool:
		for i := range o {
			_, _, o[i] = at(i)
		}
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
