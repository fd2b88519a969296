package backend_test

import (
	"fmt"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
)

// attributeNames are attributes of operators. A node gets a few of them, with values of any type.
var attributeNames = []string{
	"axes", "axis", "blocksize", "mode", "group", "kernel_shape", "pads", "strides", "dilations", "auto_pad", "ceil_mode", "output_shape", "output_padding",
	"alpha", "beta", "keepdims", "epsilon", "perm", "equation", "to", "value", "scales", "coordinate_transformation_mode", "nearest_mode", "antialias", "split",
	"starts", "ends", "num_outputs", "num_groups", "p", "largest", "k", "min", "max", "reduction", "batch_dims", "training_mode", "direction", "start", "end",
	"keep_aspect_ratio_policy", "padding_mode", "align_corners", "storage_order", "transA", "upper", "fmod", "exclude_outside", "allowzero", "shape",
}

var texts = []string{
	"SAME_UPPER", "SAME_LOWER", "VALID", "CRD", "linear", "cubic", "nearest", "reflect", "wrap", "edge", "align_corners", "half_pixel_symmetric", "tf_crop_and_resize",
	"ij,jk->ik", "...i->i", "ii", "add", "max", "border", "reflection", "not_larger", "tanh", "ceil",
}

// source returns the bytes of a fuzzer's input one by one, and zeros after them.
type source []byte

func (s *source) below(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

// number returns a small number, or one that is impossible in a shape.
func (s *source) number() int64 {
	if v := s.below(40); v < 36 {
		return int64(v) - 8
	}
	return []int64{1 << 40, -1 << 40, 1 << 62, -1 << 63}[s.below(4)]
}

func (s *source) numbers() []int64 {
	v := make([]int64, s.below(7))
	for i := range v {
		v[i] = s.number()
	}
	return v
}

func (s *source) attribute(name string) *onnx.Attribute {
	a := &onnx.Attribute{Name: name}
	switch s.below(6) {
	case 0, 1:
		a.Value = s.number()
	case 2, 3:
		a.Value = s.numbers()
	case 4:
		a.Value = texts[s.below(len(texts))]
	default:
		a.Value = float32(s.number()) / 4
	}
	return a
}

// model returns a model of one node with any operation on inputs x and w and on constants, and its inputs.
func (s *source) model() (*onnx.Model, map[string]onnx.Value) {
	operators := backend.Operators()
	n := &onnx.Node{Op: operators[(s.below(256)*256+s.below(256))%len(operators)], Outputs: []string{"y", "z"}[:1+s.below(2)]}
	m := &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: int64(28 - s.below(28))}}, Graph: &onnx.Graph{Nodes: []*onnx.Node{n}}}
	inputs := map[string]onnx.Value{}
	for _, name := range []string{"x", "w"} {
		v := onnx.Value{Shape: make([]int, s.below(6))}
		size := 1
		for i := range v.Shape {
			v.Shape[i] = s.below(5)
			size *= v.Shape[i]
		}
		v.Data = make([]float32, size)
		for i := range v.Data {
			v.Data[i] = float32(i%5) - 1
		}
		inputs[name] = v
		m.Graph.Inputs = append(m.Graph.Inputs, &onnx.ValueInfo{Name: name, Type: []onnx.DataType{onnx.Float32, onnx.Float32, onnx.Int64, onnx.Bool, onnx.Float16, onnx.Uint8}[s.below(6)]})
	}
	whole := s.numbers()
	real := make([]float32, s.below(6))
	for i := range real {
		real[i] = float32(s.number()) / 2
	}
	m.Graph.Initializers = []*onnx.Tensor{onnx.NewInts("i", []int64{int64(len(whole))}, whole), onnx.NewFloats("f", []int64{int64(len(real))}, real), onnx.NewInts("s", []int64{}, []int64{s.number()})}
	for range s.below(6) {
		n.Inputs = append(n.Inputs, []string{"x", "x", "w", "i", "f", "s", ""}[s.below(7)])
	}
	seen := map[string]bool{}
	for range s.below(6) {
		if name := attributeNames[s.below(len(attributeNames))]; !seen[name] {
			seen[name] = true
			n.Attributes = append(n.Attributes, s.attribute(name))
		}
	}
	for _, out := range n.Outputs {
		m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: out, Type: onnx.Float32})
	}
	return m, inputs
}

// FuzzOperators searches for nodes that crash, hang, or return a result that does not match its shape.
func FuzzOperators(f *testing.F) {
	for i := range 256 {
		f.Add([]byte{0, byte(i), 0, 3, 4, 1, 3, 4, 4, 0, 2, 4, 4, 0, 3, 9, 10, 11, 2, 9, 10, 2, 0, 2, byte(i), 0, 9})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := source(data)
		m, inputs := s.model()
		loaded, err := backend.New(m)
		if err != nil {
			return
		}
		shapes := map[string][]int{}
		for name, v := range inputs {
			shapes[name] = v.Shape
		}
		// Skip models that need much memory: they are valid.
		if f, err := loaded.Footprint(shapes); err == nil && f.Bytes > 1<<24 {
			return
		}
		out, err := loaded.Run(inputs)
		if err != nil {
			return
		}
		for name, v := range out {
			size := 1
			for _, d := range v.Shape {
				size *= d
			}
			if size != len(v.Data) {
				t.Errorf("%s: %d numbers for shape %v of %s", name, len(v.Data), v.Shape, fmt.Sprint(m.Graph.Nodes[0]))
			}
		}
	})
}

// FuzzLoad searches for models that Load accepts but on which onnx-go crashes.
func FuzzLoad(f *testing.F) {
	for _, m := range []*onnx.Model{
		model("x", "y", []*onnx.Tensor{onnx.NewFloats("w", []int64{2}, []float32{1, 2}), onnx.NewInts("e", []int64{0}, nil)}, node("Conv", "x w e", "y")),
		model("x", "y", nil, node("Constant", "", "c", &onnx.Attribute{Name: "value_ints", Value: []int64{1}}), node("Reshape", "x c", "y")),
		model("x", "y", []*onnx.Tensor{{Name: "h", Type: onnx.Float16, Dims: []int64{1}, Raw: []byte{0, 60}}},
			node("Constant", "", "c", &onnx.Attribute{Name: "value", Value: &onnx.Tensor{Type: onnx.Float16, Dims: []int64{1}, Raw: []byte{0, 60}}}), node("PRelu", "c h", "y")),
	} {
		data, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := backend.Load(data); err == nil {
			m.Close()
		}
	})
}
