package optimize

// Warmup increases the learning rate linearly before another schedule starts. With steps k
// counted from 1, the rate is
//
//	Rate*k/Steps            for k < Steps
//	Then at step k - Steps  for k >= Steps; steps of Then are counted from 0
//
// Then must be made for Steps fewer steps than the run has. If Steps is 0, Warmup is Then.
type Warmup struct {
	Rate  float64
	Steps int
	Then  Schedule
}

// LearningRate implements Schedule.
func (w Warmup) LearningRate(step int) float64 {
	if w.Steps <= 0 {
		return w.Then.LearningRate(step)
	}
	if k := step + 1; k < w.Steps {
		return w.Rate * float64(k) / float64(w.Steps)
	}
	return w.Then.LearningRate(step + 1 - w.Steps)
}
