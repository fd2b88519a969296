// Package crosscheck runs an ONNX model in every available runtime, on the same random inputs,
// and measures how much the results differ from each other, or from the network from which the
// model was exported.
package crosscheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/export"
	"multiscale/onnx/native"
	"multiscale/onnx/runtime"
	"multiscale/pkg/lists"
)

// The names of the runtimes in rows.
const (
	Itself      = "network"     // the network from which the model was exported, imported again
	OnnxGo      = "onnx-go"     // onnx-go's decoder with this project's backend
	ONNXRuntime = "onnxruntime" // ONNX Runtime
	Gorgonnx    = "gorgonnx"    // onnx-go with its own backend, on the network as a model of core operations
)

// Forward computes the output of the network from which a model was exported, for images x (N,C,H,W) and numbers t (N). t is
// nil if the model has no such input.
type Forward func(x onnx.Value, t []float32) (onnx.Value, error)

// Options of a check.
type Options struct {
	Seed    uint64  // of the inputs
	Shapes  [][]int // of the images (N,C,H,W); nil for a few different sizes
	Library string  // path of ONNX Runtime's library; empty to search for it
	Folder  string  // folder of the model's file, for weights in other files; empty if there are none
	Forward Forward // reference; nil for the imported network or, if the model cannot be imported, the first runtime
	// Extensions are the program's own networks and operations that the model may use.
	Extensions export.Extensions
}

