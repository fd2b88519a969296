package train_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/train"
)

// bowl is a model with the loss |p|^2/2, whose gradient is p. After a number of calls its gradient
// may be wrong.
type bowl struct {
	params *param.Set
	wrong  float64 // element of the wrong gradient; 0 for none
	at     int     // number of right calls
	calls  int
}

func (b *bowl) Gradients(ctx context.Context, to [][]float32, parts []mesh.Part, add bool) error {
	dst := to[0]
	if !add {
		clear(dst)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for k := range parts {
		b.calls++
		parts[k].Loss = 0
		for i, p := range b.params.Values()[:len(dst)] {
			dst[i] += float32(parts[k].Weight) * p
			parts[k].Loss += float64(p) * float64(p) / 2
		}
	}
	if b.calls > b.at && b.wrong != 0 {
		dst[0] = float32(b.wrong)
	}
	return nil
}

type nothing struct{}

func (nothing) Draw(mesh.Request) (fine, coarser mesh.Batch, err error) { return }

func newTrainer(t *testing.T, adjustments ...train.Adjustment) (*train.Trainer, *bowl) {
	t.Helper()
	set := param.NewSet(1)
	if _, err := set.Declare("p", tensor.Shape{4}, param.Weight, param.Constant(2)); err != nil {
		t.Fatal(err)
	}
	set.Seal()
	plan, err := mge.FullMultiscale.Plan(mge.Work{Batches: []int{1, 2}, Iterations: 4, Stages: []int{3, 2}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bowl{params: set}
	return &train.Trainer{
		Plan: plan, Source: &mge.Estimator{Model: b, Sampler: nothing{}}, Params: set,
		Optimizer: optimize.New(optimize.SGD{}, set.Groups(), 0), Schedule: optimize.Constant(0.5), Adjustments: adjustments,
	}, b
}

func TestRun(t *testing.T) {
	tr, _ := newTrainer(t)
	var stages []int
	var ends []bool
	var units []float64
	tr.Hooks = []train.Hook{func(_ context.Context, s train.Step) error {
		stages, ends, units = append(stages, s.StageNumber), append(ends, s.StageEnd), append(units, s.WorkUnits)
		return nil
	}}
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Every step halves the parameters, which start from 2.
	if p := tr.Params.Values()[0]; p != 2.0/32 {
		t.Errorf("the parameters are %v, want %v", p, 2.0/32)
	}
	if want := []int{0, 0, 0, 1, 1}; !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
	if want := []bool{false, false, true, false, true}; !slices.Equal(ends, want) {
		t.Errorf("ends of stages %v, want %v", ends, want)
	}
	// The first stage has two images on the coarse mesh, the second one on both and two on the coarse mesh.
	if want := []float64{0.5, 1, 1.5, 3.25, 5}; !slices.Equal(units, want) {
		t.Errorf("work units %v, want %v", units, want)
	}
}

// TestRestart: with Restart the optimizer starts the second stage with its initial state.
func TestRestart(t *testing.T) {
	for _, restart := range []bool{false, true} {
		tr, _ := newTrainer(t)
		tr.Optimizer = optimize.New(optimize.SGD{Momentum: 0.5}, tr.Params.Groups(), 0)
		tr.Restart = restart
		p, v := 2.0, 0.0
		tr.Hooks = []train.Hook{func(_ context.Context, s train.Step) error {
			if s.Iteration == 4 && restart { // the first iteration of the second stage
				v = 0
			}
			v = 0.5*v + p
			p -= 0.5 * v
			if got := tr.Params.Values()[0]; float64(got) != p { // all numbers are exact in float32
				t.Errorf("restart %v, iteration %d: %v, want %v", restart, s.Iteration, got, p)
			}
			return nil
		}}
		if err := tr.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := 5
		if restart {
			want = 2
		}
		if got := tr.Optimizer.Steps(); got != want {
			t.Errorf("restart %v: the optimizer counts %d steps, want %d", restart, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	tr, _ := newTrainer(t, train.Clip(1))
	var norm float64
	tr.Hooks = []train.Hook{func(_ context.Context, s train.Step) error {
		norm = s.GradientNorm
		return errors.New("enough")
	}}
	if err := tr.Run(t.Context()); err == nil {
		t.Fatal("the hook's error was lost")
	}
	if norm != 4 {
		t.Errorf("the norm before clipping is %v, want 4", norm)
	}
	// A gradient of (2,2,2,2) clipped to length 1 is (.5,.5,.5,.5).
	if p := tr.Params.Values()[0]; math.Abs(float64(p)-1.75) > 1e-6 {
		t.Errorf("the parameters are %v after one clipped step, want 1.75", p)
	}
}

func TestDivergenceLeavesTheParameters(t *testing.T) {
	for _, wrong := range []float64{math.NaN(), math.Inf(1)} {
		tr, b := newTrainer(t)
		b.wrong, b.at = wrong, 1
		err := tr.Run(t.Context())
		var d *train.Divergence
		if !errors.As(err, &d) || d.What != "p" || d.Iteration != 1 || !strings.Contains(err.Error(), "stage 1, iteration 2: the gradient of p") || !strings.Contains(err.Error(), "-detect-anomaly") {
			t.Fatalf("error %v", err)
		}
		if p := tr.Params.Values()[0]; p != 1 {
			t.Errorf("the parameters are %v after one good step, want 1", p)
		}
	}
}

func TestStop(t *testing.T) {
	tr, _ := newTrainer(t)
	ctx, stop := context.WithCancel(t.Context())
	tr.Hooks = []train.Hook{func(_ context.Context, s train.Step) error {
		if s.Iteration == 2 {
			stop()
		}
		return nil
	}}
	if err := tr.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if tr.Iteration != 2 {
		t.Errorf("stopped after %d iterations, want 2", tr.Iteration)
	}
	if err := tr.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := tr.Params.Values()[0]; p != 2.0/32 {
		t.Errorf("going on gives %v, want %v", p, 2.0/32)
	}
}
