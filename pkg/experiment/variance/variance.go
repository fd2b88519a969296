// Package variance is the body of experiments/variance: it measures the gradient estimator level by
// level, with initial and trained weights, for each restriction and each way to degrade, and compares
// it with the prediction from the variances of its terms.
package variance

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"

	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// Case is a way to compute gradients.
type Case struct {
	Weights     string // "initial", or the name of a file
	Restriction mesh.Restriction
	Degrade     task.Degradation
	Coupling    mge.Coupling // of the dropout masks of a difference's two meshes
}

// Result has the measurements of a case.
type Result struct {
	Case
	Levels mlmc.Levels
	Rates  mlmc.Rates
	// DepthFixed and DepthOptimal are the best numbers of coarser meshes, with doubling
	// and with optimal batches.
	DepthFixed, DepthOptimal int
	Estimates                []Estimate // measured only in the first case of each set of weights
	Controls                 []Control  // only of the first case of each set of weights
	SecondMoment             bool       // Controls use the second moment of the training that made the weights
}

// Estimate is an estimator of the gradient on the finest mesh.
type Estimate struct {
	Name                    string
	Batches                 []int
	WorkUnits               float64
	Predicted               float64   // variance that follows from the variances of the terms
	Measured, MeasuredError float64   // variance of the estimates and its standard error; NaN if not measured
	Seconds                 []float64 // of one estimate, by round; nil if not measured
}

// optimalName is the name of the estimator with optimal batches.
const optimalName = "mge, optimal"

// study is a request in progress.
type study struct {
	Request
	set      *dataset.Set
	weights  []*experiment.Weights // nil for initial weights
	results  []Result
	progress *progress.Printer
	// Work units: those that are done, and all.
	done, total float64
	parameters  int
}

// Run runs the request: it prints the report to out and progress to log.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	s := &study{Request: r, progress: progress.New(log)}
	defer s.progress.Close()
	if err := s.open(ctx, log); err != nil {
		return err
	}
	if err := durable.CheckFolder(s.Out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	if err := s.measure(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %.0f of %.0f work units; nothing was written: %w", s.done, s.total, ctx.Err())
		}
		return err
	}
	return s.report(out)
}

// open opens the data and reads the weights of -init. Equal weights are an error.
func (s *study) open(ctx context.Context, log io.Writer) error {
	var err error
	s.set, err = experiment.OpenData(ctx, experiment.DataOptions(s.Config, []dataset.Format{s.Data}), log)
	if err != nil {
		return err
	}
	if err := s.Task.Suits(s.set); err != nil {
		return err
	}
	for _, path := range s.Weights {
		if path == initialWeights {
			path = ""
		}
		w, err := experiment.ReadWeights(path, s.Network, s.set.Channels)
		if err != nil {
			return err
		}
		same := func(o *experiment.Weights) bool { return o != nil && w != nil && o.Digest == w.Digest }
		if i := slices.IndexFunc(s.weights, same); i >= 0 {
			return command.Wrong("init", path, "the same weights as "+s.Weights[i], "give each of the weights once")
		}
		s.weights = append(s.weights, w)
	}
	return nil
}

// fixed returns the estimator with the paper's doubling batches.
func (s *study) fixed(levels int) mge.Stage { return mge.Stage{Batches: mge.Doubling(s.Batch, levels)} }

// single returns the plain gradient on the finest mesh with the largest batch that costs
// no more than a stage.
func single(stage mge.Stage) mge.Stage { return mge.Stage{Batches: []int{int(stage.WorkUnits())}} }

// measure measures all cases with all weights.
func (s *study) measure(ctx context.Context) error {
	names := command.ShortNames(s.Weights)
	cases := s.cases()
	each := (&mlmc.Measurement{Coarsest: s.Levels, Repetitions: s.Samples}).WorkUnits()
	stage := s.fixed(s.Levels)
	s.total = float64(len(s.weights)) * (float64(float64(len(cases))*each) + float64(float64(s.Estimates)*(float64(2*stage.WorkUnits())+single(stage).WorkUnits())))
	for _, w := range s.weights {
		s.total += s.controlWork(w, each)
	}
	for i, w := range s.weights {
		m, err := experiment.NewModel(s.Network, s.set.Channels, s.Seeds[0], w, s.Task.Loss, s.Config)
		if err != nil {
			return err
		}
		s.parameters = m.Params.Len()
		for j, c := range cases {
			c.Weights = names[i]
			r, known := s.earlier(c)
			if !known {
				r = Result{Case: c}
				if err := s.measureCase(ctx, m, secondMoment(w), &r, j == 0); err != nil {
					return err
				}
			} else {
				s.progress.Print("%s is %s at sides of factors of two: it is not measured again", c.Restriction.Name(), s.original(r.Case).Name())
				s.total -= each
			}
			s.results = append(s.results, r)
		}
		runtime.GC() // free the activations before the next weights need theirs
	}
	return nil
}

