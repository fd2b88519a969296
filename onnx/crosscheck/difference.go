package crosscheck

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"multiscale/onnx"
)

// Tolerance is the largest difference that a model of float32 may have between two runtimes, or from its network. It is
// absolute for values up to 1, and relative to the largest value above, because correct float32 evaluations of large values
// differ more. Training and the command check use it.
const Tolerance = 1e-4

// Tolerances of models that compute in shorter types: about 20 roundings of 2^-11 (float16) and of 2^-8 (bfloat16, and
// quantized numbers of 8 bits).
const (
	toleranceFloat16 = 1e-2
	toleranceByte    = 8e-2
)

// toleranceOf returns the tolerance for the shortest type that a model declares, uses for weights or quantizes to.
func toleranceOf(m *onnx.Model) float64 {
	tolerance := Tolerance
	see := func(d onnx.DataType) {
		switch d {
		case onnx.Float16:
			tolerance = max(tolerance, toleranceFloat16)
		case onnx.BFloat16:
			tolerance = max(tolerance, toleranceByte)
		}
	}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs, m.Graph.Values) {
		see(v.Type)
	}
	for _, t := range m.Graph.Initializers {
		see(t.Type)
	}
	if slices.ContainsFunc(m.Graph.Nodes, func(n *onnx.Node) bool { return strings.Contains(n.Op, "QuantizeLinear") }) {
		tolerance = toleranceByte
	}
	return tolerance
}

// Row is the outcome of one runtime on one shape.
type Row struct {
	Runtime, Version string
	Shape            string  // of the image, as in 1x3x32x32
	MaxAbs           float64 // largest difference from the reference; NaN if only one of the two is NaN somewhere
	MaxRel           float64 // MaxAbs divided by Largest
	Largest          float64 // largest finite magnitude in the reference
	Milliseconds     float64 // time of the run, including compilation for a new shape
	Reference        bool    // the others are compared with this row
}

// Limit is the largest difference that a tolerance allows: tolerance times max(1, largest value).
func (r Row) Limit(tolerance float64) float64 { return tolerance * max(1, r.Largest) }

// Exceeds reports whether the difference is above the limit of a tolerance.
func (r Row) Exceeds(tolerance float64) bool { return !(r.MaxAbs <= r.Limit(tolerance)) }

// Worst returns the row that exceeds a tolerance the most. ok is false if none exceeds it.
func (r *Report) Worst(tolerance float64) (worst Row, ok bool) {
	for _, row := range r.Rows {
		if row.Exceeds(tolerance) && (!ok || !(row.MaxAbs/row.Limit(1) <= worst.MaxAbs/worst.Limit(1))) {
			worst, ok = row, true
		}
	}
	return worst, ok
}

// MaxAbs returns the largest difference of one runtime over all shapes, or NaN if it did not run.
func (r *Report) MaxAbs(runtime string) float64 {
	worst := math.NaN()
	for _, row := range r.Rows {
		if row.Runtime == runtime && !(row.MaxAbs <= worst) {
			worst = row.MaxAbs
		}
	}
	return worst
}

// compare sets the differences over all outputs. Values that are NaN or infinite are an error if strict is set, else
// they must be the same in both.
func (r *Row) compare(got, want map[string]onnx.Value, strict bool) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w := want[name]
		for _, v := range [][]float32{w.Data, got[name].Data} {
			for _, x := range v {
				if strict && !finite(x) {
					return fmt.Errorf("output %q holds %v", name, x)
				}
			}
		}
		d, err := onnx.Difference(got[name], w)
		if err != nil {
			return fmt.Errorf("output %q: %w", name, err)
		}
		if !(d <= r.MaxAbs) && r.MaxAbs == r.MaxAbs {
			r.MaxAbs = d
		}
		for _, x := range w.Data {
			if finite(x) {
				r.Largest = max(r.Largest, math.Abs(float64(x)))
			}
		}
	}
	if r.MaxAbs != 0 && r.Largest > 0 {
		r.MaxRel = r.MaxAbs / r.Largest
	}
	return nil
}

func finite(x float32) bool { return math.Abs(float64(x)) <= math.MaxFloat32 }
