package optimize

// Extended follows a schedule for a number of steps and then has a constant rate.
type Extended struct {
	Schedule
	Steps int     // of the schedule
	Rate  float64 // of all later steps
}

// LearningRate implements Schedule.
func (e Extended) LearningRate(step int) float64 {
	if step >= e.Steps {
		return e.Rate
	}
	return e.Schedule.LearningRate(step)
}
