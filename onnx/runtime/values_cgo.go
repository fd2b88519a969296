//go:build cgo

package runtime

import (
	"encoding/binary"
	"fmt"
	"reflect"

	ort "github.com/yalue/onnxruntime_go"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// tensorsOf has the functions that make tensors of the types that Go has.
var tensorsOf = map[onnx.DataType]func(v onnx.Value) (ort.Value, error){
	onnx.Float32: func(v onnx.Value) (ort.Value, error) { return typed(v, v.Data) },
	onnx.Float64: converted[float64], onnx.Int8: converted[int8], onnx.Int16: converted[int16], onnx.Int32: converted[int32], onnx.Int64: converted[int64],
	onnx.Uint8: converted[uint8], onnx.Uint16: converted[uint16], onnx.Uint32: converted[uint32], onnx.Uint64: converted[uint64],
	onnx.Bool: func(v onnx.Value) (ort.Value, error) {
		return typed(v, lists.Of(v.Data, func(x float32) bool { return x != 0 }))
	},
}

// tensorOf makes a tensor of the declared type from float32 numbers.
func tensorOf(d onnx.DataType, v onnx.Value) (ort.Value, error) {
	if make := tensorsOf[d]; make != nil {
		return make(v)
	}
	bits, raw := onnx.Float16Bits, []byte(nil)
	switch d {
	case onnx.Float16:
	case onnx.BFloat16:
		bits = onnx.BFloat16Bits
	default:
		return nil, fmt.Errorf("%v is not supported", d)
	}
	for _, x := range v.Data {
		raw = binary.LittleEndian.AppendUint16(raw, bits(x))
	}
	return ort.NewCustomDataTensor(shapeOf(v), raw, ort.TensorElementDataType(d)) // both have ONNX's numbers of types
}

func converted[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float64](v onnx.Value) (ort.Value, error) {
	out := make([]T, len(v.Data))
	for i, x := range v.Data {
		out[i] = T(x)
	}
	return typed(v, out)
}

func typed[T ort.TensorData](v onnx.Value, data []T) (ort.Value, error) {
	if len(v.Shape) == 0 {
		return ort.NewScalar(data[0])
	}
	return ort.NewTensor(shapeOf(v), data)
}

func shapeOf(v onnx.Value) ort.Shape { return lists.To[int64](v.Shape) }

// destroy frees values; some are nil after an error.
func destroy(values []ort.Value) {
	for _, v := range values {
		if v != nil && !reflect.ValueOf(v).IsNil() {
			v.Destroy()
		}
	}
}

// result says how an output is fetched.
type result struct {
	name    string // of the output
	fetched string // name of the requested value
	wrapped bool   // the value has an additional first axis of length one
}

// fetchable adds nodes to the file of a model that convert outputs to tensors of float32 with at least one axis,
// because the binding cannot return others. See [onnx.Graph.AppendTo].
func fetchable(m *onnx.Model, data []byte) (results []result, patched []byte) {
	var more onnx.Graph
	add := func(op string, inputs []string, output string, attributes ...*onnx.Attribute) {
		more.Nodes = append(more.Nodes, &onnx.Node{Op: op, Inputs: inputs, Outputs: []string{output}, Attributes: attributes})
	}
	for i, out := range m.Graph.Outputs {
		isFloat := out.Type == onnx.Float32
		if isFloat && len(out.Dims) > 0 {
			results = append(results, result{out.Name, out.Name, false})
			continue
		}
		r := result{out.Name, fmt.Sprintf("multiscale/fetched%d", i), true}
		from := out.Name
		if !isFloat {
			cast := fmt.Sprintf("multiscale/cast%d", i)
			add("Cast", []string{from}, cast, &onnx.Attribute{Name: "to", Value: int64(onnx.Float32)})
			from = cast
		}
		axes := fmt.Sprintf("multiscale/axes%d", i)
		if m.Opset() < 13 {
			add("Unsqueeze", []string{from}, r.fetched, &onnx.Attribute{Name: "axes", Value: []int64{0}})
		} else {
			add("Constant", nil, axes, &onnx.Attribute{Name: "value_ints", Value: []int64{0}})
			add("Unsqueeze", []string{from, axes}, r.fetched)
		}
		more.Outputs = append(more.Outputs, &onnx.ValueInfo{Name: r.fetched, Type: onnx.Float32})
		results = append(results, r)
	}
	if more.Nodes == nil {
		return results, data
	}
	return results, more.AppendTo(data)
}
