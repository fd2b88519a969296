// Package train is the training loop: gradient, optimizer step, and hooks for
// all the rest: history, validation, checkpoints, progress.
package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
)

// Step describes a finished iteration to the hooks.
type Step struct {
	Iteration    int // optimizer steps so far, over all stages
	Stage        int // number in the plan; see mge.Plan.Number
	StageEnd     bool
	Mesh         mge.Stage
	WorkUnits    float64 // so far
	LearningRate float64 // of this step
	Estimate     mge.Estimate
	GradientNorm float64 // before clipping
}

// Hook is called after every iteration. An error ends training.
type Hook func(ctx context.Context, s Step) error

// Trainer trains parameters after a plan.
type Trainer struct {
	Plan      mge.Plan
	Estimator *mge.Estimator
	Params    *param.Set
	Optimizer *optimize.Optimizer // of the groups of Params
	Schedule  optimize.Schedule
	// Clip bounds the Euclidean norm of the gradient; 0 leaves it as it is.
	Clip  float64
	Hooks []Hook
	// Iteration is where to go on: the number of iterations that Params and
	// Optimizer have behind them.
	Iteration int
}

// Divergence is the error of a run whose loss or gradient is no longer finite.
type Divergence struct {
	Stage, Iteration int
	Level            int    // mesh of the offending term; -1 where it is the gradient
	What             string // "loss" or the parameter's name
}

// Error implements error.
func (d *Divergence) Error() string {
	where := fmt.Sprintf("the gradient of %s", d.What)
	if d.Level >= 0 {
		where = fmt.Sprintf("the %s on the mesh of level %d", d.What, d.Level)
	}
	return fmt.Sprintf("%s: %s is not finite any more\n%s; -resume -detect-anomaly names the operation", place(d.Stage, d.Iteration), where, helps)
}

// helps is what to do about numbers that are not finite.
const helps = "in a new run a smaller -lr, -clip 1 or another -seed usually helps"

// place names an iteration, counted from 0 over all stages, in an error.
func place(stage, iteration int) string {
	return fmt.Sprintf("stage %d, iteration %d", stage+1, iteration+1)
}

// Run trains until the plan's end, an error, or a done ctx. In the latter two
// cases parameters and optimizer are those of the last finished iteration.
func (t *Trainer) Run(ctx context.Context) error {
	gradient := make([]float32, t.Params.Len())
	total := t.Plan.Iterations()
	for ; t.Iteration < total; t.Iteration++ {
		step, err := t.step(ctx, gradient)
		if err != nil {
			return err
		}
		for _, hook := range t.Hooks {
			if err := hook(ctx, step); err != nil {
				t.Iteration++
				return err
			}
		}
	}
	return nil
}

func (t *Trainer) step(ctx context.Context, gradient []float32) (Step, error) {
	at, stage, last := t.Plan.At(t.Iteration)
	s := Step{Iteration: t.Iteration + 1, Stage: t.Plan.Number(at), StageEnd: last, Mesh: stage}
	var err error
	if s.Estimate, err = t.Estimator.Gradient(ctx, gradient, t.Iteration, stage); err != nil {
		var anomaly *graph.Anomaly
		if errors.As(err, &anomaly) {
			err = fmt.Errorf("%w\n%s", err, helps)
		}
		return s, fmt.Errorf("%s: %w", place(s.Stage, t.Iteration), err)
	}
	s.GradientNorm = math.Sqrt(pointwise.SquaredNorm(gradient))
	if err := t.check(s, gradient); err != nil {
		return s, err
	}
	if t.Clip > 0 && s.GradientNorm > t.Clip {
		pointwise.Scale(gradient, float32(t.Clip/s.GradientNorm), gradient)
	}
	s.LearningRate = t.Schedule.LearningRate(t.Iteration)
	t.Optimizer.SetLearningRate(s.LearningRate)
	t.Params.Update(func(values []float32) { err = t.Optimizer.Step(values[:len(gradient)], gradient) })
	if err != nil {
		return s, err
	}
	s.WorkUnits = t.Plan.WorkUnits(s.Iteration)
	return s, nil
}

// check finds a loss or gradient that is not finite, before it does harm.
func (t *Trainer) check(s Step, gradient []float32) error {
	d := &Divergence{Stage: s.Stage, Iteration: t.Iteration, Level: -1}
	for _, term := range s.Estimate.Terms {
		if sum := term.Fine + term.Coarse; math.IsNaN(sum) || math.IsInf(sum, 0) {
			d.Level, d.What = term.Level, "loss"
			return d
		}
	}
	if !math.IsNaN(s.GradientNorm) && !math.IsInf(s.GradientNorm, 0) {
		return nil
	}
	for _, p := range t.Params.Params() {
		if d.What = p.Name; !pointwise.Finite(p.Slice(gradient)) {
			return d
		}
	}
	return d
}
