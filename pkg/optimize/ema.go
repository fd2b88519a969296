package optimize

import (
	"fmt"

	"multiscale/pkg/kernel"
)

// EMA is an exponential moving average of parameters, buffers included:
//
//	average = Decay*average + (1-Decay)*values
//
// after each step. It starts from the initial parameters.
type EMA struct {
	Decay   float64
	average []float32
}

// NewEMA returns an average that starts from a copy of values.
func NewEMA(decay float64, values []float32) *EMA {
	return &EMA{Decay: decay, average: append([]float32{}, values...)}
}

// Update includes the values after a step in the average.
func (e *EMA) Update(values []float32) error {
	if len(values) != len(e.average) {
		return fmt.Errorf("an average of %d values cannot take in %d", len(e.average), len(values))
	}
	average.Run(len(values), 2, averageArgs{e.average, values, e.Decay})
	return nil
}

type averageArgs struct {
	average, values []float32
	decay           float64
}

var average = kernel.NewLoop(func(a *averageArgs, lo, hi int) {
	for i := lo; i < hi; i++ {
		a.average[i] = float32(float64(a.decay*float64(a.average[i])) + float64((1-a.decay)*float64(a.values[i])))
	}
})

// Values is the average. It belongs to the EMA and changes with the next Update.
func (e *EMA) Values() []float32 { return e.average }

// Restore sets the average to what Values returned.
func (e *EMA) Restore(average []float32) error {
	if len(average) != len(e.average) {
		return fmt.Errorf("an average of %d values, want %d", len(average), len(e.average))
	}
	copy(e.average, average)
	return nil
}
