package experiment

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/tensorboard"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// board writes what TensorBoard shows of a unit: scalars and samples over iterations, and validation over work units, by
// which strategies can be compared. A nil board does nothing.
type board struct {
	byIterations, byWork *tensorboard.Writer
	files                []durable.File
}

// openBoard creates event files of a unit. If the unit is resumed, the event files of earlier calls stay, and steps
// that are trained again replace theirs; if there are no earlier files, openBoard first writes the unit's history.
// The caller closes the board, even after an error.
func (u *unit) openBoard(resumed bool) (*board, error) {
	if !u.config.TensorBoard {
		return nil, nil
	}
	fsys := u.files
	if fsys == nil {
		fsys = durable.OS
	}
	b := &board{}
	create := func(dir string, restart int) (*tensorboard.Writer, bool, error) {
		if !resumed {
			if err := tensorboard.Clear(fsys, dir); err != nil {
				return nil, false, err
			}
		}
		f, earlier, err := tensorboard.Create(fsys, dir)
		if err != nil {
			return nil, false, fmt.Errorf("-tensorboard: %w", err)
		}
		b.files = append(b.files, f)
		w, err := tensorboard.New(f)
		if !earlier {
			restart = 0
		}
		if err == nil { // also in the first file: TensorBoard does not count the first start that it reads as a restart
			err = w.Restart(restart)
		}
		return w, earlier, err
	}
	last := runfolder.History{Iteration: -1, WorkUnits: -1}
	if n := len(u.state.History); n > 0 {
		last = u.state.History[n-1]
	}
	var earlier bool
	var err error
	byIterations, byWork := runfolder.BoardDirs(u.name)
	if b.byIterations, earlier, err = create(u.folder.Path(byIterations), last.Iteration+1); err != nil {
		return b, err
	}
	if b.byWork, _, err = create(u.folder.Path(byWork), workStep(last)+1); err != nil {
		return b, err
	}
	if earlier {
		return b, nil
	}
	for _, row := range u.state.History {
		if err := b.step(row); err != nil {
			return b, err
		}
		if err := b.measures(row); err != nil {
			return b, err
		}
	}
	return b, nil
}

// workStep returns the work units of a row, rounded: steps are whole numbers in TensorBoard.
func workStep(row runfolder.History) int { return int(math.Round(row.WorkUnits)) }

func (b *board) close() {
	if b == nil {
		return
	}
	for _, f := range b.files {
		f.Sync()
		f.Close()
	}
}

// step writes the scalars of a training step. The row before the first step has none.
func (b *board) step(row runfolder.History) error {
	if b == nil || row.Iteration == 0 {
		return nil
	}
	return b.byIterations.Scalars(row.Iteration,
		tensorboard.Scalar{Tag: "train/loss", Value: row.TrainLoss}, tensorboard.Scalar{Tag: "train/gradient_norm", Value: row.GradientNorm},
		tensorboard.Scalar{Tag: "train/learning_rate", Value: row.LearningRate}, tensorboard.Scalar{Tag: "train/work_units", Value: row.WorkUnits},
		tensorboard.Scalar{Tag: "train/side", Value: float64(row.Side)})
}

// measures writes the measures of a row's validation, if it has one.
func (b *board) measures(row runfolder.History) error {
	var scalars []tensorboard.Scalar
	for _, name := range slices.Sorted(maps.Keys(row.Validation)) {
		scalars = append(scalars, tensorboard.Scalar{Tag: "validation/" + name, Value: row.Validation[name]})
	}
	if err := b.byIterations.Scalars(row.Iteration, scalars...); err != nil {
		return err
	}
	return b.byWork.Scalars(workStep(row), scalars...)
}

// validation writes the measures of a validation, and samples as the current network restores them.
func (b *board) validation(ctx context.Context, u *unit, row runfolder.History) error {
	if b == nil {
		return nil
	}
	if err := b.measures(row); err != nil {
		return err
	}
	batch, _ := u.spread(shown)
	y := pixel.NewImages(batch.Target.N, batch.Target.C, batch.Target.H, batch.Target.W)
	if err := u.model.Apply(ctx, y.Data, batch.Input, batch.T); err != nil {
		return err
	}
	input, restored, clean := u.planar(batch.Input), u.planar(y), u.planar(batch.Target)
	rows := make([]plot.Sample, len(clean))
	for i := range rows {
		rows[i] = plot.Sample{Degraded: input[i], Restored: []*picture.Planar{restored[i]}, Clean: clean[i]}
	}
	sheet := plot.Samples([]string{u.name.Strategy}, rows).Render()
	var png bytes.Buffer
	if err := sheet.Encode(&png, runfolder.SamplesFile); err != nil {
		return err
	}
	return b.byIterations.Picture(row.Iteration, tensorboard.Picture{Tag: "samples", Width: sheet.W, Height: sheet.H, PNG: png.Bytes()})
}
