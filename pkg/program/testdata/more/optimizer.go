package main

import "multiscale/pkg/optimize"

// signum steps by the sign of a running mean of gradients (Bernstein et al. 2018).
var signum = optimize.Method{Name: "signum", New: func(optimize.Settings) (optimize.Rule, error) { return signs{}, nil }}

type signs struct{}

func (signs) Name() string { return "signum" }
func (signs) Moments() int { return 1 }
func (signs) Update(values, gradient []float32, moments [][]float32, s optimize.Step) {
	rate, mean := float32(s.LearningRate), moments[0]
	for i, g := range gradient {
		mean[i] = 0.9*mean[i] + 0.1*g
		switch {
		case mean[i] > 0:
			values[i] -= rate
		case mean[i] < 0:
			values[i] += rate
		}
	}
}
