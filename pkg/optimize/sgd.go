package optimize

import "multiscale/pkg/kernel/pointwise"

// SGD is gradient descent with momentum, as in PyTorch. With the gradient g, to which
// WeightDecay p is added if weight decay applies to the values,
//
//	v = g                               in the first step
//	v = Momentum v + (1-Dampening) g    in later steps
//	p = p - rate v                      without Nesterov
//	p = p - rate (g + Momentum v)       with Nesterov
//
// If Momentum is 0, p = p - rate g.
type SGD struct {
	Momentum    float64 // 0 is plain gradient descent
	Dampening   float64
	Nesterov    bool
	WeightDecay float64
}

// Name implements Rule.
func (SGD) Name() string { return "sgd" }

// Moments implements Rule: the velocity v.
func (SGD) Moments() int { return 1 }

// Update implements Rule.
func (r SGD) Update(values, gradient []float32, moments [][]float32, s Step) {
	velocity := moments[0]
	decay := r.WeightDecay
	if !s.Decays {
		decay = 0
	}
	taken := float32(1 - r.Dampening) // factor of the gradient
	if s.Number == 1 || r.Momentum == 0 {
		taken = 1
	}
	if decay == 0 && !r.Nesterov && taken == 1 {
		pointwise.SGD(values, gradient, velocity, s.LearningRate, r.Momentum)
		return
	}
	rate, momentum, shrink := float32(s.LearningRate), float32(r.Momentum), float32(decay)
	for i, p := range values {
		g := gradient[i] + float32(shrink*p)
		v := float32(momentum*velocity[i]) + float32(taken*g)
		velocity[i] = v
		if r.Nesterov {
			v = g + float32(momentum*v)
		}
		values[i] = p - float32(rate*v)
	}
}
