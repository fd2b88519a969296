package reference_test

import (
	"encoding/json"
	"fmt"
	"math"

	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
)

// adamOptions are the hyper-parameters that both kinds of training cases have.
type adamOptions struct {
	Optimizer   string
	LR          float64
	Beta1       float64
	Beta2       float64
	Eps         float64
	WeightDecay float64 `json:"weight_decay"`
	Scheduler   string
	Period      int     `json:"T_max"`
	Final       float64 `json:"eta_min"`
	Steps       int
}

// adam returns the optimizer and its schedule, which is checked against lr.npy.
func (k *checker) adam(h adamOptions) (*optimize.Adam, optimize.Schedule) {
	settle(k, "optimizer", h.Optimizer, "Adam")
	settle(k, "scheduler", h.Scheduler, "CosineAnnealingLR")
	settle(k, "weight_decay", h.WeightDecay, 0)
	schedule := optimize.Cosine{Initial: h.LR, Final: h.Final, Steps: h.Period}
	var rates []float64
	for i := range h.Steps + 1 {
		rates = append(rates, schedule.LearningRate(i))
	}
	k.expect("lr.npy", narrow(rates))
	// PyTorch gets each rate from the one before, which rounds differently.
	const rounding = 1e-12
	for i, want := range k.LearningRates {
		if i < len(rates) && math.Abs(rates[i]-want) > rounding*h.LR {
			k.Errorf("learning rate %d is %v, want %v", i, rates[i], want)
		}
	}
	return optimize.NewAdam(optimize.AdamOptions{LearningRate: h.LR, Beta1: h.Beta1, Beta2: h.Beta2, Epsilon: h.Eps}), schedule
}

// checkAdam checks the optimizer alone, on given gradients.
func checkAdam(k *checker) {
	var h adamOptions
	k.decode(&h)
	adam, schedule := k.adam(h)
	start, g := k.input("p0"), k.input("g")
	settle(k, "the number of steps in g", g.Shape[0], h.Steps)
	set := param.NewSet(1)
	if _, err := set.Declare("p", start.Shape, param.Constant(0)); err != nil {
		k.Fatal(err)
	}
	set.Seal()
	p := set.Values()
	copy(p, start.Data)
	var params, first, second []float32
	for i := range h.Steps {
		adam.SetLearningRate(schedule.LearningRate(i))
		gradient := g.Data[i*len(p) : (i+1)*len(p)]
		if err := adam.Step(set.ValueGrads(gradient)); err != nil {
			k.Fatal(err)
		}
		state := adam.State()
		params, first, second = append(params, p...), append(first, state[0]...), append(second, state[1]...)
	}
	k.expect("p.npy", params)
	k.expect("m.npy", first)
	k.expect("v.npy", second)
}

// checkTraining trains a network for some steps of single-scale denoising.
func checkTraining(k *checker) {
	var h struct {
		adamOptions
		Model     json.RawMessage
		Mode      string
		Snapshots []int
	}
	k.decode(&h)
	adam, schedule := k.adam(h.adamOptions)
	n, set := k.load(h.Model, h.Mode)
	m := model.New(n, set, op.MSE)
	x, z, t := k.input("x"), k.input("z"), k.input("t")
	settle(k, "the rank of x", len(x.Shape), 5)
	settle(k, "the number of steps in x", x.Shape[0], h.Steps)
	batch, image := x.Shape[1], x.Shape[2:]
	pool := func(data []float32) pixel.Images {
		return pixel.Images{Shape: pixel.Shape{N: h.Steps * batch, C: image[0], H: image[1], W: image[2]}, Data: data}
	}
	all := mesh.Batch{Input: noisy(pool(x.Data), pool(z.Data), t.Data), T: t.Data, Target: pool(x.Data), Samples: make([]uint64, h.Steps*batch)}

	var losses []float32
	for i := range h.Steps {
		gradient := make([]float32, set.Len())
		loss, err := m.AddGradient(k.Context(), gradient, all.Slice(i*batch, (i+1)*batch), 0)
		if err != nil {
			k.Fatal(err)
		}
		losses = append(losses, float32(loss))
		adam.SetLearningRate(schedule.LearningRate(i))
		if err := adam.Step(set.ValueGrads(gradient)); err != nil {
			k.Fatal(err)
		}
		set.Changed()
		for _, p := range set.Params() {
			k.expectIf(fmt.Sprintf("params_step%d/%s.npy", i+1, p.Name), p.Value.Float32s())
		}
	}
	k.expect("loss.npy", losses)
}
