package crosscheck

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"multiscale/onnx"
)

// Tolerance is the largest difference that a model of float32 may have between two runtimes, or from its network.
// It counts as it is for values up to 1 and relative to the largest value beyond: two right float32 evaluations of
// large values differ by more. Training and the command check use it alike.
const Tolerance = 1e-4

// Tolerances of models that compute in shorter types: some 20 roundings of 2^-11 and of 2^-8. Quantized numbers have 8 bits as
// well.
const (
	toleranceFloat16 = 1e-2
	toleranceByte    = 8e-2
)

// toleranceOf is the tolerance for the shortest type that a model declares, has as weights or quantizes to.
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
	MaxAbs           float64 // largest difference from what is compared with; NaN when only one has a NaN
	MaxRel           float64 // the same, divided by the largest value
	Largest          float64 // the largest finite value
	Milliseconds     float64 // the run, with what a new shape costs
	Reference        bool    // this is what the others are compared with
}

// Limit is the largest difference that a tolerance allows: tolerance times max(1, largest value).
func (r Row) Limit(tolerance float64) float64 { return tolerance * max(1, r.Largest) }

// Exceeds reports whether the difference is above the limit of a tolerance.
func (r Row) Exceeds(tolerance float64) bool { return !(r.MaxAbs <= r.Limit(tolerance)) }

// Worst is the row that is furthest above a tolerance; ok is false when none is above it.
func (r *Report) Worst(tolerance float64) (worst Row, ok bool) {
	for _, row := range r.Rows {
		if row.Exceeds(tolerance) && (!ok || !(row.MaxAbs/row.Limit(1) <= worst.MaxAbs/worst.Limit(1))) {
			worst, ok = row, true
		}
	}
	return worst, ok
}

// MaxAbs is the largest difference of one runtime over all shapes, NaN when it did not run.
func (r *Report) MaxAbs(runtime string) float64 {
	worst := math.NaN()
	for _, row := range r.Rows {
		if row.Runtime == runtime && !(row.MaxAbs <= worst) {
			worst = row.MaxAbs
		}
	}
	return worst
}

// compare fills in the differences over all outputs. What is no finite number is an error when it is strict, else
// it has to be the same in both.
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