// Report is the outcome of all runs.
type Report struct {
	Rows []Row
	// Notes are lines for the user: missing runtimes and how to get them, and why a runtime does not run the
	// model.
	Notes []string
	// Tolerance is the tolerance for the types in which the model computes.
	Tolerance float64
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

// Run checks the model in the bytes of an .onnx file. A missing runtime is a note, not an error. If this project exported
// the model, or if it is compared with Forward, it is an error that a runtime refuses the model or that a result is NaN or
// infinite. For other models, a runtime's refusal is a note, and it is an error if no runtime runs the model.
func Run(ctx context.Context, data []byte, o Options) (*Report, error) {
	m, err := onnx.Inspect(data)
	if err != nil {
		return nil, err
	}
	shapes, err := imageShapes(m, o.Shapes)
	if err != nil {
		return nil, err
	}
	c := &check{Options: o, model: m, data: data, report: &Report{Tolerance: toleranceOf(m)}}
	defer func() {
		for _, r := range c.runtimes {
			r.Close()
		}
	}()
	if err := c.open(shapes[0]); err != nil {
		return nil, err
	}
	for _, shape := range shapes {
		if err := c.run(ctx, shape); err != nil {
			return nil, err
		}
	}
	if len(c.report.Rows) == 0 {
		all := strings.Join(lists.Of(shapes, formatShape), ", ")
		return nil, fmt.Errorf("no runtime runs the model at the shapes %s\n%s", all, strings.Join(c.refusals(), "\n"))
	}
	return c.report, nil
}

// check is a run in progress.
type check struct {
	Options
	model    *onnx.Model
	data     []byte
	runtimes []opened
	strict   bool // all runtimes must run the model
	refused  []refusal
	missing  string // how to get ONNX Runtime if it is missing
	report   *Report
}

// note adds a line for the user unless it is there already.
func (c *check) note(format string, args ...any) {
	if line := brief(fmt.Sprintf(format, args...)); !slices.Contains(c.report.Notes, line) {
		c.report.Notes = append(c.report.Notes, line)
	}
}

// refusal says why a runtime does not run the model.
type refusal struct{ runtime, reason string }

// refuse notes a refusal, unless another shape had the same.
func (c *check) refuse(runtime, where string, err error) {
	r := refusal{runtime, err.Error()}
	if !slices.Contains(c.refused, r) {
		c.refused = append(c.refused, r)
		c.note("not run in %s%s: %v", runtime, where, err)
	}
}

// refusals returns the first reason of each runtime, and how to get ONNX Runtime if it is missing.
func (c *check) refusals() (lines []string) {
	seen := map[string]bool{}
	for _, r := range c.refused {
		if !seen[r.runtime] {
			lines = append(lines, brief(r.runtime+": "+r.reason))
		}
		seen[r.runtime] = true
	}
	if c.missing != "" {
		lines = append(lines, c.missing)
	}
	return lines
}

// brief shortens a note to one readable line: names in a model can be megabytes long, and messages can have many lines.
func brief(line string) string {
	const limit = 300
	line = strings.ReplaceAll(line, "\n", " ")
	if len(line) > limit {
		return line[:limit] + " ..."
	}
	return line
}

// maxBytes bounds the memory of a check's intermediate values.
const maxBytes = 8 << 30

// open opens the model in all available runtimes. This project's backend comes first, because it can predict the memory
// before anything is computed.
func (c *check) open(shape []int) error {
	ours, network, err := c.ours()
	c.strict = c.Forward != nil || network != nil
	switch {
	case err != nil && c.strict:
		return fmt.Errorf("%s: %w", OnnxGo, err)
	case err != nil:
		c.refuse(OnnxGo, "", err)
	default:
		inputs, err := randomInputs(c.model, shape, c.Seed)
		if err != nil {
			return err
		}
		shapes := map[string][]int{}
		for name, v := range inputs {
			shapes[name] = v.Shape
		}
		// Other errors are left to the run, which reports them in more detail.
		switch f, err := ours.Footprint(shapes); {
		case errors.Is(err, backend.ErrTooLarge):
			return err
		case err == nil && f.Bytes > maxBytes:
			return fmt.Errorf("the intermediate values at shape %s would take %d GiB, more than %d", formatShape(shape), f.Bytes>>30, maxBytes>>30)
		}
		c.runtimes = append(c.runtimes, opened{ours, OnnxGo, backend.Version()})
	}
	if err := c.openLibrary(); err != nil {
		return err
	}
	if network == nil {
		// gorgonnx can end the program, so it does not get models from other programs.
		return nil
	}
	if c.Forward == nil {
		c.runtimes = append([]opened{{network, Itself, native.Version()}}, c.runtimes...)
	}
	c.runtimes = append(c.runtimes, opened{core{network.Imported}, Gorgonnx, backend.Version()})
	return nil
}

// ours opens the model in this project's backend and, if this project exported it, as the network.
func (c *check) ours() (*backend.Model, *native.Model, error) {
	if c.Folder != "" && len(c.model.Beyond) == 0 {
		if err := c.model.LoadExternal(c.Folder); err != nil {
			return nil, nil, err
		}
	}
	if err := c.model.Validate(); err != nil {
		return nil, nil, err
	}
	ours, err := backend.New(c.model)
	if err != nil {
		return nil, nil, err
	}
	network, err := native.New(c.model, c.Extensions)
	if err != nil {
		c.note("not run in %s, and not compared with its network: %v", Gorgonnx, err)
		return ours, nil, nil
	}
	return ours, network, nil
}

// openLibrary opens the model in ONNX Runtime.
func (c *check) openLibrary() error {
	lib, err := runtime.Load(c.Library)
	switch {
	case errors.Is(err, runtime.ErrUnavailable) && c.Library == "":
		c.missing = brief(err.Error())
		c.note("%s", c.missing)
		return nil
	case err != nil:
		return err
	}
	s, err := lib.OpenIn(c.Folder, c.data)
	switch {
	case err != nil && c.strict:
		return err
	case err != nil:
		c.refuse(ONNXRuntime, "", err)
	default:
		c.runtimes = append(c.runtimes, opened{s, ONNXRuntime, lib.Version()})
	}
	return nil
}

// run runs the model at one shape.
func (c *check) run(ctx context.Context, shape []int) error {
	inputs, err := randomInputs(c.model, shape, c.Seed)
	if err != nil {
		return err
	}
	var want map[string]onnx.Value
	if c.Forward != nil {
		if want, err = forward(c.model, inputs, c.Forward); err != nil {
			return err
		}
	}
	for _, r := range c.runtimes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if elements := len(inputs["x"].Data); r.name == Gorgonnx && elements > export.MaxCore {
			c.note("shape %s is too large for %s", formatShape(shape), Gorgonnx)
			continue
		}
		start := time.Now()
		got, err := r.Run(inputs)
		took := time.Since(start)
		row := Row{Runtime: r.name, Version: r.version, Shape: formatShape(shape), Milliseconds: float64(took.Microseconds()) / 1000}
		reference := want == nil
		if r.name == Gorgonnx && errors.Is(err, export.ErrNoWriter) {
			c.note("not run in %s: %v", Gorgonnx, err)
			continue
		}
		if err != nil && !c.strict && !errors.Is(err, backend.ErrTooLarge) {
			c.refuse(r.name, fmt.Sprintf(" at shape %s", row.Shape), err)
			continue
		}
		if err == nil && reference {
			want, row.Reference = got, true
		}
		if err == nil {
			err = row.compare(got, want, c.strict)
		}
		if err != nil {
			return fmt.Errorf("%s, shape %s: %w", r.name, row.Shape, err)
		}
		c.report.Rows = append(c.report.Rows, row)
	}
	return nil
}

// forward computes the reference with Forward.
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
