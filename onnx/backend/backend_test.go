package backend_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	onnxgo "github.com/owulveryck/onnx-go"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/onnx/backend"
)

// model makes a model with inputs and outputs of any shape.
func model(inputs, outputs string, constants []*onnx.Tensor, nodes ...*onnx.Node) *onnx.Model {
	g := &onnx.Graph{Name: "g", Nodes: nodes, Initializers: constants}
	for _, name := range strings.Fields(inputs) {
		g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: name, Type: onnx.Float32})
	}
	for _, name := range strings.Fields(outputs) {
		g.Outputs = append(g.Outputs, &onnx.ValueInfo{Name: name, Type: onnx.Float32})
	}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: g}
}

func node(op, in, out string, attributes ...*onnx.Attribute) *onnx.Node {
	return &onnx.Node{Op: op, Inputs: strings.Fields(in), Outputs: strings.Fields(out), Attributes: attributes}
}

func vector(v ...float32) onnx.Value { return onnx.Value{Shape: []int{len(v)}, Data: v} }

func TestShapesMayChange(t *testing.T) {
	m, err := backend.New(model("x", "y", nil, node("Mul", "x x", "s"), node("Add", "s x", "y")))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []onnx.Value{vector(1, 2), vector(3), vector(1, 2, 3), vector(4)} {
		out, err := m.Run(map[string]onnx.Value{"x": x})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Data {
			if got := out["y"].Data[i]; got != v*v+v {
				t.Errorf("x=%v: got %v", x.Data, out["y"].Data)
			}
		}
	}
}