// cases returns the cases to compare for each set of weights: all restrictions with all ways to
// degrade, and then the first of these with the other couplings of dropout.
func (s *study) cases() (cases []Case) {
	for _, degrade := range s.Degradations {
		for _, restriction := range s.Restrictions {
			cases = append(cases, Case{Restriction: restriction, Degrade: degrade, Coupling: s.Couplings[0]})
		}
	}
	if u, ok := network.Inner(s.Network).(network.UNet); !ok || u.Dropout == 0 {
		return cases // without dropout there is nothing to couple
	}
	for _, coupling := range s.Couplings[1:] {
		c := cases[0]
		c.Coupling = coupling
		cases = append(cases, c)
	}
	return cases
}

// measureCase measures one case. If it is the first case of a set of weights, it also measures the controls and the
// estimators themselves. second is nil or the second moment of the training that made the weights.
func (s *study) measureCase(ctx context.Context, m *model.Model, second []float32, r *Result, first bool) error {
	var err error
	if r.Levels, err = s.measurement(m, r.Case, "levels", s.Samples).Run(ctx); err != nil {
		return err
	}
	if first {
		r.SecondMoment = second != nil
		if r.Controls, err = s.controls(ctx, m, second, r.Case); err != nil {
			return err
		}
	}
	r.Rates = r.Levels.Rates()
	v := r.Levels.Variances()
	r.DepthFixed = v.Depth(s.Levels, s.fixed)
	r.DepthOptimal = v.Depth(s.Levels, func(levels int) mge.Stage { return v.Allocate(s.fixed(levels)) })
	stage := s.fixed(s.Levels)
	var stages []mge.Stage
	for _, e := range []struct {
		name  string
		stage mge.Stage
	}{{"single", single(stage)}, {"mge, doubling", stage}, {optimalName, v.Allocate(stage)}} {
		estimate := Estimate{e.name, e.stage.Batches, e.stage.WorkUnits(), v.Of(e.stage), math.NaN(), math.NaN(), nil}
		stages = append(stages, e.stage)
		same := slices.IndexFunc(r.Estimates, func(o Estimate) bool { return slices.Equal(o.Batches, e.stage.Batches) })
		if same >= 0 {
			estimate.Measured, estimate.MeasuredError = r.Estimates[same].Measured, r.Estimates[same].MeasuredError
		} else if first && s.Estimates > 0 {
			moments, err := s.measurement(m, r.Case, "estimates", s.Estimates).Estimate(ctx, e.stage)
			if err != nil {
				return err
			}
			estimate.Measured, estimate.MeasuredError = moments.Variance, moments.VarianceError
		}
		r.Estimates = append(r.Estimates, estimate)
	}
	if !first || s.Estimates == 0 {
		return nil
	}
	timing := s.measurement(m, r.Case, "estimates", s.Estimates)
	rounds, err := timed(ctx, timing, stages)
	for _, round := range rounds {
		for i, seconds := range round {
			r.Estimates[i].Seconds = append(r.Estimates[i].Seconds, seconds)
		}
	}
	return err
}

// measurement returns a measurement of a case. The purpose decides its samples: they are
// the same in all cases, and differ between purposes.
func (s *study) measurement(m *model.Model, c Case, purpose string, repetitions int) *mlmc.Measurement {
	r := random.New(s.Seeds[0]).Child("variance/" + purpose)
	before := s.done
	sampler := task.NewSampler(s.Task, s.set, s.Side, r.Key())
	sampler.Augment = s.Augment
	sampler.Restriction, sampler.DegradeCoarse = c.Restriction, c.Degrade == task.DegradeCoarse
	return &mlmc.Measurement{
		Estimator:  mge.Estimator{Model: m, Seed: r.Key(), SharedMasks: c.Coupling == mge.Restricted, Sampler: sampler},
		Parameters: m.Params.Len(), Coarsest: s.Levels, Repetitions: repetitions,
		Progress: func(workUnits, _ float64) {
			s.done = before + workUnits
			s.progress.Count("work units", int(s.done), int(s.total))
		},
	}
}
