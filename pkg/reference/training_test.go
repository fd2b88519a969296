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

// adamOptions are the hyper-parameters of all cases with Adam or AdamW.
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

// adam returns the rule and its schedule, which it compares with lr.npy.
func (k *checker) adam(h adamOptions) (optimize.Rule, optimize.Schedule) {
	settle(k, "optimizer", h.Optimizer, "Adam")
	settle(k, "scheduler", h.Scheduler, "CosineAnnealingLR")
	settle(k, "weight_decay", h.WeightDecay, 0)
	schedule := optimize.Cosine{Initial: h.LR, Final: h.Final, Steps: h.Period}
	var rates []float64
	for i := range h.Steps + 1 {
		rates = append(rates, schedule.LearningRate(i))
	}
	k.expect("lr.npy", narrow(rates))
	// PyTorch computes each rate from the previous one, which rounds differently.
	const rounding = 1e-12
	for i, want := range k.LearningRates {
		if i < len(rates) && math.Abs(rates[i]-want) > rounding*h.LR {
			k.Errorf("learning rate %d is %v, want %v", i, rates[i], want)
		}
	}
	return optimize.NewAdam(h.Beta1, h.Beta2, h.Eps), schedule
}

// checkAdam checks Adam on given gradients.
func checkAdam(k *checker) {
	var h adamOptions
	k.decode(&h)
	rule, schedule := k.adam(h)
	moments := k.steps(rule, schedule, h.Steps)
	k.expect("m.npy", moments[0])
	k.expect("v.npy", moments[1])
}

// checkAdamW checks AdamW on given gradients.
func checkAdamW(k *checker) {
	var h adamOptions
	k.decode(&h)
	adam := optimize.NewAdam(h.Beta1, h.Beta2, h.Eps)
	k.steps(optimize.AdamW{Adam: adam, WeightDecay: h.WeightDecay}, optimize.Constant(h.LR), h.Steps)
}

// checkSGD checks gradient descent on given gradients.
func checkSGD(k *checker) {
	var h struct {
		LR, Momentum, Dampening float64
		Nesterov                bool
		WeightDecay             float64 `json:"weight_decay"`
		Steps                   int
	}
	k.decode(&h)
	k.steps(optimize.SGD{Momentum: h.Momentum, Dampening: h.Dampening, Nesterov: h.Nesterov, WeightDecay: h.WeightDecay}, optimize.Constant(h.LR), h.Steps)
}

// steps takes steps with the gradients g from the parameters p0, and compares the parameters after
// each step with p.npy. It returns the moments after each step.
func (k *checker) steps(rule optimize.Rule, schedule optimize.Schedule, steps int) (moments [][]float32) {
	k.Helper()
	p, g := k.input("p0").Data, k.input("g")
	settle(k, "the number of steps in g", g.Shape[0], steps)
	o := optimize.New(rule, []param.Group{{Name: "p", To: len(p), Decays: true}}, 0)
	moments = make([][]float32, rule.Moments())
	var params []float32
	for i := range steps {
		o.SetLearningRate(schedule.LearningRate(i))
		if err := o.Step(p, g.Data[i*len(p):(i+1)*len(p)]); err != nil {
			k.Fatal(err)
		}
		params = append(params, p...)
		for j, moment := range o.State() {
			moments[j] = append(moments[j], moment...)
		}
	}
	k.expect("p.npy", params)
	return moments
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
	rule, schedule := k.adam(h.adamOptions)
	n, set := k.load(h.Model, h.Mode)
	adam := optimize.New(rule, set.Groups(), 0)
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
		set.Update(func(values []float32) {
			if err := adam.Step(values, gradient); err != nil {
				k.Fatal(err)
			}
		})
		for _, p := range set.Params() {
			k.expectIf(fmt.Sprintf("params_step%d/%s.npy", i+1, p.Name), p.Values())
		}
	}
	k.expect("loss.npy", losses)
}
