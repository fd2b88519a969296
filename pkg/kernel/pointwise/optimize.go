package pointwise

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector"
)

// extra holds the arguments of Dropout and Adam that other kernels do not have.
type extra struct {
	key       uint64
	samples   []uint64
	threshold int16
	strides   []int
	h, w      int
	adam      vector.AdamConstants
}

// Adam performs step number step, counted from 1, of Adam (Kingma and Ba 2015) on
// the parameters p with the gradient g and the running moments m and v:
//
//	m = beta1*m + (1-beta1)*g,  v = beta2*v + (1-beta2)*g^2
//	p -= lr * (m/(1-beta1^step)) / (sqrt(v/(1-beta2^step)) + eps)
func Adam(p, g, m, v []float32, lr, beta1, beta2, eps float64, step int) {
	same("Adam", len(p), len(g), len(m), len(v))
	j := newJob(adam, p, g)
	j.z, j.w = m, v
	j.more.adam = vector.AdamConstants{
		Beta1: float32(beta1), OneMinusBeta1: float32(1 - beta1),
		Beta2: float32(beta2), OneMinusBeta2: float32(1 - beta2),
		Rate:        float32(lr / (1 - math.Pow(beta1, float64(step)))),
		InverseRoot: float32(1 / math.Sqrt(1-math.Pow(beta2, float64(step)))),
		Epsilon:     float32(eps),
	}
	j.elements(len(p))
}

func adam(j *job, lo, hi int) {
	vector.Adam(j.y[lo:hi], j.x[lo:hi], j.z[lo:hi], j.w[lo:hi], &j.more.adam)
}

// SGD performs a step of gradient descent with momentum: velocity = momentum *
// velocity + g, then p -= lr * velocity.
func SGD(p, g, velocity []float32, lr, momentum float64) {
	same("SGD", len(p), len(g), len(velocity))
	j := newJob(sgd, p, g)
	j.z, j.a, j.b = velocity, float32(lr), float32(momentum)
	j.elements(len(p))
}

func sgd(j *job, lo, hi int) {
	vector.Momentum(j.y[lo:hi], j.x[lo:hi], j.z[lo:hi], j.a, j.b)
}
