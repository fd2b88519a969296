package experiment

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"multiscale/experiments/internal/cli"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
)

// dryRun prints what the run would cost, and trains nothing.
func (e *Experiment) dryRun(ctx context.Context) error {
	var images int // the largest number evaluated in one iteration
	units := make([]float64, len(e.config.Strategies))
	for i, s := range e.config.Strategies {
		plan, err := e.plan(s)
		if err != nil {
			return err
		}
		units[i] = plan.WorkUnits(plan.Iterations())
		fmt.Fprintln(e.out, s, strconv.FormatFloat(units[i], 'f', -1, 64))
		for _, stage := range plan.Stages {
			images = max(images, stage.Images())
		}
	}
	m, err := e.newModel(e.config.Seeds[0])
	if err != nil {
		return err
	}
	in := e.config.Side / e.task.Scale()
	perImage, err := m.BytesPerImage(3, in, in, true)
	if err != nil {
		return err
	}
	micro, err := m.MicroBatch(3, in, in, true)
	if err != nil {
		return err
	}
	// Parameters, gradient, two moments, packed weights forward and backward.
	weights := int64(6 * 4 * m.Params.Len())
	batches := int64(images) * int64(8*3*e.config.Side*e.config.Side)
	total := weights + batches + perImage*int64(min(micro, images))
	fmt.Fprintf(e.out, "parameters %d\n", m.Params.Len())
	fmt.Fprintf(e.out, "memory about %s: activations of %d images at a time, %s each, on the finest mesh\n",
		cli.FormatSize(roundMiB(total)), min(micro, images), cli.FormatSize(roundMiB(perImage)))
	seconds, err := e.secondsPerWorkUnit(ctx, m)
	if err != nil {
		return err
	}
	for i, s := range e.config.Strategies {
		estimate := time.Duration(units[i] * seconds * float64(len(e.config.Seeds)) * float64(time.Second))
		fmt.Fprintf(e.out, "time for %s about %v on %d cores, without validation\n", s, estimate.Round(time.Second), runtime.GOMAXPROCS(0))
	}
	return nil
}

// secondsPerWorkUnit times the gradient of one image on the finest mesh.
func (e *Experiment) secondsPerWorkUnit(ctx context.Context, m *model.Model) (float64, error) {
	in, side := e.config.Side/e.task.Scale(), e.config.Side
	b := mesh.Batch{Input: mesh.NewImages(1, 3, in, in), Target: mesh.NewImages(1, 3, side, side), T: make([]float32, 1), Samples: make([]uint64, 1)}
	gradient := make([]float32, m.Params.Len())
	var last time.Duration
	for range 2 { // the first builds the graph
		start := time.Now()
		if _, err := m.AddGradient(ctx, gradient, 1, b, 0); err != nil {
			return 0, err
		}
		last = time.Since(start)
	}
	return last.Seconds(), nil
}

func roundMiB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 << 20 }
