package experiment

import (
	"slices"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// controlled reports whether a plan's gradients have coefficients that are not 1.
func (e *Experiment) controlled(p mge.Plan) bool {
	return e.config.Coefficients != mge.NoCoefficients &&
		slices.ContainsFunc(p.Stages, mge.Stage.Allocates)
}

// noteCoefficients records the coefficients after an iteration with a validation: their mean over the
// layers, and at the end of a stage also the coefficient of each layer.
func (u *unit) noteCoefficients(stage int) {
	if u.control == nil || u.state.Iteration == 0 {
		return
	}
	_, s, last := u.plan.At(u.state.Iteration - 1)
	for i, layers := range u.control.Weights(s) {
		row := runfolder.Coefficient{Unit: u.name, Stage: stage, Iteration: u.state.Iteration, Level: s.Finest + i}
		row.Coefficient = lists.Sum(layers) / float64(len(layers))
		u.state.Coefficients = append(u.state.Coefficients, row)
		if !last || u.config.Coefficients == mge.Global {
			continue
		}
		for p, a := range layers {
			row.Layer, row.Coefficient = u.control.Layers[p].Name, a
			u.state.Coefficients = append(u.state.Coefficients, row)
		}
	}
}
