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
// It does not decay weights; AdamW does. Constants that are 0 have their usual values.
type Adam struct {
	Beta1   float64 // of the first moment, usually 0.9
	Beta2   float64 // of the second moment, usually 0.999
	Epsilon float64 // usually 1e-8
}

// Name implements Rule.
func (Adam) Name() string { return "adam" }

// Moments implements Rule: m and v.
func (Adam) Moments() int { return 2 }

// Update implements Rule.
func (a Adam) Update(values, gradient []float32, moments [][]float32, s Step) {
	pointwise.Adam(values, gradient, moments[0], moments[1], s.LearningRate,
		cmp.Or(a.Beta1, 0.9), cmp.Or(a.Beta2, 0.999), cmp.Or(a.Epsilon, 1e-8), s.Number)
}
