package optimize

import "multiscale/pkg/kernel/pointwise"

// SGD is gradient descent with momentum: the velocity is momentum times itself
// plus the gradient, and the parameters move by the learning rate times the
// velocity. Its state is the velocities.
type SGD struct {
	solver
	momentum float64
}

var _ Optimizer = (*SGD)(nil)

// NewSGD returns an optimizer that has not taken a step. Momentum 0 is plain
// gradient descent.
func NewSGD(lr, momentum float64) *SGD {
	s := &SGD{solver: solver{rate: lr, kinds: 1, name: "sgd"}, momentum: momentum}
	s.update = s.apply
	return s
}

func (s *SGD) apply(p, g []float32, i, lo, hi int) {
	pointwise.SGD(p, g, s.state[i][lo:hi], s.rate, s.momentum)
}
