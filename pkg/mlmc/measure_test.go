package mlmc_test

import (
	"context"
	"math"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// noise draws batches of smooth stripes in noise. The coarse mesh of a difference may have another
// restriction than all others, a mistake that makes the telescoping sum biased.
type noise struct {
	side          int
	between, last mesh.Restriction
}

func (s noise) Draw(request mesh.Request) (fine, coarser mesh.Batch, err error) {
	r, n := random.New(11, uint64(request.Iteration), uint64(request.Level)), request.Size
	b := mesh.Batch{
		Input: pixel.NewImages(n, 3, s.side, s.side), Target: pixel.NewImages(n, 3, s.side, s.side),
		T: make([]float32, n), Samples: make([]uint64, n),
	}
	r.Normals(b.Input.Data)
	r.Uniforms(b.T)
	for i := range b.Samples {
		b.Samples[i] = uint64(i)
	}
	for i := range b.Target.Data {
		b.Target.Data[i] = float32(math.Sin(float64(i % s.side)))
		b.Input.Data[i] = 0.5*b.Input.Data[i] + b.Target.Data[i]
	}
	fine = mesh.RestrictBatch(s.between, b, request.Level)
	if request.Coarse {
		coarser = mesh.RestrictBatch(s.last, fine, 1)
	}
	return fine, coarser, nil
}

var (
	honest = noise{8, mesh.Nearest, mesh.Nearest}
	biased = noise{8, mesh.Nearest, mesh.Average}
)

func tiny(t *testing.T, dropout float32) *model.Model {
	t.Helper()
	var n network.Network = network.ResNet{Out: 3, Hidden: 4, Blocks: 1, Time: true}
	if dropout > 0 {
		u := network.NewUNet()
		u.Base, u.Multipliers, u.Groups, u.Dropout = 4, []int{1}, 2, dropout
		n = u
	}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := random.New(2)
	params.Update(func(values []float32) {
		for i := range values { // some parameters are zero at first
			values[i] += 0.1 * r.Normal()
		}
	})
	return model.New(n, params, op.MSE)
}

// TestUnbiased: over 1000 random batches, the mean of MGE is that of the plain gradient on the finest
// mesh of the stage, for every such mesh, also with dropout with independent or shared masks. With
// another restriction on the coarse meshes of differences it is not.
func TestUnbiased(t *testing.T) {
	for name, tc := range map[string]struct {
		sampler noise
		dropout float32
		shared  bool
		biased  bool
	}{
		"without dropout":   {sampler: honest},
		"biased":            {sampler: biased, biased: true},
		"independent masks": {sampler: honest, dropout: 0.5},
		"shared masks":      {sampler: honest, dropout: 0.5, shared: true},
	} {
		levels, whole := consistency(t, tiny(t, tc.dropout), tc.sampler, tc.shared)
		for l := range whole {
			if passes := levels[l] < 1 && whole[l] < 1; passes == tc.biased {
				t.Errorf("%s, level %d: consistency %.2f, of the whole sum %.2f", name, l, levels[l], whole[l])
			}
		}
	}
}

// consistency compares each level with the next one, and the whole sum from each level on with the plain
// gradient on this level, from independent batches.
func consistency(t *testing.T, m *model.Model, s noise, shared bool) (levels, whole []float64) {
	t.Helper()
	const batches, coarsest = 1000, 2
	measurement := mlmc.Measurement{Estimator: mge.Estimator{Model: m, Sampler: s, SharedMasks: shared}, Parameters: m.Params.Len(), Coarsest: coarsest, Repetitions: batches}
	measured, err := measurement.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	measurement.Sampler = later{s}
	measurement.Seed++
	for finest := range coarsest {
		estimate, err := measurement.Estimate(t.Context(), mge.Stage{Finest: finest, Batches: mge.Doubling(1, coarsest-finest)})
		if err != nil {
			t.Fatal(err)
		}
		levels = append(levels, measured[finest].Consistency)
		whole = append(whole, mlmc.Consistency(mlmc.Moments{}, measured[finest].Single, estimate))
	}
	return levels, whole
}

// source estimates gradients.
type source interface {
	Gradient(ctx context.Context, dst []float32, iteration int, s mge.Stage) (mge.Estimate, error)
}

// TestControlledIsUnbiased: also with coefficients, the mean over 1000 batches is that of the plain
// gradient, for every finest mesh and in every layer of the network.
func TestControlledIsUnbiased(t *testing.T) {
	const batches, coarsest = 1000, 2
	for _, tc := range []struct {
		choice  mge.Coefficients
		dropout float32
	}{{mge.Global, 0}, {mge.Layer, 0}, {mge.Layer, 0.5}} {
		m := tiny(t, tc.dropout)
		layers := param.Layers(m.Params.Groups())
		of := func(finest int, source source, s mge.Stage) (all []mlmc.Moments) {
			sums, g := make([]*mlmc.Accumulator, len(layers)), make([]float32, m.Params.Len())
			for p, l := range layers {
				sums[p] = mlmc.NewAccumulator(l.To - l.From)
			}
			for i := range batches {
				if _, err := source.Gradient(t.Context(), g, i, s); err != nil {
					t.Fatal(err)
				}
				for p, l := range layers {
					sums[p].Add(g[l.From:l.To])
				}
			}
			for _, a := range sums {
				all = append(all, a.Moments(1))
			}
			return all
		}
		for finest := range coarsest {
			single := of(finest, &mge.Estimator{Model: m, Sampler: honest}, mge.Stage{Finest: finest, Batches: []int{1}})
			c := mge.Controlled{Estimator: mge.Estimator{Model: m, Sampler: later{honest}, Seed: 1}, Choice: tc.choice, Layers: layers, Memory: 0.9}
			stage := mge.Stage{Finest: finest, Batches: mge.Doubling(2, coarsest-finest)}
			estimate := of(finest, &c, stage)
			between := 0
			for p, l := range layers {
				if off := mlmc.Consistency(mlmc.Moments{}, single[p], estimate[p]); !(off < 1) {
					t.Errorf("%s, dropout %g, level %d, %s: consistency %.2f", tc.choice, tc.dropout, finest, l.Name, off)
				}
				if a := c.Weights(stage)[0][p]; a > 0.01 && a < 0.99 {
					between++
				}
			}
			if between == 0 {
				t.Errorf("%s, dropout %g, level %d: no coefficient is between 0 and 1", tc.choice, tc.dropout, finest)
			}
		}
	}
}

// later draws the batches of other iterations than requested.
type later struct{ mge.Sampler }

func (s later) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	r.Iteration += 1_000_000
	return s.Sampler.Draw(r)
}

