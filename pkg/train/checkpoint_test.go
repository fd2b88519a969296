package train_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"multiscale/pkg/checkpoint"
	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/train"
)

// drifting is a source with a state: it adds a multiple of the number of iterations to the gradient.
type drifting struct {
	train.Source
	count uint32
}

func (d *drifting) Gradient(ctx context.Context, dst []float32, iteration int, stage mge.Stage) (mge.Estimate, error) {
	e, err := d.Source.Gradient(ctx, dst, iteration, stage)
	d.count = uint32(iteration + 1)
	for i := range dst {
		dst[i] += float32(d.count) / 8
	}
	return e, err
}

func (d *drifting) State() ([]byte, error) { return binary.BigEndian.AppendUint32(nil, d.count), nil }

func (d *drifting) Restore(state []byte) error {
	if len(state) != 4 {
		return errors.New("no count")
	}
	d.count = binary.BigEndian.Uint32(state)
	return nil
}

// TestCheckpoint: a restored trainer, whose source has a state, continues with the bytes of one that
// was not interrupted. It may be saved after any step.
func TestCheckpoint(t *testing.T) {
	fresh := func() *train.Trainer {
		tr, _ := newTrainer(t, train.Clip(3))
		tr.Source = &drifting{Source: tr.Source}
		tr.Optimizer = optimize.New(optimize.AdamW{WeightDecay: 0.1}, tr.Params.Groups(), 0)
		return tr
	}
	whole := fresh()
	if err := whole.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	for at := range whole.Plan.Iterations() {
		first, second := fresh(), fresh()
		var saved bytes.Buffer
		first.Hooks = []train.Hook{func(_ context.Context, s train.Step) error {
			if s.Iteration != at+1 {
				return nil
			}
			var snapshot checkpoint.Snapshot
			if err := first.Save(&snapshot); err != nil {
				return err
			}
			return errors.Join(snapshot.Encode(&saved), stop)
		}}
		if err := first.Run(t.Context()); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		s, err := checkpoint.Decode(saved.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Restore(s); err != nil {
			t.Fatal(err)
		}
		if second.Iteration != at+1 || second.Source.(*drifting).count != uint32(at+1) {
			t.Errorf("restored at iteration %d with a count of %d, want %d", second.Iteration, second.Source.(*drifting).count, at+1)
		}
		if err := second.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(second.Params.Values(), whole.Params.Values()) || !slices.Equal(second.Optimizer.State()[1], whole.Optimizer.State()[1]) {
			t.Errorf("saved after iteration %d: %v, uninterrupted %v", at+1, second.Params.Values(), whole.Params.Values())
		}
	}
}

// TestRestoreRefuses: a snapshot that does not fit the trainer is an error that says why.
func TestRestoreRefuses(t *testing.T) {
	for says, spoil := range map[string]func(s checkpoint.Snapshot){
		"state of the training":       func(s checkpoint.Snapshot) { delete(s.Bytes, "counts") },
		"iteration -1":                func(s checkpoint.Snapshot) { s.Bytes["counts"] = []byte(`{"Iteration": -1}`) },
		"0 values, the network has 4": func(s checkpoint.Snapshot) { delete(s.Vectors, train.ParametersSection) },
		"adam: the state has":         func(s checkpoint.Snapshot) { delete(s.Vectors, "optimizer/0001") },
		"no count":                    func(s checkpoint.Snapshot) { delete(s.Bytes, "source") },
	} {
		tr, _ := newTrainer(t)
		tr.Source = &drifting{Source: tr.Source}
		tr.Optimizer = optimize.New(optimize.Adam{}, tr.Params.Groups(), 0)
		var s checkpoint.Snapshot
		if err := tr.Save(&s); err != nil {
			t.Fatal(err)
		}
		spoil(s)
		if err := tr.Restore(s); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
}

// TestAdjustments: adjustments change finite gradients, in their order, before the step. After an
// error the parameters are unchanged.
func TestAdjustments(t *testing.T) {
	broken := errors.New("broken")
	tr, _ := newTrainer(t,
		func(_ context.Context, gradient []float32, s train.Step) error {
			gradient[0] += float32(s.GradientNorm) // 4
			return nil
		},
		func(_ context.Context, gradient []float32, s train.Step) error {
			gradient[0] *= 2
			if s.Iteration == 2 {
				return broken
			}
			return nil
		})
	err := tr.Run(t.Context())
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "stage 1, iteration 2: broken") || tr.Iteration != 1 {
		t.Errorf("error %v after %d iterations", err, tr.Iteration)
	}
	// The parameters start from 2. The rate is 0.5, and the gradients are (2+4)*2 and 2.
	if p := tr.Params.Values(); p[0] != -4 || p[1] != 1 {
		t.Errorf("the parameters are %v", p)
	}
	tr, b := newTrainer(t, func(context.Context, []float32, train.Step) error {
		t.Error("an adjustment saw a gradient that is not finite")
		return nil
	})
	b.wrong = math.NaN()
	if err := tr.Run(t.Context()); err == nil {
		t.Error("no error")
	}
}

// following writes to buffers while it computes gradients, as running statistics follow batches.
type following struct {
	train.Source
	params *param.Set
}

func (f following) Gradient(ctx context.Context, dst []float32, iteration int, stage mge.Stage) (mge.Estimate, error) {
	for _, p := range f.params.All()[len(f.params.Params()):] {
		for i := range p.Values() {
			p.Values()[i] += float32(iteration)
		}
	}
	return f.Source.Gradient(ctx, dst, iteration, stage)
}

// TestAverage: the average includes parameters and buffers after each step and is part of a
// checkpoint. A checkpoint without an average is an error for a trainer with one.
func TestAverage(t *testing.T) {
	const decay = 0.75
	fresh := func() (*train.Trainer, *param.Set) {
		tr, b := newTrainer(t)
		set := param.NewSet(1)
		for name, role := range map[string]param.Role{"p": param.Weight, "running": param.Buffer} {
			if _, err := set.Declare(name, tensor.Shape{4}, role, param.Constant(2)); err != nil {
				t.Fatal(err)
			}
		}
		set.Seal()
		b.params, tr.Params = set, set
		tr.Source = following{tr.Source, set}
		tr.Optimizer = optimize.New(optimize.SGD{}, set.Groups(), 0)
		tr.Average = optimize.NewEMA(decay, set.Values())
		return tr, set
	}
	whole, set := fresh()
	want := []float64{2, 2} // averages of the parameter and of the buffer
	whole.Hooks = []train.Hook{func(context.Context, train.Step) error {
		for i, at := range []int{0, 4} {
			want[i] = decay*want[i] + (1-decay)*float64(set.Values()[at])
			if got := float64(whole.Average.Values()[at]); math.Abs(got-want[i]) > 1e-6 {
				t.Errorf("value %d: %v, want %v", at, got, want[i])
			}
		}
		return nil
	}}
	if err := whole.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if set.Values()[4] == 2 {
		t.Fatal("the buffer has not changed")
	}

	stop := errors.New("stop")
	first, _ := fresh()
	var s checkpoint.Snapshot
	first.Hooks = []train.Hook{func(_ context.Context, step train.Step) error {
		if step.Iteration < 3 {
			return nil
		}
		return stop
	}}
	if err := first.Run(t.Context()); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := first.Save(&s); err != nil {
		t.Fatal(err)
	}
	second, _ := fresh()
	if err := second.Restore(s); err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context()); err != nil || !slices.Equal(second.Average.Values(), whole.Average.Values()) {
		t.Errorf("the average is %v, want %v; %v", second.Average.Values(), whole.Average.Values(), err)
	}
	first.Average, s = nil, checkpoint.Snapshot{}
	if err := first.Save(&s); err != nil {
		t.Fatal(err)
	}
	if third, _ := fresh(); third.Restore(s) == nil {
		t.Error("a checkpoint without an average is continued with one")
	}
}
