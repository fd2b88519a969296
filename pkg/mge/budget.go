package mge

import (
	"fmt"
	"math"
)

// Within returns the plan scaled to a budget in work units. The iterations of each stage except the
// last are multiplied by the ratio of the budget to the plan's cost, both without the plan's Pilot, and
// rounded to the nearest integer, but at least one. The last stage has as many iterations as the rest
// of the budget permits. The cost never exceeds the budget, but one more iteration would. It is an
// error if the budget does not permit one iteration of each stage.
func (p Plan) Within(budget float64) (Plan, error) {
	scale := (budget - p.Pilot) / (p.WorkUnits(p.Iterations()) - p.Pilot)
	stages := make([]Stage, len(p.Stages))
	rest := budget - p.Pilot
	for i, s := range p.Stages {
		if i < len(stages)-1 {
			s.Iterations = max(1, int(math.Round(scale*float64(s.Iterations))))
		} else {
			s.Iterations = fitting(s, rest)
		}
		rest -= s.workUnits(s.Iterations)
		stages[i] = s
	}
	if last := stages[len(stages)-1]; last.Iterations < 1 || rest < 0 {
		least := p.Pilot
		for _, s := range p.Stages {
			least += s.workUnits(1)
		}
		return p, fmt.Errorf("a budget of %v work units is too small: one step of each stage takes %v", budget, least)
	}
	p.Stages = stages
	return p, nil
}
