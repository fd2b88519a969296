// Package crosscheck runs an ONNX model in every runtime at hand, on the same random inputs,
// and measures how far the answers are apart: from each other, or from the network that the model was
// exported from.
package crosscheck

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/export"
	"multiscale/onnx/native"
	"multiscale/onnx/runtime"
)

// The names of the runtimes in rows.
const (
	Itself      = "network"     // the network that the model was exported from, imported again
	OnnxGo      = "onnx-go"     // its decoder with our Gorgonia-based backend
	ONNXRuntime = "onnxruntime" // ONNX Runtime
	Gorgonnx    = "gorgonnx"    // onnx-go with its own backend, on the network's form of core operations
)

// Forward is the network that a model was exported from: images x (N,C,H,W), numbers t (N), nil when the model has no such
// input, to the model's output.
type Forward func(x onnx.Value, t []float32) (onnx.Value, error)

// Options say what to run.
type Options struct {
	Seed    uint64  // of the inputs
	Shapes  [][]int // of the images (N,C,H,W); nil for a few of different sizes
	Library string  // path of ONNX Runtime; empty to look for it
	Forward Forward // what to compare with; nil for the network, where the model can be imported, or else the first runtime
	// Extensions are needed to import networks of one's own.
	Extensions export.Extensions
}

// Row is the outcome of one runtime on one shape.
type Row struct {
	Runtime, Version string
	Shape            string  // of the image, as in 1x3x32x32
	MaxAbs           float64 // largest difference from what is compared with
	MaxRel           float64 // the same, divided by the largest value
	Largest          float64 // the largest value
	Milliseconds     float64 // the run, with what a new shape costs
	Reference        bool    // this is what the others are compared with
}

// Exceeds reports whether the row is above a tolerance, which counts as it is for values up to 1
// and relative to the largest value beyond.
func (r Row) Exceeds(tolerance float64) bool {
	return !(r.MaxAbs <= tolerance*max(1, r.Largest))
}

// Report is the outcome of all runs.
type Report struct {
	Rows []Row
	// Notes are lines for the user: runtimes that are not there, and how to get them.
	Notes []string
}

// note adds a note once.
func (r *Report) note(line string) {
	if !slices.Contains(r.Notes, line) {
		r.Notes = append(r.Notes, line)
	}
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

// session is a model in a runtime.
type session interface {
	Run(map[string]onnx.Value) (map[string]onnx.Value, error)
	Close() error
}

type opened struct {
	session
	name, version string
}

// Run checks the model in the bytes of an .onnx file. That ONNX Runtime is not there is a
// note; that a runtime refuses the model, or that it computes something that is no number, is an error.
func Run(ctx context.Context, data []byte, o Options) (*Report, error) {
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, err
	}
	shapes, err := imageShapes(m, o.Shapes)
	if err != nil {
		return nil, err
	}
	report := &Report{}
	runtimes, err := open(m, data, o, report)
	defer func() {
		for _, r := range runtimes {
			r.Close()
		}
	}()
	if err != nil {
		return nil, err
	}
	for _, shape := range shapes {
		inputs, err := randomInputs(m, shape, o.Seed)
		if err != nil {
			return nil, err
		}
		var want map[string]onnx.Value
		if o.Forward != nil {
			if want, err = forward(m, inputs, o.Forward); err != nil {
				return nil, err
			}
		}
		for _, r := range runtimes {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if elements := len(inputs["x"].Data); r.name == Gorgonnx && elements > export.MaxCore {
				report.Notes = append(report.Notes, fmt.Sprintf("shape %s is too large for %s", formatShape(shape), Gorgonnx))
				continue
			}
			start := time.Now()
			got, err := r.Run(inputs)
			took := time.Since(start)
			if r.name == Gorgonnx && errors.Is(err, export.ErrNoWriter) {
				report.note(fmt.Sprintf("not run in %s: %v", Gorgonnx, err))
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s, shape %s: %w", r.name, formatShape(shape), err)
			}
			row := Row{Runtime: r.name, Version: r.version, Shape: formatShape(shape), Milliseconds: float64(took.Microseconds()) / 1000}
			if want == nil {
				want, row.Reference = got, true
			}
			if err := row.compare(got, want); err != nil {
				return nil, fmt.Errorf("%s, shape %s: %w", r.name, formatShape(shape), err)
			}
			report.Rows = append(report.Rows, row)
		}
	}
	return report, nil
}

// open opens the model in all runtimes that are there.
func open(m *onnx.Model, data []byte, o Options, report *Report) (runtimes []opened, err error) {
	ours, err := backend.New(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", OnnxGo, err)
	}
	runtimes = append(runtimes, opened{ours, OnnxGo, backend.Version()})
	lib, err := runtime.Load(o.Library)
	switch {
	case errors.Is(err, runtime.ErrUnavailable) && o.Library == "":
		report.Notes = append(report.Notes, err.Error())
	case err != nil:
		return runtimes, err
	default:
		s, err := lib.Open(data)
		if err != nil {
			return runtimes, err
		}
		runtimes = append(runtimes, opened{s, ONNXRuntime, lib.Version()})
	}
	network, err := native.New(m, o.Extensions)
	if err != nil {
		// What is not known to be harmless does not go to gorgonnx: it can end the program.
		report.Notes = append(report.Notes, fmt.Sprintf("not run in %s, and not compared with its network: %v", Gorgonnx, err))
		return runtimes, nil
	}
	if o.Forward == nil {
		runtimes = append([]opened{{network, Itself, native.Version()}}, runtimes...)
	}
	return append(runtimes, opened{core{network.Imported}, Gorgonnx, backend.Version()}), nil
}

// forward asks the network itself.
func forward(m *onnx.Model, inputs map[string]onnx.Value, f Forward) (map[string]onnx.Value, error) {
	if len(m.Graph.Outputs) != 1 {
		return nil, fmt.Errorf("%d outputs, want one to compare with the network", len(m.Graph.Outputs))
	}
	var x onnx.Value
	var t []float32
	for _, in := range m.Graph.Feeds() {
		if v := inputs[in.Name]; len(v.Shape) == imageRank {
			x = v
		} else {
			t = v.Data
		}
	}
	y, err := f(x, t)
	if err != nil {
		return nil, fmt.Errorf("the network itself: %w", err)
	}
	return map[string]onnx.Value{m.Graph.Outputs[0].Name: y}, nil
}

// compare fills in the differences over all outputs.
func (r *Row) compare(got, want map[string]onnx.Value) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w := want[name]
		for _, v := range [][]float32{w.Data, got[name].Data} {
			for _, x := range v {
				if a := math.Abs(float64(x)); !(a <= math.MaxFloat32) {
					return fmt.Errorf("output %q holds %v", name, x)
				}
			}
		}
		d, err := onnx.Difference(got[name], w)
		if err != nil {
			return fmt.Errorf("output %q: %w", name, err)
		}
		r.MaxAbs = max(r.MaxAbs, d)
		for _, x := range w.Data {
			r.Largest = max(r.Largest, math.Abs(float64(x)))
		}
	}
	if r.MaxAbs > 0 {
		r.MaxRel = r.MaxAbs / r.Largest
	}
	return nil
}
