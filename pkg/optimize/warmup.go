package optimize

// Warmup lets the learning rate rise linearly before another schedule begins. At step k, counted
// from 1,
//
//	Rate*k/Steps        for k < Steps
//	Then at k - Steps   from there on, where step 0 is Then's first
//
// so Then spans the run's steps less Steps. Without Steps it is Then itself.
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
