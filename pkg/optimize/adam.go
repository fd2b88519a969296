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
// It has no weight decay; AdamW has. In a literal, fields that are 0 stand for their defaults;
// NewAdam takes zeros literally.
type Adam struct {
	Beta1   float64 // decay of the first moment; default 0.9
	Beta2   float64 // decay of the second moment; default 0.999
	Epsilon float64 // default 1e-8

	stated bool // whether zeros are meant literally
}

// The defaults of Adam's constants.
const (
	usualBeta1   = 0.9
	usualBeta2   = 0.999
	usualEpsilon = 1e-8
)

// NewAdam returns Adam with the given constants: beta1 and beta2 in [0,1), epsilon at least 0.
func NewAdam(beta1, beta2, epsilon float64) Adam {
	return Adam{Beta1: beta1, Beta2: beta2, Epsilon: epsilon, stated: true}
}

// constants returns the constants with defaults filled in.
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
