package mge_test

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestWorkUnits pins the paper's table of costs, for batches of 16, 32, 64 and 128.
func TestWorkUnits(t *testing.T) {
	paper := mge.Work{Batches: mge.Doubling(16, 3), Iterations: 2000, Stages: []int{2000, 1000, 500, 250}}
	for _, tc := range []struct {
		strategy mge.Strategy
		each     []float64 // work units of one iteration, by stage
		batches  [][]int
		total    float64
	}{
		{mge.Single, []float64{240}, [][]int{{240}}, 480_000},
		{mge.MGE, []float64{37}, [][]int{{16, 32, 64, 128}}, 74_000},
		{mge.FullMultiscale, []float64{2, 7, 17, 37}, [][]int{{128}, {64, 128}, {32, 64, 128}, {16, 32, 64, 128}}, 28_750},
		{mge.Progressive, []float64{2, 7, 17, 37}, [][]int{{128}, {112}, {68}, {37}}, 28_750},
		{mge.Mixed, []float64{30}, [][]int{{16, 32, 64, 128}}, 60_000},
	} {
		plan, err := tc.strategy.Plan(paper)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.WorkUnits(plan.Iterations()); got != tc.total {
			t.Errorf("%s: %v work units, want %v", tc.strategy.Name, got, tc.total)
		}
		for i, s := range plan.Stages {
			if s.WorkUnits() != tc.each[i] {
				t.Errorf("%s, stage %d: %v work units an iteration, want %v", tc.strategy.Name, i, s.WorkUnits(), tc.each[i])
			}
			for j, n := range s.Batches {
				if n != tc.batches[i][j] {
					t.Errorf("%s, stage %d: batches %v, want %v", tc.strategy.Name, i, s.Batches, tc.batches[i])
					break
				}
			}
			if at, _, last := plan.At(plan.Iterations() - 1); at != len(plan.Stages)-1 || !last {
				t.Errorf("%s: the last iteration is in stage %d, last of it: %v", tc.strategy.Name, at, last)
			}
		}
	}
}

// TestCarry: if the batch of Progressive is not an integer, the number of samples so far differs from
// the exact number by less than one, and their cost is that of the plan.
func TestCarry(t *testing.T) {
	work := mge.Work{Batches: mge.Doubling(8, 3), Iterations: 100, Stages: []int{100, 50, 25, 13}}
	plan, err := mge.Progressive.Plan(work)
	if err != nil {
		t.Fatal(err)
	}
	full, err := mge.FullMultiscale.Plan(work)
	if err != nil {
		t.Fatal(err)
	}
	var got []int // of the last stage: 18.5 samples
	spent := 0.0
	for i := range plan.Iterations() {
		at, stage, _ := plan.At(i)
		if spent += stage.WorkUnits(); spent != plan.WorkUnits(i+1) {
			t.Fatalf("%v work units in %d iterations, the plan says %v", spent, i+1, plan.WorkUnits(i+1))
		}
		if d := full.WorkUnits(i+1) - spent; d < 0 || d >= mesh.Cost(stage.Finest) {
			t.Fatalf("%v work units in %d iterations, Full-Multiscale takes %v", spent, i+1, full.WorkUnits(i+1))
		}
		if at == 3 {
			got = append(got, stage.Batches[0])
		}
	}
	if want := []int{18, 19, 18, 19, 18, 19, 18, 19, 18, 19, 18, 19, 18}; !slices.Equal(got, want) {
		t.Errorf("batches %v, want %v", got, want)
	}
	if last := plan.Stages[3]; last.WorkUnits() != 18.5 || last.Max()[0] != 19 || last.Batches[0] != 18 {
		t.Errorf("the last stage is %+v", last)
	}
	third := mge.Stage{Batches: []int{2}, Fraction: 1. / 3}
	samples := 0
	for i := range 1000 {
		samples += third.At(i).Batches[0]
		if off := float64(samples) - float64(i+1)*(2+1./3); off <= -1 || off >= 1 {
			t.Fatalf("%d samples in %d iterations", samples, i+1)
		}
	}
	if _, err := mge.ParseStrategy("fast"); err == nil || !strings.Contains(err.Error(), "single, mge, fullmultiscale, progressive") {
		t.Errorf("an unknown strategy: error %v", err)
	}
	if _, err := mge.FullMultiscale.Plan(mge.Work{Batches: []int{1, 2}, Stages: []int{1}}); err == nil || !strings.Contains(err.Error(), "1 stages for 2 meshes") {
		t.Errorf("a stage too few: error %v", err)
	}
}

