package pointwise

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Activate writes y = act(x). y may be x.
func Activate(y, x []float32, act kernel.Activation) {
	same("Activate", len(y), len(x))
	j := newJob(activate, y, x)
	j.act = act
	j.elements(len(x))
}

func activate(j *job, lo, hi int) {
	y, x := j.y[lo:hi], j.x[lo:hi]
	switch j.act.Kind {
	case kernel.SiLU:
		vector.SiLU(y, x)
	case kernel.Tanh:
		vector.Tanh(y, x)
	default:
		vector.Leaky(y, x, negativeSlope(j.act))
	}
}

// ActivateBackward writes gx = gy * act'(x). v is the result of the activation if
// act.OfResult returns true, and otherwise its input x. At 0, ReLU and LeakyReLU
// have their left derivative. gx may be gy.
func ActivateBackward(gx, gy, v []float32, act kernel.Activation) {
	same("ActivateBackward", len(gx), len(gy), len(v))
	j := newJob(activateBackward, gx, v)
	j.z, j.act = gy, act
	j.elements(len(v))
}

func activateBackward(j *job, lo, hi int) {
	gx, gy, v := j.y[lo:hi], j.z[lo:hi], j.x[lo:hi]
	switch j.act.Kind {
	case kernel.SiLU:
		vector.SiLUGrad(gx, gy, v)
	case kernel.Tanh:
		vector.TanhGrad(gx, gy, v)
	default:
		vector.LeakyGrad(gx, gy, v, negativeSlope(j.act))
	}
}

// negativeSlope returns the slope of a piecewise linear activation for negative inputs.
func negativeSlope(act kernel.Activation) float32 {
	switch act.Kind {
	case kernel.ReLU:
		return 0
	case kernel.LeakyReLU:
		return act.Slope
	}
	return 1
}
