package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/onnx/session"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
)

// exported is an ONNX model as it is written.
type exported struct {
	data   []byte
	digest string // SHA-256, in hex
}

// export writes the unit's network as an ONNX file. The network at the smallest
// validation error, if there is one, gets its own file.
func (u *unit) export() (exported, error) {
	if u.state.Best != nil {
		if _, err := u.write(runfolder.BestFile(u.name), u.best, u.state.Best.Iteration, 0); err != nil {
			return exported{}, err
		}
	}
	return u.write(runfolder.ONNXFile(u.name), u.model.Params.Values(), u.state.Iteration, 0)
}

// exportAverage writes the network with averaged weights.
func (u *unit) exportAverage() (exported, error) {
	return u.write(runfolder.AverageONNXFile(u.name), u.trainer.Average.Values(), u.state.Iteration, u.config.EMA)
}

// write writes the network with the values that its parameters and buffers had after an iteration.
// If the values are an average, average is its decay, else 0.
func (u *unit) write(name string, values []float32, iteration int, average float64) (exported, error) {
	file, err := u.encode(values, iteration, average)
	if err != nil {
		return file, err
	}
	return file, u.folder.WriteFile(name, durable.Content(file.data))
}

// encode returns the file that write writes.
func (u *unit) encode(values []float32, iteration int, average float64) (exported, error) {
	params, err := network.Parameters(u.network, u.set.Channels, u.name.Seed)
	if err != nil {
		return exported{}, err
	}
	if err := params.Load(values); err != nil {
		return exported{}, err
	}
	doc := fmt.Sprintf("%s for %s, trained by strategy %s", u.network.Name(), u.task.Name, u.name.Strategy)
	if total := u.plan.Iterations(); iteration < total {
		doc += fmt.Sprintf(", after %d of %d iterations", iteration, total)
	}
	if average > 0 {
		doc += ", averaged weights"
	}
	model, err := export.Network(u.network, u.set.Channels, params, export.Options{
		Doc: doc, Extensions: u.known.Extensions(),
		Metadata: export.Metadata{
			Task: u.task.Name, Network: u.config.NetworkText(), Strategy: u.name.Strategy, Seed: u.name.Seed,
			DataDigest: u.set.Digest, Mean: u.scale().Mean, Std: u.scale().Std,
			Time: string(u.task.Noise), Measures: names(u.task.Measures), Blind: u.config.Sight == network.SightHidden, Paired: u.task.Paired() && u.set.Report.Ratio != 0, Loss: u.config.Loss, Average: average,
		}.Properties(),
	})
	if err != nil {
		return exported{}, err
	}
	data, err := model.Encode()
	if err != nil {
		return exported{}, err
	}
	sum := sha256.Sum256(data)
	return exported{data, hex.EncodeToString(sum[:])}, nil
}

// names returns the names of measures, in order.
func names(measures []metric.Measure) []string {
	return lists.Of(measures, func(m metric.Measure) string { return m.Name })
}

// checkedShapes returns the shapes (NCHW) of the inputs of a cross-check.
func (e *Experiment) checkedShapes() [][]int {
	m, c := e.network.Multiple(), e.set.Channels
	return [][]int{{1, c, 8 * m, 8 * m}, {2, c, 6 * m, 11 * m}}
}

// compare runs an exported model in every available runtime.
func (u *unit) compare(ctx context.Context, file exported, shapes [][]int) (*crosscheck.Report, error) {
	return crosscheck.Run(ctx, file.data, crosscheck.Options{
		Extensions: u.known.Extensions(),
		Seed:       u.name.Seed, Library: u.config.ONNXRuntime,
		Shapes:  shapes,
		Forward: crosscheck.Network(ctx, u.model),
	})
}

// crosscheck compares an exported model with the network itself in every
// available runtime. It returns a row for each comparison, and the largest
// absolute difference in onnx-go.
func (u *unit) crosscheck(ctx context.Context, name string, file exported) ([]runfolder.Crosscheck, float64, error) {
	report, err := u.compare(ctx, file, u.checkedShapes())
	if err != nil {
		return nil, 0, fmt.Errorf("cross-check of %s: %w", name, err)
	}
	for _, note := range report.Notes {
		u.remark(note)
	}
	var rows []runfolder.Crosscheck
	for _, r := range report.Rows {
		rows = append(rows, runfolder.Crosscheck{Unit: u.name, Runtime: r.Runtime, Version: r.Version, Shape: r.Shape, MaxAbs: r.MaxAbs, MaxRel: r.MaxRel})
		if r.Exceeds(crosscheck.Tolerance) {
			err = errors.Join(err, fmt.Errorf("%s differs from the network by %.3g in %s at shape %s: more than %.3g",
				name, r.MaxAbs, r.Runtime, r.Shape, r.Limit(crosscheck.Tolerance)))
		}
	}
	return rows, report.MaxAbs(crosscheck.OnnxGo), err
}

// remark prints a line, but only once in a call.
func (e *Experiment) remark(line string) {
	if !e.remarked[line] {
		e.remarked[line] = true
		e.progress.Print("%s", line)
	}
}

// applyExported runs an exported model of the folder on the input of a batch. It uses
// onnx-go, which is available on every machine. That runtime keeps all intermediate values
// in memory, so applyExported runs one picture at a time.
func (e *Experiment) applyExported(ctx context.Context, y pixel.Images, b mesh.Batch, file string) error {
	s, err := session.Open(e.folder.Path(file), session.Options{Runtime: session.OnnxGo, Extensions: e.known.Extensions()})
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range b.Len() {
		one := b.Slice(i, i+1)
		if err := s.Apply(ctx, y.Slice(i, i+1).Data, one.Input, one.T); err != nil {
			return err
		}
	}
	return nil
}