// sameBatch gives every term the same samples, so that the telescoping sum is the gradient on the
// finest mesh.
type sameBatch struct{ finest mesh.Batch }

func (s sameBatch) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	fine = mesh.RestrictBatch(mesh.Nearest, s.finest.Slice(0, r.Size), r.Level)
	if r.Coarse {
		coarser = mesh.RestrictBatch(mesh.Nearest, fine, 1)
	}
	return fine, coarser, nil
}

func randomBatch(n, side int) mesh.Batch {
	r := random.New(3)
	b := mesh.Batch{Input: pixel.NewImages(n, 3, side, side), Target: pixel.NewImages(n, 3, side, side), T: make([]float32, n), Samples: make([]uint64, n)}
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	return b
}

// TestTelescoping checks the identity behind the method: with the same batch on all levels and without
// dropout, the sum is the gradient on the finest mesh.
func TestTelescoping(t *testing.T) {
	// rounding bounds the relative difference. Each gradient in the sum has a float32 rounding
	// error of about 1e-6 of its length.
	const rounding = 1e-5
	unet := network.NewUNet()
	unet.Base, unet.Multipliers, unet.Dropout = 16, []int{1, 2}, 0
	for _, n := range []network.Network{network.ResNet{Out: 3, Hidden: 16, Blocks: 2, Time: true}, unet} {
		params, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := random.New(4)
		params.Update(func(values []float32) {
			for i := range values {
				values[i] += 0.05 * r.Normal()
			}
		})
		m := model.New(n, params, op.MSE)
		e := mge.Estimator{Model: m, Sampler: sameBatch{randomBatch(6, 16)}}
		gradient := func(s mge.Stage) ([]float32, float64) {
			g := make([]float32, params.Len())
			estimate, err := e.Gradient(t.Context(), g, 0, s)
			if err != nil {
				t.Fatal(err)
			}
			return g, estimate.Loss
		}
		want, wantLoss := gradient(mge.Stage{Batches: []int{6}})
		got, gotLoss := gradient(mge.Stage{Batches: []int{6, 6, 6}})
		var diff, norm float64
		for i := range want {
			diff += math.Pow(float64(got[i]-want[i]), 2)
			norm += math.Pow(float64(want[i]), 2)
		}
		if rel := math.Sqrt(diff / norm); !(rel < rounding) {
			t.Errorf("%s: the telescoping sum is off by %g of the fine gradient", n.Name(), rel)
		}
		if math.Abs(gotLoss-wantLoss) > rounding*math.Abs(wantLoss) {
			t.Errorf("%s: telescoping loss %g, want %g", n.Name(), gotLoss, wantLoss)
		}
	}
}

// recorder is a model that records its calls.
type recorder struct {
	calls [][]call
}

type call struct {
	weight float64
	side   int
	n      int
	first  float32
	key    uint64
	stride int
}

func (r *recorder) Gradients(_ context.Context, _ [][]float32, parts []mesh.Part, _ bool) error {
	var calls []call
	for i, p := range parts {
		parts[i].Loss = float64(10*len(r.calls) + i)
		calls = append(calls, call{p.Weight, p.Batch.Input.H, p.Batch.Len(), p.Batch.Input.Data[0], p.Key, p.Stride})
	}
	r.calls = append(r.calls, calls)
	return nil
}

// fresh draws a different batch for every level.
type fresh struct{}

func (fresh) Draw(r mesh.Request) (mesh.Batch, mesh.Batch, error) {
	b := randomBatch(r.Size, 16)
	b.Input.Data[0] = float32(100*r.Iteration + r.Level)
	b = mesh.RestrictBatch(mesh.Nearest, b, r.Level)
	if !r.Coarse {
		return b, mesh.Batch{}, nil
	}
	return b, mesh.RestrictBatch(mesh.Nearest, b, 1), nil
}