// TestOutputs covers outputs that other nodes read, too, outputs that are inputs, weights or
// constants, and that results stay valid after the next run.
func TestOutputs(t *testing.T) {
	m, err := backend.New(model("x", "x s w k y", []*onnx.Tensor{onnx.NewFloats("w", []int64{1}, []float32{7})},
		node("Shape", "x", "n"), node("Cast", "n", "k", &onnx.Attribute{Name: "to", Value: int64(1)}),
		node("Mul", "x x", "s"), node("Add", "s w", "a"), node("Sub", "a s", "y")))
	if err != nil {
		t.Fatal(err)
	}
	first, err := m.Run(map[string]onnx.Value{"x": vector(1, 2)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Run(map[string]onnx.Value{"x": vector(5, 6)}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{"x": {1, 2}, "s": {1, 4}, "w": {7}, "k": {2}, "y": {7, 7}} {
		if got := first[name].Data; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestEqualHashes: Gorgonia confuses vectors with these two names, whose hashes are equal.
func TestEqualHashes(t *testing.T) {
	m, err := backend.New(model("x139599 x322382", "y", nil, node("Sub", "x139599 x322382", "y")))
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Run(map[string]onnx.Value{"x139599": vector(5, 3), "x322382": vector(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if y := out["y"].Data; y[0] != 4 || y[1] != 2 {
		t.Errorf("got %v, want 4 and 2", y)
	}
}

func TestConcurrentRuns(t *testing.T) {
	m, err := backend.New(model("x", "y", nil, node("Mul", "x x", "y")))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := float32(i)
			out, err := m.Run(map[string]onnx.Value{"x": vector(slices.Repeat([]float32{v}, i+1)...)})
			if err != nil || out["y"].Data[i] != v*v {
				t.Errorf("run %d: %v, %v", i, out, err)
			}
		})
	}
	wg.Wait()
}

// TestAsOnnxGoBackend uses the graph as in onnx-go's documentation of backends.
func TestAsOnnxGoBackend(t *testing.T) {
	m := model("x", "y", []*onnx.Tensor{onnx.NewInts("s", []int64{2}, []int64{2, 1})}, node("Exp", "x", "e"), node("Reshape", "e s", "y"))
	m.Graph.Inputs[0].Dims = []onnx.Dim{onnx.Fixed(2)}
	m.Graph.Outputs[0].Dims = []onnx.Dim{onnx.Fixed(2), onnx.Fixed(1)}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	graph := backend.NewGraph()
	decoded := onnxgo.NewModel(graph)
	if err := decoded.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := decoded.SetInput(0, tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 0}))); err != nil {
			t.Fatal(err)
		}
		if err := graph.Run(); err != nil {
			t.Fatal(err)
		}
		out, err := decoded.GetOutputTensors()
		if err != nil {
			t.Fatal(err)
		}
		if !out[0].Shape().Eq(tensor.Shape{2, 1}) || !slices.Equal(out[0].Data().([]float32), []float32{1, 1}) {
			t.Errorf("got %v", out[0])
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	weights := func(t *onnx.Tensor) *onnx.Model {
		return model("x", "y", []*onnx.Tensor{t}, node("Add", "x "+t.Name, "y"))
	}
	body := &onnx.Graph{Nodes: []*onnx.Node{node("Relu", "x", "r")}, Outputs: []*onnx.ValueInfo{{Name: "r"}}}
	old := model("x", "y", nil, node("Relu", "x", "y"))
	old.Opsets[0].Version = 29
	foreign := model("x", "y", nil, node("Relu", "x", "y"))
	foreign.Graph.Nodes[0].Domain = "com.example"
	integers := model("x", "y", nil, node("Relu", "x", "y"))
	integers.Graph.Inputs[0].Type = onnx.Uint64
	for name, c := range map[string]struct {
		m    *onnx.Model
		want string
	}{
		"unknown operation": {model("x", "y", nil, node("Frobnicate", "x", "y")), `node 0 (result "y"): operation "Frobnicate" is not supported`},
		"foreign domain":    {foreign, "com.example"},
		"new opset":         {old, "opset 29"},
		"subgraph":          {model("x", "y", nil, node("Relu", "x", "y", &onnx.Attribute{Name: "g", Value: body})), "graph"},
		"unsigned integers": {weights(&onnx.Tensor{Name: "w", Type: onnx.Uint64, Dims: []int64{1}, Raw: make([]byte, 8)}), "uint64"},
		"integer input":     {integers, "uint64"},
		"no nodes":          {model("x", "x", nil), "no nodes"},
		"missing weight":    {model("x", "y", nil, node("Add", "x w", "y")), `"w" is neither`},
	} {
		if _, err := backend.New(c.m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	x := vector(1, 2)
	ints := func(name string, v ...int64) []*onnx.Tensor {
		return []*onnx.Tensor{onnx.NewInts(name, []int64{int64(len(v))}, v)}
	}
	attribute := func(name string, v any) *onnx.Attribute { return &onnx.Attribute{Name: name, Value: v} }
	huge := []*onnx.Tensor{onnx.NewFloats("s", []int64{1}, []float32{1e20})}
	for name, c := range map[string]struct {
		m    *onnx.Model
		want string
	}{
		"huge expand":        {model("x", "y", ints("s", 1<<40, 2), node("Expand", "x s", "y")), "too large"},
		"overflow":           {model("x", "y", ints("s", 1<<21, 1<<21, 1<<21, 2), node("Expand", "x s", "y")), "too large"},
		"huge constant":      {model("x", "y", ints("s", 1<<28), node("ConstantOfShape", "s", "y")), "constants"},
		"many constants":     {model("x", "b", ints("s", 1<<23), node("ConstantOfShape", "s", "a"), node("Exp", "a", "b"), node("Exp", "b", "c")), "constants"},
		"negative shape":     {model("x", "y", ints("s", -2), node("Reshape", "x s", "y")), "not valid"},
		"wrong reshape":      {model("x", "y", ints("s", 3), node("Reshape", "x s", "y")), "cannot become"},
		"huge resize":        {model("x", "y", huge, &onnx.Node{Op: "Resize", Inputs: []string{"x", "", "s"}, Outputs: []string{"y"}}), "scale"},
		"broadcast":          {model("x", "y", []*onnx.Tensor{onnx.NewFloats("w", []int64{3}, make([]float32, 3))}, node("Add", "x w", "y")), "broadcast"},
		"position":           {model("x", "y", ints("k", 2), node("Gather", "x k", "y")), "out of range"},
		"axis":               {model("x", "y", nil, node("Softmax", "x", "y", attribute("axis", int64(4)))), "axis 4"},
		"too few operands":   {model("x", "y", nil, node("Add", "x", "y")), "operand 1 is missing"},
		"too many operands":  {model("x", "y", nil, node("Relu", "x x", "y")), "operands"},
		"unknown attribute":  {model("x", "y", nil, node("Relu", "x", "y", attribute("gain", int64(4)))), `attribute "gain"`},
		"attribute type":     {model("x", "y", nil, node("Softmax", "x", "y", attribute("axis", "last"))), `attribute "axis"`},
		"results":            {model("x", "m", nil, node("Relu", "x", "m y")), "result 1"},
		"rank":               {model("x", "y", []*onnx.Tensor{onnx.NewFloats("w", []int64{1}, make([]float32, 1))}, node("Conv", "x w", "y")), "shape [1]"},
		"division by zero":   {model("x", "y", ints("s", 0), node("Div", "s s", "d"), node("Cast", "d", "y", attribute("to", int64(1)))), "divide by zero"},
		"zero kernel":        {model("x", "y", ints("s", 1, 1, 2), node("Reshape", "x s", "r"), node("MaxPool", "r", "y", attribute("kernel_shape", []int64{0}))), "kernel"},
		"negative stride":    {model("x", "y", ints("s", 1, 1, 2), node("Reshape", "x s", "r"), node("MaxPool", "r", "y", attribute("kernel_shape", []int64{1}), attribute("strides", []int64{-1}))), "strides"},
		"unknown resize":     {model("x", "y", []*onnx.Tensor{onnx.NewFloats("s", []int64{1}, []float32{2})}, &onnx.Node{Op: "Resize", Inputs: []string{"x", "", "s"}, Outputs: []string{"y"}, Attributes: []*onnx.Attribute{attribute("mode", "spline")}}), "spline"},
		"matrices":           {model("x", "y", ints("s", 1, 2), node("Reshape", "x s", "r"), node("MatMul", "r r", "y")), "matrices"},
		"equation":           {model("x", "y", nil, node("Einsum", "x", "y", attribute("equation", "i,j->ij"))), "equation"},
		"unequal split":      {model("x", "y", ints("k", 1, 2), node("Split", "x k", "y z")), "cannot be split"},
		"cast":               {model("x", "y", nil, node("Cast", "x", "y", attribute("to", int64(17)))), "to=17"},
		"perm":               {model("x", "y", nil, node("Transpose", "x", "y", attribute("perm", []int64{1}))), "perm"},
		"statistics":         {model("x", "y", nil, node("BatchNormalization", "x x x x x", "y")), "do not fit"},
		"huge pads":          {model("x", "y", ints("p", 1<<40, 1<<40), node("Pad", "x p", "y")), "too large"},
		"negative pads":      {model("x", "y", ints("p", -2, -2), node("Pad", "x p", "y")), "leave nothing"},
		"resize between":     {model("x", "y", append(ints("s", 1<<14, 2), onnx.NewInts("t", []int64{2}, []int64{1, 1 << 20})), node("Expand", "x s", "e"), &onnx.Node{Op: "Resize", Inputs: []string{"e", "", "", "t"}, Outputs: []string{"y"}}), "too large"},
		"huge tile":          {model("x", "y", ints("k", 1<<40), node("Tile", "x k", "y")), "too large"},
		"endless window":     {model("x", "y", ints("s", 1, 1, 2), node("Reshape", "x s", "r"), node("LpPool", "r", "y", attribute("kernel_shape", []int64{1 << 28}), attribute("pads", []int64{1 << 28, 1 << 28}))), "too large"},
		"huge output":        {model("x", "y", ints("s", 1, 1, 2), node("Reshape", "x s", "r"), node("ConvTranspose", "r r", "y", attribute("output_shape", []int64{1 << 40}))), "too large"},
		"auto_pad":           {model("x", "y", ints("s", 1, 1, 2), node("Reshape", "x s", "r"), node("MaxPool", "r", "y", attribute("kernel_shape", []int64{1}), attribute("auto_pad", "SAME"))), "auto_pad=SAME"},
		"endless range":      {model("x", "y", []*onnx.Tensor{onnx.NewFloats("a", []int64{}, []float32{0}), onnx.NewFloats("b", []int64{}, []float32{1e30}), onnx.NewFloats("c", []int64{}, []float32{1})}, node("Range", "a b c", "y")), "too large"},
		"negative constants": {model("x", "y", ints("s", -5), node("ConstantOfShape", "s", "y")), "negative"},
	} {
		m, err := backend.New(c.m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = m.Run(map[string]onnx.Value{"x": x})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
}

func TestInputsAreChecked(t *testing.T) {
	m := model("x t", "y", nil, node("Mul", "x t", "y"))
	m.Graph.Inputs[0].Dims = []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(2)}
	m.Graph.Inputs[1].Dims = []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(1)}
	loaded, err := backend.New(m)
	if err != nil {
		t.Fatal(err)
	}
	x := onnx.Value{Shape: []int{1, 2}, Data: []float32{1, 2}}
	tt := onnx.Value{Shape: []int{1, 1}, Data: []float32{3}}
	for name, in := range map[string]map[string]onnx.Value{
		`"t" is missing`:    {"x": x},
		`no input "z"`:      {"x": x, "t": tt, "z": tt},
		"wants (N,2)":       {"x": tt, "t": tt},
		"N is already 1":    {"x": x, "t": {Shape: []int{2, 1}, Data: []float32{1, 2}}},
		"1 numbers for":     {"x": {Shape: []int{1, 2}, Data: []float32{1}}, "t": tt},
		"shape [-1 -1]":     {"x": {Shape: []int{-1, -1}, Data: []float32{1}}, "t": tt},
		"wants (N,2) again": {"x": vector(1, 2), "t": tt},
	} {
		_, err := loaded.Run(in)
		if want := strings.TrimSuffix(name, " again"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// TestEmpty: empty values pass through a model.
func TestEmpty(t *testing.T) {
	s := onnx.NewInts("s", []int64{1}, []int64{1})
	m, err := backend.New(model("x", "y n", []*onnx.Tensor{s}, node("Slice", "x s s", "e"), node("Exp", "e", "y"), node("ReduceSum", "e", "n")))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []onnx.Value{vector(1, 2), vector()} {
		out, err := m.Run(map[string]onnx.Value{"x": x})
		if err != nil {
			t.Fatal(err)
		}
		if y := out["y"]; !slices.Equal(y.Shape, []int{0}) || len(y.Data) != 0 || !slices.Equal(out["n"].Data, []float32{0}) {
			t.Errorf("got %v", out)
		}
	}
}

// TestValuesAsShapes: an input that is a list may be used as a shape; a picture may not.
func TestValuesAsShapes(t *testing.T) {
	m := model("x s", "y", nil, node("Reshape", "x s", "y"))
	m.Graph.Inputs[1].Type = onnx.Int64
	loaded, err := backend.New(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range [][]int{{2, 3}, {3, 2}, {6}, {2, 3}} {
		s := onnx.Value{Shape: []int{len(shape)}}
		for _, d := range shape {
			s.Data = append(s.Data, float32(d))
		}
		out, err := loaded.Run(map[string]onnx.Value{"x": vector(1, 2, 3, 4, 5, 6), "s": s})
		if err != nil || !slices.Equal(out["y"].Shape, shape) {
			t.Errorf("%v: got %v, %v", shape, out["y"], err)
		}
	}
	loaded, err = backend.New(model("x", "y", nil, node("Cast", "x", "s", &onnx.Attribute{Name: "to", Value: int64(7)}), node("Reshape", "x s", "y")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = loaded.Run(map[string]onnx.Value{"x": {Shape: []int{1, 2}, Data: []float32{1, 2}}})
	if err == nil || !strings.Contains(err.Error(), "values of the inputs") {
		t.Errorf("a picture as a shape: %v", err)
	}
}

// TestTypes covers inputs, weights and results of types other than float32. Inputs and results are
// float32 numbers.
func TestTypes(t *testing.T) {
	half := &onnx.Tensor{Name: "h", Type: onnx.Float16, Dims: []int64{1}, Raw: []byte{0, 0x3c}} // 1
	m := model("x i", "y k b", []*onnx.Tensor{half}, node("Add", "x h", "y"), node("Add", "i i", "k"), node("Equal", "i i", "b"))
	m.Graph.Inputs[0].Type, m.Graph.Inputs[1].Type = onnx.Float16, onnx.Uint8
	loaded, err := backend.New(m)
	if err != nil {
		t.Fatal(err)
	}
	out, err := loaded.Run(map[string]onnx.Value{"x": vector(2048, 0.5), "i": vector(200, 3.5)})
	if err != nil {
		t.Fatal(err)
	}
	// 2049 lies midway between two float16 numbers and rounds to the even one, 2048. In eight bits, 400 is 144.
	for name, want := range map[string][]float32{"y": {2048, 1.5}, "k": {144, 6}, "b": {1, 1}} {
		if got := out[name].Data; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
