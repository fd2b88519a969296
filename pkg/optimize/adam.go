package optimize

import (
	"cmp"

	"multiscale/pkg/kernel/pointwise"
)

// Adam is the method of Kingma and Ba (2015). With the gradient g and the number k of
// the step,
//
//	m = Beta1 m + (1-Beta1) g,  v = Beta2 v + (1-Beta2) g^2
//	p = p - rate (m/(1-Beta1^k)) / (sqrt(v/(1-Beta2^k)) + Epsilon)
//
// It does not decay weights; AdamW does. Constants that are 0 have their usual values; NewAdam
// takes zeros as they are.
type Adam struct {
	Beta1   float64 // of the first moment, usually 0.9
	Beta2   float64 // of the second moment, usually 0.999
	Epsilon float64 // usually 1e-8

	stated bool // whether a 0 is a 0
}

// The usual constants of Adam.
const (
	usualBeta1   = 0.9
	usualBeta2   = 0.999
	usualEpsilon = 1e-8
)

// NewAdam returns Adam with these constants: beta1 and beta2 in [0,1), epsilon
// from 0 on.
func NewAdam(beta1, beta2, epsilon float64) Adam {
	return Adam{Beta1: beta1, Beta2: beta2, Epsilon: epsilon, stated: true}
}

// constants are those of a step.
func (a Adam) constants() (beta1, beta2, epsilon float64) {
	if a.stated {
		return a.Beta1, a.Beta2, a.Epsilon
	}
	return cmp.Or(a.Beta1, usualBeta1), cmp.Or(a.Beta2, usualBeta2), cmp.Or(a.Epsilon, usualEpsilon)
}

// Name implements Rule.
func (Adam) Name() string { return "adam" }

// Moments implements Rule: m and v.
func (Adam) Moments() int { return 2 }

// Update implements Rule.
func (a Adam) Update(values, gradient []float32, moments [][]float32, s Step) {
	beta1, beta2, epsilon := a.constants()
	pointwise.Adam(values, gradient, moments[0], moments[1], s.LearningRate, beta1, beta2, epsilon, s.Number)
}

// SecondMoment implements Scaling.
func (Adam) SecondMoment(moments [][]float32) []float32 { return moments[1] }
