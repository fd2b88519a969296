package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/task"
)

// shown is the number of validation pictures in samples.png.
const shown = 6

// picturesMissing reports whether figures of a finished folder are missing or damaged: the program may have
// been killed after it wrote the last table.
func (e *Experiment) picturesMissing() bool {
	return slices.ContainsFunc([]string{runfolder.ConvergenceFile, runfolder.SamplesFile}, func(name string) bool {
		_, err := picture.Open(e.folder.Path(name))
		return err != nil
	})
}

// pictures draws the figures of the run folder, with all its finished units.
func (e *Experiment) pictures(ctx context.Context) error {
	err := e.folder.WriteFile(runfolder.ConvergenceFile, func(w io.Writer) error { return plot.Convergence(w, e.folder.Contents) })
	if err != nil {
		return err
	}
	sheet, err := e.samples(ctx)
	if err != nil {
		return err
	}
	return e.folder.WriteFile(runfolder.SamplesFile, func(w io.Writer) error { return sheet.Encode(w, runfolder.SamplesFile) })
}

// samples restores a few validation pictures with the exported models of all finished units, including those
// of earlier calls. Units without their model, as in a folder of tables alone, are left out.
func (e *Experiment) samples(ctx context.Context) (*picture.Planar, error) {
	b, labels := e.spread(shown)
	input, clean := e.planar(b.Input), e.planar(b.Target)
	rows := make([]plot.Sample, shown)
	for i := range rows {
		rows[i] = plot.Sample{Degraded: input[i], Clean: clean[i]}
	}
	several := slices.ContainsFunc(e.folder.Summaries, func(s runfolder.Summary) bool { return s.Seed != e.folder.Summaries[0].Seed })
	var names []string
	for _, s := range e.folder.Summaries {
		y := pixel.NewImages(b.Target.N, b.Target.C, b.Target.H, b.Target.W)
		file := runfolder.ONNXFile(s.Unit)
		switch err := e.applyExported(ctx, y, b, file); {
		case errors.Is(err, fs.ErrNotExist):
			e.progress.Print("%s leaves out %s: there is no %s; -force trains it again", runfolder.SamplesFile, s.Unit, file)
			continue
		case err != nil:
			return nil, err
		}
		name := s.Strategy
		if several {
			name = s.Unit.String()
		}
		names = append(names, name)
		for i, p := range e.planar(y) {
			rows[i].Restored = append(rows[i].Restored, p)
		}
	}
	sheet := plot.Samples(names, rows)
	if labels[0] != "" {
		sheet.Labels = labels
	}
	return sheet.Render(), nil
}

// shownNoise has the shares of noise of the samples, from weak to strong, for tasks whose share
// may be any from 0 to 1. No network restores pictures with much more noise.
var shownNoise = [shown]float32{0.05, 0.1, 0.15, 0.2, 0.3, 0.4}

// spread returns n validation samples, from weak to strong noise, and their labels with that
// noise; the labels are "" if the task has no noise.
func (e *Experiment) spread(n int) (b mesh.Batch, labels []string) {
	all := e.validation.Batch
	order := lists.Indices(all.Len())
	noise := func(i int) float32 { return 0 }
	switch k := e.task.NumConditions; {
	case k > 0 && e.task.Noise == task.SignalShare:
		noise = func(i int) float32 { return 1 - all.T[i*k] }
	case k > 0:
		noise = func(i int) float32 { return all.T[i*k] }
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(noise(i), noise(j)) })
	for k := range n {
		i := order[(2*k+1)*len(order)/(2*n)]
		if e.task.Noise == task.SignalShare && k < len(shownNoise) {
			away := func(i int) float64 { return math.Abs(float64(noise(i) - shownNoise[k])) }
			i = slices.MinFunc(order, func(i, j int) int { return cmp.Compare(away(i), away(j)) })
		}
		b = b.Append(all.Slice(i, i+1))
		label := ""
		if e.task.Noise != task.NoNoise && e.task.NumConditions > 0 {
			label = fmt.Sprintf("noise %.2f", noise(i))
		}
		labels = append(labels, label)
	}
	return b, labels
}

// planar converts normalised images to 8-bit pictures.
func (e *Experiment) planar(x pixel.Images) []*picture.Planar {
	images := slices.Collect(slices.Chunk(e.scale().Pixels(x).Data, x.Image()))
	return lists.Of(images, func(pixels []float32) *picture.Planar { return picture.FromFloat(pixels, x.W, x.H) })
}
