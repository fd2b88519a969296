// Package train has the training loop: it computes a gradient, adjusts it, takes the optimizer's
// step, and calls hooks for history, validation, checkpoints and progress.
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

// Source estimates gradients. *mge.Estimator implements it.
type Source interface {
	// Gradient overwrites dst, a flat vector of all parameters without buffers, with an estimate
	// of the gradient for an iteration, with the meshes and batches of stage. Iterations are
	// counted from 0 over the whole plan.
	Gradient(ctx context.Context, dst []float32, iteration int, stage mge.Stage) (mge.Estimate, error)
}

// Stateful is a Source whose estimates also depend on earlier ones. Checkpoints store its state.
// If an iteration fails after its gradient, Gradient is called for it again and must return the
// same gradient.
type Stateful interface {
	Source
	// State returns the state with which Restore continues with the same bytes.
	State() ([]byte, error)
	// Restore sets the state; nil stands for the state of a new source.
	Restore(state []byte) error
}

// Step describes an iteration.
type Step struct {
	Iteration    int       // number of optimizer steps so far over all stages, including this one
	StageNumber  int       // from 0; see mge.Plan.Number
	StageEnd     bool      // whether it is the last one with its StageNumber
	Stage        mge.Stage // with the batches of this iteration
	WorkUnits    float64   // so far
	LearningRate float64   // of this step
	Estimate     mge.Estimate
	GradientNorm float64 // Euclidean norm of the estimate before adjustments
}

// Hook is called after every iteration and may save the trainer. An error ends training.
type Hook func(ctx context.Context, s Step) error

// Adjustment changes a gradient before the optimizer's step. An error ends training before the
// step.
type Adjustment func(ctx context.Context, gradient []float32, s Step) error

// Clip is an Adjustment that scales gradients down to a Euclidean norm of at most norm.
func Clip(norm float64) Adjustment {
	return func(_ context.Context, gradient []float32, s Step) error {
		if s.GradientNorm > norm {
			pointwise.Scale(gradient, float32(norm/s.GradientNorm), gradient)
		}
		return nil
	}
}

// Optimizer takes steps. *optimize.Optimizer implements it.
type Optimizer interface {
	SetLearningRate(rate float64)
	// Step changes values by a step against their gradient. Both are flat vectors of all
	// parameters without buffers.
	Step(values, gradient []float32) error
	// Steps is the number of steps so far, and State the running values of the optimizer. Restore
	// sets both, from a copy of state. Restore(0, nil) sets the state before the first step.
	Steps() int
	State() [][]float32
	Restore(steps int, state [][]float32) error
}

// Trainer trains parameters according to a plan.
type Trainer struct {
	Plan      mge.Plan
	Source    Source
	Params    *param.Set
	Optimizer Optimizer
	Schedule  optimize.Schedule
	// Restart resets the optimizer's state before the first iteration of each stage except the
	// first. The schedule continues.
	Restart bool
	// Average, unless nil, averages parameters and buffers after each step.
	Average *optimize.EMA
	// Adjustments change each gradient, in this order, after the check that it is finite.
	Adjustments []Adjustment
	Hooks       []Hook
	// Iteration is the number of iterations that Params, Optimizer and Source have completed. Run
	// continues from there.
	Iteration int
}

// Divergence is the error of a run whose loss or gradient is not finite.
type Divergence struct {
	Stage, Iteration int
	Level            int    // level of the term's mesh; -1 for the gradient
	What             string // "loss", or the name of a parameter with such a gradient
}

// Error implements error.
func (d *Divergence) Error() string {
	where := fmt.Sprintf("the gradient of %s", d.What)
	if d.Level >= 0 {
		where = fmt.Sprintf("the %s on the mesh of level %d", d.What, d.Level)
	}
	return fmt.Sprintf("%s: %s is not finite\n%s; -resume -detect-anomaly names the operation", place(d.Stage, d.Iteration), where, helps)
}

// helps says what to do about values that are not finite.
const helps = "in a new run a smaller -lr, -clip 1 or another -seed usually helps"

// place names an iteration, counted from 0 over all stages, in an error.
func place(stage, iteration int) string {
	return fmt.Sprintf("stage %d, iteration %d", stage+1, iteration+1)
}

// Run trains until the end of the plan, an error, or the end of ctx. In the latter two cases
// parameters and optimizer have the state after the last completed iteration.
func (t *Trainer) Run(ctx context.Context) error {
	gradient := make([]float32, t.Params.Len())
	total := t.Plan.Iterations()
	for t.Iteration < total {
		step, err := t.step(ctx, gradient)
		if err != nil {
			return err
		}
		t.Iteration++
		for _, hook := range t.Hooks {
			if err := hook(ctx, step); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Trainer) step(ctx context.Context, gradient []float32) (Step, error) {
	at, stage, last := t.Plan.At(t.Iteration)
	s := Step{Iteration: t.Iteration + 1, StageNumber: t.Plan.Number(at), StageEnd: last, Stage: stage}
	s.WorkUnits, s.LearningRate = t.Plan.WorkUnits(s.Iteration), t.Schedule.LearningRate(t.Iteration)
	var err error
	if s.Estimate, err = t.Source.Gradient(ctx, gradient, t.Iteration, stage); err != nil {
		var anomaly *graph.Anomaly
		if errors.As(err, &anomaly) {
			err = fmt.Errorf("%w\n%s", err, helps)
		}
		return s, fmt.Errorf("%s: %w", place(s.StageNumber, t.Iteration), err)
	}
	s.GradientNorm = math.Sqrt(pointwise.SquaredNorm(gradient))
	if err := t.check(s, gradient); err != nil {
		return s, err
	}
	for _, adjust := range t.Adjustments {
		if err := adjust(ctx, gradient, s); err != nil {
			return s, fmt.Errorf("%s: %w", place(s.StageNumber, t.Iteration), err)
		}
	}
	if t.Restart && t.begins(at) {
		if err := t.Optimizer.Restore(0, nil); err != nil {
			return s, err
		}
	}
	t.Optimizer.SetLearningRate(s.LearningRate)
	t.Params.Update(func(values []float32) { err = t.Optimizer.Step(values[:len(gradient)], gradient) })
	if err == nil && t.Average != nil {
		err = t.Average.Update(t.Params.Values())
	}
	return s, err
}

// begins reports whether the current iteration, in the stage with the given index, is the first
// one with its stage number. For the very first iteration it returns false.
func (t *Trainer) begins(index int) bool {
	if t.Iteration == 0 {
		return false
	}
	before, _, _ := t.Plan.At(t.Iteration - 1)
	return t.Plan.Number(before) != t.Plan.Number(index)
}

// check returns a *Divergence if a loss or the gradient is not finite.
func (t *Trainer) check(s Step, gradient []float32) error {
	d := &Divergence{Stage: s.StageNumber, Iteration: t.Iteration, Level: -1}
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
