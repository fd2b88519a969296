package mge_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestBest compares with coefficients and variances that were computed by hand. Two meshes with batches N
// and 2N and equal variances have a = (2/3) C/V and a relative variance of 1 - (2/3) rho^2.
func TestBest(t *testing.T) {
	one := func(v ...float64) []float64 { return v }
	two := []mge.Covariance{{Fine: one(4, 1), Cross: one(2, -1), Coarse: one(4, 1)}, {Fine: one(4, 1)}}
	equal := []mge.Covariance{{Fine: one(1), Cross: one(0.6), Coarse: one(1)}, {Fine: one(1)}}
	for name, tc := range map[string]struct {
		choice   mge.Coefficients
		terms    []mge.Covariance
		batches  []int
		want     [][]float64
		variance []float64
	}{
		"none":           {mge.NoCoefficients, equal, []int{2, 4}, [][]float64{{1}}, one((2-1.2)/2 + 0.25)},
		"layer":          {mge.Layer, equal, []int{2, 4}, [][]float64{{0.4}}, one((1 - 2./3*0.36) / 2)},
		"clipped":        {mge.Layer, two, []int{1, 2}, [][]float64{{1. / 3, 0}}, one(4*(1-2./3*0.25), 1)},
		"global":         {mge.Global, two, []int{1, 2}, [][]float64{{0, 0}}, one(4, 1)},
		"a dead layer":   {mge.Layer, []mge.Covariance{{Fine: one(0), Cross: one(0), Coarse: one(0)}, {Fine: one(0)}}, []int{1, 1}, [][]float64{{1}}, one(0)},
		"nothing known":  {mge.Layer, make([]mge.Covariance, 2), []int{1, 1}, [][]float64{{}}, nil},
		"coarsest alone": {mge.Layer, []mge.Covariance{{}, {Fine: one(3)}}, []int{1, 3}, [][]float64{{1}}, nil},
	} {
		best, variance := tc.choice.Best(tc.terms, tc.batches)
		same := func(a, b []float64) bool {
			return slices.EqualFunc(a, b, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
		}
		if !slices.EqualFunc(best, tc.want, same) || !same(variance, tc.variance) {
			t.Errorf("%s: coefficients %v with variance %v, want %v with %v", name, best, variance, tc.want, tc.variance)
		}
	}
}

// TestBestIsNeverWorse: for any covariances and batches, the variance is at most that of the batch on
// the finest mesh alone.
func TestBestIsNeverWorse(t *testing.T) {
	r := random.New(5)
	for range 1000 {
		terms, batches := make([]mge.Covariance, 4), make([]int, 4)
		for l := range terms {
			v, w := float64(r.Float32())+0.1, float64(r.Float32())+0.1
			terms[l] = mge.Covariance{Fine: []float64{v}, Cross: []float64{(2*float64(r.Float32()) - 1) * math.Sqrt(v*w)}, Coarse: []float64{w}}
			batches[l] = 1 + r.Intn(64)
		}
		_, variance := mge.Layer.Best(terms, batches)
		if alone := terms[0].Fine[0] / float64(batches[0]); variance[0] > alone*(1+1e-12) {
			t.Fatalf("variance %g, of the fine batch alone %g", variance[0], alone)
		}
	}
}

func smallUNet(t *testing.T) *model.Model {
	t.Helper()
	unet := network.NewUNet()
	unet.Base, unet.Multipliers, unet.Groups, unet.Dropout = 8, []int{1, 2}, 4, 0.5
	params, err := network.Parameters(unet, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := random.New(4)
	params.Update(func(values []float32) {
		for i := range values {
			values[i] += 0.05 * r.Normal()
		}
	})
	return model.New(unet, params, op.MSE)
}

// TestControlled: the first step is that of MGE, because nothing is known yet. Later steps have
// coefficients from 0 to 1. A repeated step, and a step of a restored estimator, give the same bytes.
func TestControlled(t *testing.T) {
	const rounding = 1e-5 // relative; halves of batches are summed in another order
	m := smallUNet(t)
	layers := param.Layers(m.Params.Groups())
	stage := mge.Stage{Batches: []int{3, 2, 4}}
	plain := mge.Estimator{Model: m, Sampler: fresh{}, Seed: 7}
	newOne := func() *mge.Controlled {
		return &mge.Controlled{Estimator: plain, Choice: mge.Layer, Layers: layers, Memory: 0.9}
	}
	gradient := func(c interface {
		Gradient(context.Context, []float32, int, mge.Stage) (mge.Estimate, error)
	}, i int) []float32 {
		g := make([]float32, m.Params.Len())
		g[0] = 9 // to be overwritten
		estimate, err := c.Gradient(t.Context(), g, i, stage)
		if err != nil {
			t.Fatal(err)
		}
		if len(estimate.Terms) != 3 || estimate.Terms[0].Coarse == 0 {
			t.Errorf("estimate %+v", estimate)
		}
		return g
	}
	c := newOne()
	want, got := gradient(&plain, 0), gradient(c, 0)
	var off, norm float64
	for i := range want {
		off += math.Pow(float64(got[i]-want[i]), 2)
		norm += math.Pow(float64(want[i]), 2)
	}
	if rel := math.Sqrt(off / norm); !(rel < rounding) {
		t.Errorf("the first step is off by %g of MGE's", rel)
	}
	gradient(c, 1)
	if w := c.Weights(stage); len(w) != 2 || len(w[0]) != len(layers) || slices.Max(w[0]) > 1 || slices.Min(w[0]) < 0 || slices.Max(w[0]) == slices.Min(w[0]) {
		t.Errorf("coefficients %v", w)
	}
	state, err := c.State()
	if err != nil {
		t.Fatal(err)
	}
	restored := newOne()
	if err := restored.Restore(state); err != nil {
		t.Fatal(err)
	}
	third := gradient(c, 2)
	if !slices.Equal(gradient(c, 2), third) {
		t.Error("a step that is done again differs")
	}
	if !slices.Equal(gradient(restored, 2), third) {
		t.Error("a restored estimator goes on differently")
	}
	if err := newOne().Restore([]byte(`{"Known":{"0":{"Fine":[1]}}}`)); err == nil {
		t.Error("the state of another network was taken")
	}
	if err := restored.Restore(nil); err != nil || !slices.Equal(gradient(restored, 0), got) {
		t.Errorf("no state is not that of a new estimator: %v", err)
	}
}

// numbers is a model of one parameter, whose gradient is the sample itself.
type numbers struct{}

func (numbers) Gradients(_ context.Context, dst [][]float32, parts []mesh.Part, add bool) error {
	for i := range dst {
		if !add {
			clear(dst[i])
		}
	}
	for _, p := range parts {
		for _, x := range p.Batch.Input.Data {
			dst[p.Destination][0] += float32(p.Weight) * x / float32(p.Mean())
		}
	}
	return nil
}

// The samples of skewed and their probabilities. A sample is 0, 1 or 3 on the coarse mesh, and an eighth
// of its square on the fine one.
var (
	skewedValues = []float32{0, 1, 3}
	skewedShares = []float64{0.5, 0.3, 0.2}
)

func fineOf(coarse float32) float32 { return coarse * coarse / 8 }

// skewed draws samples of one number on two meshes. With repeat, iterations 2i and 2i+1 draw the same
// samples.
type skewed struct{ repeat bool }

func (s skewed) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	i := r.Iteration
	if s.repeat {
		i /= 2
	}
	draw := random.New(8, uint64(i), uint64(r.Level))
	batch := func() mesh.Batch {
		return mesh.Batch{Input: pixel.NewImages(r.Size, 1, 1, 1), Target: pixel.NewImages(r.Size, 1, 1, 1), Samples: make([]uint64, r.Size)}
	}
	fine, coarser = batch(), batch()
	for k := range fine.Samples {
		u, value := float64(draw.Float32()), skewedValues[2]
		if u < skewedShares[0] {
			value = skewedValues[0]
		} else if u < skewedShares[0]+skewedShares[1] {
			value = skewedValues[1]
		}
		coarser.Input.Data[k], fine.Input.Data[k] = value, value
		if r.Level == 0 {
			fine.Input.Data[k] = fineOf(value)
		}
	}
	return fine, coarser, nil
}

// sameBatchBias computes, by enumeration of all samples, the bias of an estimator whose coefficient
// follows from its own two samples of each term, and the mean of the fine gradient.
func sameBatchBias() (bias, mean float64) {
	at := func(i int) (c, f, share float64) {
		return float64(skewedValues[i]), float64(fineOf(skewedValues[i])), skewedShares[i]
	}
	var expected float64
	for i := range 3 {
		_, f, p := at(i)
		mean += p * f
		for j := range 3 {
			for k := range 3 {
				for l := range 3 {
					c1, f1, p1 := at(i)
					c2, f2, p2 := at(j)
					k1, _, p3 := at(k)
					k2, _, p4 := at(l)
					cross, coarse, own := (f1-f2)*(c1-c2)/2, (c1-c2)*(c1-c2)/2, (k1-k2)*(k1-k2)/2
					a := 1.0 // if all samples are equal
					if whole := coarse + 2*own/2; whole > 0 {
						a = min(max(cross/whole, 0), 1)
					}
					expected += p1 * p2 * p3 * p4 * ((f1+f2)/2 + a*((k1+k2)/2-(c1+c2)/2))
				}
			}
		}
	}
	return expected - mean, mean
}

// TestSameBatchIsBiased: with coefficients from earlier batches the estimate is unbiased. With
// coefficients from its own batch it has the calculated bias. Both see the same batches.
func TestSameBatchIsBiased(t *testing.T) {
	const batches = 20_000
	one := []param.Group{{Name: "all", To: 1}}
	earlier := mge.Controlled{Estimator: mge.Estimator{Model: numbers{}, Sampler: skewed{true}}, Choice: mge.Layer, Layers: one, Memory: 0.9}
	own := earlier
	own.Memory = 0
	stage := mge.Stage{Batches: []int{2, 2}}
	bias, mean := sameBatchBias()
	var honest, paired [2]float64 // sums, and sums of squares
	g := make([]float32, 1)
	estimate := func(c *mge.Controlled, i int) float64 {
		if _, err := c.Gradient(t.Context(), g, i, stage); err != nil {
			t.Fatal(err)
		}
		return float64(g[0])
	}
	for i := range batches {
		fair := estimate(&earlier, 2*i)
		estimate(&own, 2*i)                        // measures the batch
		difference := estimate(&own, 2*i+1) - fair // uses the coefficients for the same batch
		honest[0], honest[1] = honest[0]+fair-mean, honest[1]+(fair-mean)*(fair-mean)
		paired[0], paired[1] = paired[0]+difference, paired[1]+difference*difference
	}
	of := func(sums [2]float64) (mean, err float64) {
		mean = sums[0] / batches
		return mean, math.Sqrt((sums[1]/batches - mean*mean) / batches)
	}
	if off, err := of(honest); math.Abs(off) > 4*err {
		t.Errorf("coefficients of earlier batches: off by %g, standard error %g", off, err)
	}
	off, err := of(paired)
	if math.Abs(off-bias) > 4*err {
		t.Errorf("coefficients of the same batch: off by %g, standard error %g, calculated %g", off, err, bias)
	}
	if math.Abs(bias) < 10*err {
		t.Errorf("the bias of %g does not stand out of its standard error %g", bias, err)
	}
	t.Logf("bias %g calculated, %g measured, standard error %g", bias, off, err)
}
