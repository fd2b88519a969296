package mge

import (
	"fmt"
	"math"
)

// Within returns the plan scaled to a cost in work units. Each stage except the last has its
// iterations times the budget over the plan's cost, rounded to the nearest whole number, at least
// one; the last has as many as the rest of the budget pays for. The cost never exceeds the budget;
// one more iteration would exceed it.
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
