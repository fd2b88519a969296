package onnx

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Value is an input or output of a model: a dense float32 array in C order.
type Value struct {
	Shape []int
	Data  []float32
}

// CheckInputs compares values with the declared inputs of a model. It checks names, rank, fixed dimensions, equal sizes
// for equal symbolic names, and that the data match the shape.
func CheckInputs(declared []*ValueInfo, given map[string]Value) error {
	known := map[string]bool{}
	sizes := map[string]int{} // of symbolic dimensions
	for _, d := range declared {
		known[d.Name] = true
		v, ok := given[d.Name]
		if !ok {
			return fmt.Errorf("input %q is missing", d.Name)
		}
		if err := v.check(); err != nil {
			return fmt.Errorf("input %q: %w", d.Name, err)
		}
		if d.Dims == nil {
			continue
		}
		if len(d.Dims) != len(v.Shape) {
			return fmt.Errorf("input %q has shape %v, the model wants %s", d.Name, v.Shape, FormatDims(d.Dims))
		}
		for i, dim := range d.Dims {
			size := v.Shape[i]
			if dim.Known() && dim.Size != int64(size) {
				return fmt.Errorf("input %q has shape %v, the model wants %s", d.Name, v.Shape, FormatDims(d.Dims))
			}
			if dim.Name == "" {
				continue
			}
			if s, ok := sizes[dim.Name]; ok && s != size {
				return fmt.Errorf("input %q has shape %v, but %s is already %d", d.Name, v.Shape, dim.Name, s)
			}
			sizes[dim.Name] = size
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !known[name] {
			return fmt.Errorf("the model has no input %q", name)
		}
	}
	return nil
}

func (v Value) check() error {
	n := 1
	for _, d := range v.Shape {
		if d < 0 || d > maxElements {
			return fmt.Errorf("shape %v is not valid", v.Shape)
		}
		if n *= d; n > maxElements {
			return fmt.Errorf("shape %v is too large", v.Shape)
		}
	}
	if n != len(v.Data) {
		return fmt.Errorf("%d numbers for shape %v", len(v.Data), v.Shape)
	}
	return nil
}

// FormatDims formats dimensions as in (N,3,H,W). An unknown one is "?".
func FormatDims(dims []Dim) string {
	s := "("
	for i, d := range dims {
		if i > 0 {
			s += ","
		}
		switch {
		case d.Name != "":
			s += d.Name
		case d.Known():
			s += fmt.Sprint(d.Size)
		default:
			s += "?"
		}
	}
	return s + ")"
}

// Difference returns the largest absolute difference between two values of the same shape. It is NaN if an element is
// NaN in only one of them. Different shapes are an error.
func Difference(a, b Value) (float64, error) {
	if !slices.Equal(a.Shape, b.Shape) || len(a.Data) != len(b.Data) {
		return math.NaN(), fmt.Errorf("shapes %v and %v differ", a.Shape, b.Shape)
	}
	worst := 0.0
	for i, x := range a.Data {
		d := math.Abs(float64(x) - float64(b.Data[i]))
		if x == b.Data[i] || (x != x && b.Data[i] != b.Data[i]) { // equal infinities, NaN in both
			continue
		}
		if !(d <= worst) {
			worst = d
		}
		if d != d {
			return d, nil
		}
	}
	return worst, nil
}
