package mlmc

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
)

// Measurement measures the terms of the telescoping sum on the meshes of levels Finest to
// Coarsest, with independent repetitions of each term.
type Measurement struct {
	mge.Estimator     // of the terms
	Parameters    int // length of a gradient

	Finest, Coarsest int
	// Repetitions is the number of gradients of each term, at least 2.
	Repetitions int
	// Batch returns the number of samples over which a gradient of a level is a mean; nil stands
	// for 1. The variance of a mean over n samples is V/n, so that V follows for any n. For the
	// same total number of samples, single samples give V with the smallest error, and the
	// kurtosis of a sample instead of that of a mean. Means over a few samples take less time on
	// coarse meshes, where the fixed cost of an evaluation exceeds that of its pixels.
	Batch func(level int) int
	// Progress, unless nil, is called with the work units so far and in total.
	Progress func(workUnits, total float64)
}

// Level is the result of a measurement on one level.
type Level struct {
	Level int
	// Single has the moments of the gradient on the level's mesh alone. Term has those of the
	// term of the telescoping sum: the difference from the next coarser mesh or, on the coarsest
	// mesh, the gradient itself.
	Single, Term Moments
	// Consistency compares this level with the next coarser one; see the function Consistency. It
	// is NaN on the coarsest level.
	Consistency float64
	WorkUnits   float64 // of one sample of the term
	Seconds     float64 // median time of one sample of the term
}

// Levels are the levels of a measurement, from the finest to the coarsest.
type Levels []Level

// WorkUnits is the cost of Run in work units.
func (m *Measurement) WorkUnits() float64 {
	var sum float64
	costs := m.stage().Costs()
	for i, c := range costs {
		sum += float64(float64(m.Repetitions*m.batch(m.Finest+i)) * c)
	}
	return sum
}

// stage has the terms that are measured.
func (m *Measurement) stage() mge.Stage {
	return mge.Stage{Finest: m.Finest, Batches: make([]int, m.Coarsest-m.Finest+1)}
}

func (m *Measurement) batch(level int) int {
	if m.Batch == nil {
		return 1
	}
	return m.Batch(level)
}

// Run measures all levels. Equal settings give equal results, except for the seconds.
func (m *Measurement) Run(ctx context.Context) (Levels, error) {
	if m.Repetitions < 2 {
		return nil, fmt.Errorf("a variance needs 2 gradients at least, not %d", m.Repetitions)
	}
	costs := m.stage().Costs()
	fine, coarse := make([]float32, m.Parameters), make([]float32, m.Parameters)
	var levels Levels
	done, total := 0.0, m.WorkUnits()
	for level := m.Finest; level <= m.Coarsest; level++ {
		l := Level{Level: level, WorkUnits: costs[level-m.Finest], Consistency: math.NaN()}
		n := m.batch(level)
		single, term := NewAccumulator(m.Parameters), NewAccumulator(m.Parameters)
		difference := level < m.Coarsest
		if !difference {
			term = single
		}
		seconds := make([]float64, m.Repetitions)
		for r := range m.Repetitions {
			b, coarser, err := m.Sampler.Draw(mesh.Request{Iteration: r, Level: level, Size: n, Coarse: difference})
			if err != nil {
				return nil, fmt.Errorf("level %d: %w", level, err)
			}
			start := time.Now()
			if err := m.gradient(ctx, fine, m.Fine(b, r, level)); err != nil {
				return nil, fmt.Errorf("level %d: %w", level, err)
			}
			if difference {
				if err := m.gradient(ctx, coarse, m.Coarse(coarser, r, level)); err != nil {
					return nil, fmt.Errorf("level %d, coarse mesh: %w", level, err)
				}
			}
			seconds[r] = time.Since(start).Seconds() / float64(n)
			single.Add(fine)
			if difference {
				pointwise.Axpy(fine, 1, coarse)
				term.Add(fine)
			}
			if done += float64(float64(n) * l.WorkUnits); m.Progress != nil {
				m.Progress(done, total)
			}
		}
		l.Single, l.Term = single.Moments(n), term.Moments(n)
		if v := l.Single.Variance + l.Term.Variance; math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("level %d: the gradient is not finite", level)
		}
		slices.Sort(seconds)
		l.Seconds = seconds[len(seconds)/2]
		levels = append(levels, l)
	}
	for i := range levels[:len(levels)-1] {
		levels[i].Consistency = Consistency(levels[i].Term, levels[i].Single, levels[i+1].Single)
	}
	return levels, nil
}

// gradient overwrites dst with the weighted mean gradient of a batch.
func (m *Measurement) gradient(ctx context.Context, dst []float32, p mesh.Part) error {
	return m.Model.Gradients(ctx, [][]float32{dst}, []mesh.Part{p}, false)
}

// Variances returns the variances for pkg/allocation.
func (l Levels) Variances() allocation.Variances {
	last := l[len(l)-1].Level
	v := allocation.Variances{Single: make([]float64, last+1), Difference: make([]float64, last)}
	for _, level := range l {
		v.Single[level.Level] = level.Single.Variance
		if level.Level < last {
			v.Difference[level.Level] = level.Term.Variance
		}
	}
	return v
}

// Estimate measures the estimator itself with the batches of a stage, from repetitions of the
// whole telescoping sum. Its Variance is that of the estimate (Samples is 1), which
// allocation.Variances.Of predicts from the variances of the terms.
func (m *Measurement) Estimate(ctx context.Context, s mge.Stage) (Moments, error) {
	a, gradient := NewAccumulator(m.Parameters), make([]float32, m.Parameters)
	for r := range m.Repetitions {
		if _, err := m.Gradient(ctx, gradient, r, s); err != nil {
			return Moments{}, err
		}
		a.Add(gradient)
		if m.Progress != nil {
			m.Progress(float64(r+1)*s.WorkUnits(), float64(m.Repetitions)*s.WorkUnits())
		}
	}
	return a.Moments(1), nil
}
