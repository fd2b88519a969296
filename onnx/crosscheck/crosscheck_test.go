package crosscheck_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/internal/stored"
)

// scaled is y = x * t.
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

// forward is what scaled computes, off by an error in one element.
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

// TestReference compares the runtimes on stored models, whose shapes may be fixed.
func TestReference(t *testing.T) {
	for _, c := range stored.Cases(t) {
		t.Run(c.ID, func(t *testing.T) {
			report, err := crosscheck.Run(context.Background(), c.Bytes(t), crosscheck.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Rows {
				if r.Exceeds(1e-5) { // of two float32 evaluations of a few layers
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
	strange.Graph.Inputs[1].Dims = strange.Graph.Inputs[0].Dims[:3]
	flat := scaled()
	flat.Graph.Inputs[0].Dims = flat.Graph.Inputs[0].Dims[:1]
	for name, c := range map[string]struct {
		m    *onnx.Model
		o    crosscheck.Options
		want string
	}{
		"infinite":     {infinite, crosscheck.Options{}, "+Inf"},
		"fixed shape":  {fixed, crosscheck.Options{Shapes: [][]int{{1, 3, 8, 9}}}, "1x3x8x9"},
		"rank":         {scaled(), crosscheck.Options{Shapes: [][]int{{1, 3, 8}}}, "1x3x8"},
		"zero":         {scaled(), crosscheck.Options{Shapes: [][]int{{1, 3, 0, 8}}}, "1x3x0x8"},
		"large":        {scaled(), crosscheck.Options{Shapes: [][]int{{1 << 20, 3, 1 << 20, 8}}}, "too large"},
		"other input":  {strange, crosscheck.Options{}, "neither"},
		"no image":     {flat, crosscheck.Options{}, "no input of images"},
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
	for _, bad := range []string{"", "1", "1x3x32", "1x3x32xx", "axbxcxd", "1x3x32x32,", "1x-3x32x32", "1x3x99999x99999"} {
		if _, err := crosscheck.ParseShapes(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
