package crosscheck_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/internal/stored"
)

// scaled is the model y = x * t.
func scaled(dims ...onnx.Dim) *onnx.Model {
	if dims == nil {
		dims = []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(3), onnx.Symbolic("H"), onnx.Symbolic("W")}
	}
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name: "scaled",
		Inputs: []*onnx.ValueInfo{
			{Name: "x", Type: onnx.Float32, Dims: dims},
			{Name: "t", Type: onnx.Float32, Dims: dims[:1]},
		},
		Initializers: []*onnx.Tensor{onnx.NewInts("column", []int64{4}, []int64{-1, 1, 1, 1})},
		Nodes: []*onnx.Node{
			{Op: "Reshape", Inputs: []string{"t", "column"}, Outputs: []string{"c"}},
			{Op: "Mul", Inputs: []string{"x", "c"}, Outputs: []string{"y"}},
		},
		Outputs: []*onnx.ValueInfo{{Name: "y", Type: onnx.Float32, Dims: dims}},
	}}
}

func encode(t *testing.T, m *onnx.Model) []byte {
	t.Helper()
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// forward computes what scaled does, with an error in one element.
func forward(off float32) crosscheck.Forward {
	return func(x onnx.Value, t []float32) (onnx.Value, error) {
		y := onnx.Value{Shape: x.Shape, Data: slices.Clone(x.Data)}
		per := len(y.Data) / len(t)
		for i := range y.Data {
			y.Data[i] *= t[i/per]
		}
		y.Data[len(y.Data)-1] += off
		return y, nil
	}
}

func TestForward(t *testing.T) {
	data := encode(t, scaled())
	for _, off := range []float32{0, 0.25} {
		report, err := crosscheck.Run(context.Background(), data, crosscheck.Options{Seed: 3, Forward: forward(off)})
		if err != nil {
			t.Fatal(err)
		}
		shapes := map[string]bool{}
		for _, r := range report.Rows {
			shapes[r.Shape] = true
			if r.Reference || math.Abs(r.MaxAbs-float64(off)) > 1e-6 || r.Exceeds(1e-4) != (off != 0) || r.Milliseconds < 0 {
				t.Errorf("off by %v: row %+v", off, r)
			}
		}
		if len(shapes) < 2 {
			t.Errorf("only the shapes %v were tried", shapes)
		}
		if got := report.MaxAbs(crosscheck.OnnxGo); math.Abs(got-float64(off)) > 1e-6 {
			t.Errorf("off by %v: worst is %v", off, got)
		}
		if !math.IsNaN(report.MaxAbs("none")) {
			t.Error("a runtime that did not run has a difference")
		}
	}
}

func TestInputsDependOnSeedAndShapeOnly(t *testing.T) {
	seen := func(seed uint64, shapes [][]int) (all [][]float32) {
		_, err := crosscheck.Run(context.Background(), encode(t, scaled()), crosscheck.Options{Seed: seed, Shapes: shapes, Forward: func(x onnx.Value, n []float32) (onnx.Value, error) {
			all = append(all, slices.Clone(x.Data))
			return forward(0)(x, n)
		}})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	small, large := []int{1, 3, 2, 2}, []int{2, 3, 4, 2}
	a, b, c := seen(1, [][]int{small, large}), seen(1, [][]int{large}), seen(2, [][]int{large})
	if !slices.Equal(a[1], b[0]) {
		t.Error("inputs depend on the shapes that came before")
	}
	if slices.Equal(b[0], c[0]) {
		t.Error("inputs do not depend on the seed")
	}
}

// TestReference compares the runtimes on stored models. Some have fixed shapes.
func TestReference(t *testing.T) {
	for _, c := range stored.Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			report, err := crosscheck.Run(context.Background(), c.Bytes(t), crosscheck.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Rows {
				if r.Exceeds(1e-5) { // rounding in a few layers
					t.Errorf("%+v", r)
				}
			}
			for _, n := range report.Notes {
				t.Log(n)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	infinite := scaled()
	infinite.Graph.Nodes = append(infinite.Graph.Nodes, &onnx.Node{Op: "Sub", Inputs: []string{"y", "y"}, Outputs: []string{"z"}}, &onnx.Node{Op: "Reciprocal", Inputs: []string{"z"}, Outputs: []string{"r"}})
	infinite.Graph.Outputs[0].Name = "r"
	fixed := scaled(onnx.Fixed(1), onnx.Fixed(3), onnx.Fixed(8), onnx.Fixed(8))
	strange := scaled()
	strange.Graph.Nodes[0].Op = "Magic"
	flat := scaled()
	flat.Graph.Inputs[0].Dims = flat.Graph.Inputs[0].Dims[:1]
	wide := scaled()
	wide.Graph.Nodes = append(wide.Graph.Nodes, &onnx.Node{Op: "Expand", Inputs: []string{"y", "s"}, Outputs: []string{"z"}})
	wide.Graph.Initializers = append(wide.Graph.Initializers, onnx.NewInts("s", []int64{5}, []int64{1 << 20, 1, 1, 1, 1}))
	wide.Graph.Outputs[0] = &onnx.ValueInfo{Name: "z", Type: onnx.Float32}
	for name, c := range map[string]struct {
		m    *onnx.Model
		o    crosscheck.Options
		want string
	}{
		"infinite":     {infinite, crosscheck.Options{Forward: forward(0)}, "+Inf"},
		"fixed shape":  {fixed, crosscheck.Options{Shapes: [][]int{{1, 3, 8, 9}}}, "1x3x8x9"},
		"rank":         {scaled(), crosscheck.Options{Shapes: [][]int{{1, 3, 8}}}, "1x3x8"},
		"zero":         {scaled(), crosscheck.Options{Shapes: [][]int{{1, 3, 0, 8}}}, "1x3x0x8"},
		"large":        {scaled(), crosscheck.Options{Shapes: [][]int{{1 << 20, 3, 1 << 20, 8}}}, "too large"},
		"unknown":      {strange, crosscheck.Options{}, "no runtime runs the model at the shapes 1x3x32x32, 2x3x24x40, 3x3x40x16\nonnx-go: node 0 (result \"c\"): operation \"Magic\" is not supported"},
		"memory":       {wide, crosscheck.Options{}, "too large"},
		"no image":     {flat, crosscheck.Options{Shapes: [][]int{{1, 3, 8, 8}}}, "does not fit input \"x\", which wants (N)"},
		"no library":   {scaled(), crosscheck.Options{Library: "none.so"}, "none.so"},
		"wrong shape":  {scaled(), crosscheck.Options{Forward: func(x onnx.Value, _ []float32) (onnx.Value, error) { return onnx.Value{}, nil }}, "shapes"},
		"broken":       {scaled(), crosscheck.Options{Forward: func(x onnx.Value, _ []float32) (onnx.Value, error) { return x, errors.New("broken") }}, "broken"},
		"many outputs": {twoOutputs(), crosscheck.Options{Forward: forward(0)}, "2 outputs"},
	} {
		_, err := crosscheck.Run(context.Background(), encode(t, c.m), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := crosscheck.Run(ctx, encode(t, scaled()), crosscheck.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// image makes a model from x to y with one node.
func image(op string, in, out *onnx.ValueInfo, attributes ...*onnx.Attribute) *onnx.Model {
	return &onnx.Model{IRVersion: 8, Opsets: []onnx.Opset{{Version: 17}}, Graph: &onnx.Graph{
		Name: "image", Inputs: []*onnx.ValueInfo{in}, Outputs: []*onnx.ValueInfo{out},
		Nodes: []*onnx.Node{{Op: op, Inputs: []string{in.Name}, Outputs: []string{out.Name}, Attributes: attributes}},
	}}
}

func value(name string, d onnx.DataType, dims ...onnx.Dim) *onnx.ValueInfo {
	return &onnx.ValueInfo{Name: name, Type: d, Dims: dims}
}

// TestForeign checks models like those of other tools: with inputs of other types, ranks and layouts, and outputs of other
// types.
func TestForeign(t *testing.T) {
	n, h, w := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	to := func(d onnx.DataType) *onnx.Attribute { return &onnx.Attribute{Name: "to", Value: int64(d)} }
	infinite := image("Log", value("x", onnx.Float32, n, h), value("y", onnx.Float32, n, h)) // of negative numbers: NaN
	old := image("Relu", value("x", onnx.Float32, n, onnx.Fixed(3), h, w), value("y", onnx.Float32, n, onnx.Fixed(3), h, w))
	old.Opsets[0].Version = 7
	for name, c := range map[string]struct {
		m         *onnx.Model
		shape     string // the first
		tolerance float64
	}{
		"channels last": {image("Relu", value("x", onnx.Float32, n, h, w, onnx.Fixed(3)), value("y", onnx.Float32, n, h, w, onnx.Fixed(3))), "1x32x32x3", 1e-4},
		"float16":       {image("Relu", value("x", onnx.Float16, n, onnx.Fixed(1), h, w), value("y", onnx.Float16, n, onnx.Fixed(1), h, w)), "1x1x32x32", 1e-2},
		"bytes":         {image("Cast", value("x", onnx.Uint8, n, h, w, onnx.Fixed(4)), value("y", onnx.Float32), to(onnx.Float32)), "1x32x32x4", 1e-4},
		"integers":      {image("Cast", value("x", onnx.Float32, n, h), value("y", onnx.Int64, n, h), to(onnx.Int64)), "1x32", 1e-4},
		"truth values":  {image("Not", value("x", onnx.Bool, n), value("y", onnx.Bool, n)), "1", 1e-4},
		"scalar":        {image("Exp", value("x", onnx.Float32, []onnx.Dim{}...), value("y", onnx.Float32)), "scalar", 1e-4},
		"float64":       {image("Neg", value("x", onnx.Float64, n, h, w), value("y", onnx.Float64, n, h, w)), "1x32x32", 1e-4},
		"no numbers":    {infinite, "1x32", 1e-4},
		"opset 7":       {old, "1x3x32x32", 1e-4},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := crosscheck.Run(context.Background(), encode(t, c.m), crosscheck.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if report.Rows[0].Shape != c.shape || report.Rows[0].Runtime != crosscheck.OnnxGo || report.Tolerance != c.tolerance {
				t.Errorf("rows %+v, tolerance %v", report.Rows, report.Tolerance)
			}
			if worst, ok := report.Worst(0); ok && name != "no numbers" {
				t.Errorf("%+v", worst)
			}
			if worst, ok := report.Worst(c.tolerance); ok {
				t.Errorf("%+v", worst)
			}
		})
	}
}

// TestOpsets: older and newer opsets in which the operation is the same give the same result.
func TestOpsets(t *testing.T) {
	n, h, w := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	for opset := int64(7); opset <= 23; opset++ {
		m := image("LeakyRelu", value("x", onnx.Float32, n, onnx.Fixed(3), h, w), value("y", onnx.Float32, n, onnx.Fixed(3), h, w))
		m.Opsets[0].Version = opset
		report, err := crosscheck.Run(context.Background(), encode(t, m), crosscheck.Options{Seed: 1, Shapes: [][]int{{1, 3, 8, 8}}})
		if err != nil || report.Rows[0].Runtime != crosscheck.OnnxGo {
			t.Errorf("opset %d: %+v, %v", opset, report, err)
			continue
		}
		if worst, ok := report.Worst(1e-6); ok {
			t.Errorf("opset %d: %+v", opset, worst)
		}
	}
}

// TestOneRuntime: only ONNX Runtime runs a model with a local function, which this project does not support.
func TestOneRuntime(t *testing.T) {
	const functions = 25 // field of onnx.proto
	function := protowire.AppendTag(nil, 1, protowire.BytesType)
	function = protowire.AppendString(function, "F") // its name; nothing calls it
	for _, field := range []protowire.Number{4, 5, 7} {
		function = protowire.AppendTag(function, field, protowire.BytesType)
		switch field {
		case 4:
			function = protowire.AppendString(function, "a")
		case 5:
			function = protowire.AppendString(function, "b")
		case 7:
			node := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "a")
			node = protowire.AppendString(protowire.AppendTag(node, 2, protowire.BytesType), "b")
			node = protowire.AppendString(protowire.AppendTag(node, 4, protowire.BytesType), "Relu")
			function = protowire.AppendBytes(function, node)
		}
	}
	function = protowire.AppendBytes(protowire.AppendTag(function, 9, protowire.BytesType), []byte{2 << 3, 17}) // opset
	function = protowire.AppendString(protowire.AppendTag(function, 10, protowire.BytesType), "here")
	data := protowire.AppendBytes(protowire.AppendTag(encode(t, scaled()), functions, protowire.BytesType), function)
	data = protowire.AppendBytes(protowire.AppendTag(data, 8, protowire.BytesType), append(protowire.AppendString([]byte{1<<3 | 2}, "here"), 2<<3, 1))
	report, err := crosscheck.Run(context.Background(), data, crosscheck.Options{Seed: 1})
	if err != nil { // without ONNX Runtime
		if !strings.Contains(err.Error(), "no runtime runs the model at the shapes 1x3x32x32, 2x3x24x40, 3x3x40x16\nonnx-go: local functions are not supported") || strings.Contains(err.Error(), "onnxruntime:") {
			t.Error(err)
		}
		return
	}
	if report.Rows[0].Runtime != crosscheck.ONNXRuntime || !slices.Contains(report.Notes, "not run in onnx-go: local functions are not supported") {
		t.Errorf("%+v", report)
	}
}

// TestExceeds: the tolerance is relative to the largest value if that is above 1.
func TestExceeds(t *testing.T) {
	for _, c := range []struct {
		difference, largest float64
		want                bool
	}{
		{1e-4, 0, false}, {1.1e-4, 0.5, true}, {1e-4, 1, false}, {0.05, 1000, false}, {0.2, 1000, true}, {math.NaN(), 1, true}, {math.Inf(1), 1, true},
	} {
		r := crosscheck.Row{MaxAbs: c.difference, Largest: c.largest}
		if got := r.Exceeds(crosscheck.Tolerance); got != c.want {
			t.Errorf("%+v: %v", r, got)
		}
	}
	report := crosscheck.Report{Rows: []crosscheck.Row{{MaxAbs: 0.2, Largest: 1000}, {MaxAbs: 1e-3, Largest: 1, Runtime: "worst"}, {MaxAbs: 1e-5}}}
	if worst, ok := report.Worst(crosscheck.Tolerance); !ok || worst.Runtime != "worst" {
		t.Errorf("%+v, %v", worst, ok)
	}
}

func twoOutputs() *onnx.Model {
	m := scaled()
	m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: "c", Type: onnx.Float32})
	return m
}

func TestParseShapes(t *testing.T) {
	got, err := crosscheck.ParseShapes("1x3x32x32, 2x3x4x5")
	if err != nil || len(got) != 2 || !slices.Equal(got[1], []int{2, 3, 4, 5}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"1x3x8x8,1x3x8x8", "", "1", "1x3x32", "1x3x32xx", "axbxcxd", "1x3x32x32,", "1x-3x32x32", "1x3x99999x99999"} {
		if _, err := crosscheck.ParseShapes(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
