package onnx_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"multiscale/onnx"
)

func TestDifference(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 2}, []float32{1, 2}, 0},
		{[]float32{1, 2}, []float32{0.5, 4}, 2},
		{[]float32{inf, nan}, []float32{inf, nan}, 0},
		{[]float32{1, nan, 2}, []float32{1, 1, 3}, math.NaN()},
		{[]float32{inf}, []float32{1}, math.Inf(1)},
	} {
		shape := []int{len(c.a)}
		got, err := onnx.Difference(onnx.Value{Shape: shape, Data: c.a}, onnx.Value{Shape: shape, Data: c.b})
		if err != nil || got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v and %v: %v (%v), want %v", c.a, c.b, got, err, c.want)
		}
	}
	if _, err := onnx.Difference(onnx.Value{Shape: []int{1, 2}, Data: []float32{1, 2}}, onnx.Value{Shape: []int{2}, Data: []float32{1, 2}}); err == nil {
		t.Error("values of different shapes are compared")
	}
}

func TestTensors(t *testing.T) {
	floats := onnx.NewFloats("f", []int64{2}, []float32{1.5, -2})
	if v, err := floats.Floats(); err != nil || !slices.Equal(v, []float32{1.5, -2}) {
		t.Errorf("%v, %v", v, err)
	}
	ints := onnx.NewInts("i", []int64{2}, []int64{1 << 40, -2})
	if v, err := ints.Integers(); err != nil || !slices.Equal(v, []int64{1 << 40, -2}) {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := ints.Floats(); err == nil || !strings.Contains(err.Error(), `"i" holds int64, not float32`) {
		t.Errorf("error %v", err)
	}
	ints.Dims = []int64{3}
	if _, err := ints.Integers(); err == nil {
		t.Error("dims that do not fit the data are accepted")
	}
}

func TestFeeds(t *testing.T) {
	g := tiny().Graph
	g.Inputs = append(g.Inputs, &onnx.ValueInfo{Name: "w"}) // a weight, as old files list them
	if feeds := g.Feeds(); len(feeds) != 1 || feeds[0].Name != "x" {
		t.Errorf("feeds %v", feeds)
	}
}