// TestCoupling: both meshes of a difference see the same samples, different terms see different
// samples, each mesh is evaluated once, and all batches have different dropout masks.
func TestCoupling(t *testing.T) {
	var r recorder
	e := mge.Estimator{Model: &r, Sampler: fresh{}, Seed: 7}
	estimate, err := e.Gradient(t.Context(), make([]float32, 1), 5, mge.Stage{Finest: 1, Batches: []int{3, 5, 9}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]call{
		{{1, 8, 3, 501, 0, 0}},
		{{1, 4, 5, 502, 0, 0}, {-1, 4, 3, 501, 0, 0}},
		{{1, 2, 9, 503, 0, 0}, {-1, 2, 5, 502, 0, 0}},
	}
	keys := map[uint64]bool{}
	for _, calls := range r.calls {
		for i := range calls {
			keys[calls[i].key] = true
			calls[i].key = 0
		}
	}
	if !reflect.DeepEqual(r.calls, want) {
		t.Errorf("evaluations %+v, want %+v", r.calls, want)
	}
	if len(keys) != 5 {
		t.Errorf("%d keys for 5 batches", len(keys))
	}
	terms := []mge.Term{{Level: 1, Samples: 3, Fine: 0, Coarse: 11}, {Level: 2, Samples: 5, Fine: 10, Coarse: 21}, {Level: 3, Samples: 9, Fine: 20}}
	if !reflect.DeepEqual(estimate.Terms, terms) || estimate.Loss != 0-11+10-21+20 {
		t.Errorf("%+v, want terms %+v", estimate, terms)
	}
}

// TestMixed: each sample of a mixed stage is evaluated only on its own mesh, and all have equal weights.
func TestMixed(t *testing.T) {
	var r recorder
	e := mge.Estimator{Model: &r, Sampler: fresh{}, Seed: 7}
	stage := mge.Stage{Finest: 1, Batches: []int{2, 4, 10}, Mixed: true}
	estimate, err := e.Gradient(t.Context(), make([]float32, 1), 5, stage)
	if err != nil {
		t.Fatal(err)
	}
	for _, calls := range r.calls {
		for i := range calls {
			calls[i].key = 0
		}
	}
	if want := [][]call{{{0.125, 8, 2, 501, 0, 0}}, {{0.25, 4, 4, 502, 0, 0}}, {{0.625, 2, 10, 503, 0, 0}}}; !reflect.DeepEqual(r.calls, want) {
		t.Errorf("evaluations %+v, want %+v", r.calls, want)
	}
	if want := 0.25*10 + 0.625*20; estimate.Loss != want || estimate.Terms[1].Coarse != 0 {
		t.Errorf("%+v, want loss %v", estimate, want)
	}
	if n, want := stage.Images(), 16; n != want {
		t.Errorf("%d images, want %d", n, want)
	}
}

// TestSharedMasks: the coarse mesh of a difference has the key of the fine mesh and stride 2. Other
// terms have other keys.
func TestSharedMasks(t *testing.T) {
	var r recorder
	e := mge.Estimator{Model: &r, Sampler: fresh{}, Seed: 7, SharedMasks: true}
	if _, err := e.Gradient(t.Context(), make([]float32, 1), 5, mge.Stage{Batches: []int{3, 5, 9}}); err != nil {
		t.Fatal(err)
	}
	keys := map[uint64]bool{}
	for i, calls := range r.calls {
		keys[calls[0].key] = true
		if calls[0].stride > 1 {
			t.Errorf("the fine mesh of term %d has stride %d", i, calls[0].stride)
		}
		if i > 0 && (calls[1].key != r.calls[i-1][0].key || calls[1].stride != 2) {
			t.Errorf("the coarse mesh of term %d has key %x and stride %d, the fine one key %x", i-1, calls[1].key, calls[1].stride, r.calls[i-1][0].key)
		}
	}
	if len(keys) != 3 {
		t.Errorf("%d keys for 3 terms", len(keys))
	}
}
