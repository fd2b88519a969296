package optimize

// Extended follows a schedule for a number of steps and has a constant rate from there on.
type Extended struct {
	Schedule
	Steps int     // of the schedule
	Rate  float64 // of the steps that follow
}

// LearningRate implements Schedule.
func (e Extended) LearningRate(step int) float64 {
	if step >= e.Steps {
		return e.Rate
	}
	return e.Schedule.LearningRate(step)
}