// TestPrediction: the variances of the terms predict the variance of the estimator, whether they are
// measured from single samples or from means.
func TestPrediction(t *testing.T) {
	m := tiny(t, 0)
	stage := mge.Stage{Batches: []int{2, 4, 8}}
	var predicted []float64
	for _, batch := range []func(int) int{nil, func(level int) int { return 1 << level }} {
		measurement := mlmc.Measurement{Estimator: mge.Estimator{Model: m, Sampler: honest}, Parameters: m.Params.Len(), Coarsest: 2, Repetitions: 400, Batch: batch}
		levels, err := measurement.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		predicted = append(predicted, levels.Variances().Of(stage))
	}
	measurement := mlmc.Measurement{Estimator: mge.Estimator{Model: m, Sampler: later{honest}}, Parameters: m.Params.Len(), Repetitions: 400}
	got, err := measurement.Estimate(t.Context(), stage)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range predicted {
		// Standard errors are about 5% on both sides.
		if ratio := got.Variance / p; ratio < 0.8 || ratio > 1.25 {
			t.Errorf("variance %g of the estimate, %g predicted", got.Variance, p)
		}
	}
}

// TestMeasurement: results have the right levels and costs, and are the same in a second run.
func TestMeasurement(t *testing.T) {
	m := tiny(t, 0.5)
	var done, total float64
	measurement := mlmc.Measurement{
		Estimator: mge.Estimator{Model: m, Sampler: honest, Seed: 3}, Parameters: m.Params.Len(), Finest: 1, Coarsest: 2, Repetitions: 5,
		Progress: func(d, of float64) { done, total = d, of },
	}
	first, err := measurement.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2 || first[0].Level != 1 || first[1].Level != 2 || !math.IsNaN(first[1].Consistency) || first[1].Term != first[1].Single {
		t.Errorf("levels %+v", first)
	}
	// 5 samples on the meshes with costs 1/4 and 1/16, and 5 on the mesh with cost 1/16.
	if want := 5 * (0.25 + 2*0.0625); measurement.WorkUnits() != want || done != want || total != want {
		t.Errorf("%v work units, %v of %v done, want %v", measurement.WorkUnits(), done, total, want)
	}
	v := first.Variances()
	if len(v.Single) != 3 || len(v.Difference) != 2 || v.Difference[1] != first[0].Term.Variance || v.Single[2] != first[1].Single.Variance {
		t.Errorf("variances %+v", v)
	}
	second, err := measurement.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if first[i].Term != second[i].Term || first[i].Single != second[i].Single {
			t.Errorf("level %d differs when measured again", i+1)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measurement.Run(cancelled); err == nil {
		t.Error("a measurement goes on after it was stopped")
	}
	measurement.Repetitions = 1
	if _, err := measurement.Run(t.Context()); err == nil {
		t.Error("a variance of one gradient")
	}
}
