//go:build cgo

package runtime

import (
	"encoding/binary"
	"fmt"
	"reflect"

	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/onnx"
)

// tensorsOf make tensors of the types that Go has.
var tensorsOf = map[onnx.DataType]func(v onnx.Value) (ort.Value, error){
	onnx.Float32: func(v onnx.Value) (ort.Value, error) { return typed(v, v.Data) },
	onnx.Float64: converted[float64], onnx.Int8: converted[int8], onnx.Int16: converted[int16], onnx.Int32: converted[int32], onnx.Int64: converted[int64],
	onnx.Uint8: converted[uint8], onnx.Uint16: converted[uint16], onnx.Uint32: converted[uint32], onnx.Uint64: converted[uint64],
	onnx.Bool: func(v onnx.Value) (ort.Value, error) {
		truth := make([]bool, len(v.Data))
		for i, x := range v.Data {
			truth[i] = x != 0
		}
		return typed(v, truth)
	},
}

// tensorOf makes a tensor of the declared type from numbers.
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
	return ort.NewCustomDataTensor(shapeOf(v), raw, ort.TensorElementDataType(d)) // the numbers are the same
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

func shapeOf(v onnx.Value) ort.Shape {
	shape := make(ort.Shape, len(v.Shape))
	for i, d := range v.Shape {
		shape[i] = int64(d)
	}
	return shape
}

// destroy frees values; some are nil after an error.
func destroy(values []ort.Value) {
	for _, v := range values {
		if v != nil && !reflect.ValueOf(v).IsNil() {
			v.Destroy()
		}
	}
}

// result is how an output is fetched.
type result struct {
	name    string // of the output
	fetched string // the requested value
	wrapped bool   // it has an axis of length one in front
}

// fetchable adds nodes to the file of a model that turn outputs into tensors of float32 of rank one or more:
// the binding cannot return others. In protobuf, what is appended to a message is merged into it.
func fetchable(m *onnx.Model, data []byte) (results []result, patched []byte) {
	var graph []byte
	for i, out := range m.Graph.Outputs {
		r := result{out.Name, out.Name, false}
		isFloat := out.Type == onnx.Float32
		if isFloat && len(out.Dims) > 0 {
			results = append(results, r)
			continue
		}
		r = result{out.Name, fmt.Sprintf("multiscale/fetched%d", i), true}
		from := out.Name
		if !isFloat {
			cast := fmt.Sprintf("multiscale/cast%d", i)
			graph = node(graph, "Cast", []string{from}, cast, "to", int64(onnx.Float32))
			from = cast
		}
		axes := fmt.Sprintf("multiscale/axes%d", i)
		if m.Opset() < 13 {
			graph = node(graph, "Unsqueeze", []string{from}, r.fetched, "axes", []int64{0})
		} else {
			graph = node(graph, "Constant", nil, axes, "value_ints", []int64{0})
			graph = node(graph, "Unsqueeze", []string{from, axes}, r.fetched, "", nil)
		}
		// A declaration of type float32 without a shape.
		kind := message(nil, 1, protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(onnx.Float32)))
		graph = message(graph, 12, message(message(nil, 1, []byte(r.fetched)), 2, kind))
		results = append(results, r)
	}
	if graph == nil {
		return results, data
	}
	return results, message(append([]byte(nil), data...), 7, graph)
}

// node appends a node with at most one attribute to a graph. The numbers are those of onnx.proto.
func node(graph []byte, op string, inputs []string, output, attribute string, value any) []byte {
	var n []byte
	for _, in := range inputs {
		n = message(n, 1, []byte(in))
	}
	n = message(message(n, 2, []byte(output)), 4, []byte(op))
	if attribute != "" {
		a := message(nil, 1, []byte(attribute))
		number := func(field protowire.Number, v int64) {
			a = protowire.AppendVarint(protowire.AppendTag(a, field, protowire.VarintType), uint64(v))
		}
		switch v := value.(type) {
		case int64:
			number(3, v)
			number(20, 2)
		case []int64:
			for _, x := range v {
				number(8, x)
			}
			number(20, 7)
		}
		n = message(n, 5, a)
	}
	return message(graph, 1, n)
}

func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}
