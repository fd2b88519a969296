package optimize

import (
	"fmt"
	"math"
	"strings"

	"multiscale/pkg/elementary"
)

// Schedule gives the learning rate of each step, counted from 0.
type Schedule interface {
	LearningRate(step int) float64
}

// Constant is the same rate at every step.
type Constant float64

// LearningRate implements Schedule.
func (c Constant) LearningRate(int) float64 { return float64(c) }

// Cosine decreases from Initial at step 0 to Final at step Steps along half a period of the
// cosine (Loshchilov and Hutter 2017) and stays there.
type Cosine struct {
	Initial, Final float64
	Steps          int
}

// LearningRate implements Schedule.
func (c Cosine) LearningRate(step int) float64 {
	if step >= c.Steps {
		return c.Final
	}
	along := float64(step) / float64(c.Steps)
	return c.Final + float64((c.Initial-c.Final)*(1+elementary.Cos(math.Pi*along))/2)
}

// StepDecay multiplies the rate by Factor after every Every steps, or never if Every is 0.
type StepDecay struct {
	Initial, Factor float64
	Every           int
}

// LearningRate implements Schedule.
func (s StepDecay) LearningRate(step int) float64 {
	if s.Every <= 0 {
		return s.Initial
	}
	return s.Initial * math.Pow(s.Factor, float64(step/s.Every))
}

// finalRate is the final rate of the cosine schedule (the paper's section on experiments).
const finalRate = 1e-6

// schedules are the schedules that command lines name. steps is the length of the run.
var schedules = []struct {
	name string
	new  func(initial float64, steps int) Schedule
}{
	{"cosine", func(initial float64, steps int) Schedule { return Cosine{initial, finalRate, steps} }},
	{"constant", func(initial float64, _ int) Schedule { return Constant(initial) }},
	{"step", func(initial float64, steps int) Schedule { return StepDecay{initial, 0.1, max(1, steps/3)} }},
}

// Schedules returns the names that NewSchedule knows.
func Schedules() (names []string) {
	for _, s := range schedules {
		names = append(names, s.name)
	}
	return names
}

// NewSchedule returns the schedule with the given name for a run of the given number of steps.
// The schedule cosine decreases to 1e-6, constant keeps the initial rate, and step multiplies it
// by 0.1 after each third of the run.
func NewSchedule(name string, initial float64, steps int) (Schedule, error) {
	for _, s := range schedules {
		if s.name == name {
			return s.new(initial, steps), nil
		}
	}
	return nil, fmt.Errorf("unknown schedule %q: use one of %s", name, strings.Join(Schedules(), ", "))
}
