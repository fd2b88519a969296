package optimize

import "math"

// Schedule gives the learning rate of each step, counted from 0.
type Schedule interface {
	LearningRate(step int) float64
}

// Constant is the same rate at every step.
type Constant float64

// LearningRate implements Schedule.
func (c Constant) LearningRate(int) float64 { return float64(c) }

// Cosine falls from Initial at step 0 to Final at step Steps along half a
// period of the cosine (Loshchilov and Hutter 2017) and stays there.
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
	return c.Final + (c.Initial-c.Final)*(1+math.Cos(math.Pi*along))/2
}

// StepDecay multiplies the rate by Factor after every Every steps. Every 0
// never does.
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
