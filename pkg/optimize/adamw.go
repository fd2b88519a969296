package optimize

import "multiscale/pkg/kernel/pointwise"

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in PyTorch. If
// weight decay applies to the values, p = p (1 - rate*WeightDecay) before the step of Adam.
type AdamW struct {
	Adam
	WeightDecay float64
}

// Name implements Rule.
func (AdamW) Name() string { return "adamw" }

// Update implements Rule.
func (a AdamW) Update(values, gradient []float32, moments [][]float32, s Step) {
	if s.Decays {
		pointwise.Scale(values, float32(1-float64(s.LearningRate*a.WeightDecay)), values)
	}
	a.Adam.Update(values, gradient, moments, s)
}
