package optimize

import "multiscale/pkg/kernel/pointwise"

// AdamOptions are the constants of Adam. The zero value of each but the
// learning rate means its usual value.
type AdamOptions struct {
	LearningRate float64
	Beta1        float64 // of the first moment, 0.9
	Beta2        float64 // of the second moment, 0.999
	Epsilon      float64 // added to the root of the second moment, 1e-8
}

// Adam is the method of Kingma and Ba (2015). Its state is the first moments
// of all parameters, then the second moments.
type Adam struct {
	solver
	options AdamOptions
}

var _ Optimizer = (*Adam)(nil)

// NewAdam returns an Adam optimizer that has not taken a step.
func NewAdam(o AdamOptions) *Adam {
	for _, d := range []struct {
		field *float64
		value float64
	}{{&o.Beta1, 0.9}, {&o.Beta2, 0.999}, {&o.Epsilon, 1e-8}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	a := &Adam{solver: solver{rate: o.LearningRate, kinds: 2, name: "adam"}, options: o}
	a.update = a.apply
	return a
}

func (a *Adam) apply(p, g []float32, i, lo, hi int) {
	m, v := a.state[i][lo:hi], a.state[len(a.state)/2+i][lo:hi]
	pointwise.Adam(p, g, m, v, a.rate, a.options.Beta1, a.options.Beta2, a.options.Epsilon, a.steps)
}
