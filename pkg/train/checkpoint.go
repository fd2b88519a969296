package train

import (
	"encoding/json"
	"fmt"

	"multiscale/pkg/checkpoint"
)

// ParametersSection is the section of a checkpoint with the flat vector of parameters and
// buffers.
const ParametersSection = "parameters"

// The other sections of a trainer.
const (
	countsSection    = "counts"
	sourceSection    = "source"         // of a Stateful source
	averageSection   = "average"        // of parameters and buffers
	optimizerSection = "optimizer/%04d" // the moments
)

// counts is the content of countsSection, as JSON.
type counts struct{ Iteration, OptimizerSteps int }

// Save adds everything to s that Restore needs. It does not copy the vectors, so that s must be written
// before the next iteration.
func (t *Trainer) Save(s *checkpoint.Snapshot) (err error) {
	if s.Bytes == nil {
		s.Bytes = make(map[string][]byte)
	}
	if s.Vectors == nil {
		s.Vectors = make(map[string][]float32)
	}
	if s.Bytes[countsSection], err = json.Marshal(counts{t.Iteration, t.Optimizer.Steps()}); err != nil {
		return err
	}
	s.Vectors[ParametersSection] = t.Params.Values()
	for i, moment := range t.Optimizer.State() {
		s.Vectors[fmt.Sprintf(optimizerSection, i)] = moment
	}
	if t.Average != nil {
		s.Vectors[averageSection] = t.Average.Values()
	}
	if source, ok := t.Source.(Stateful); ok {
		s.Bytes[sourceSection], err = source.State()
	}
	return err
}

// Restore restores what Save has added to s: parameters, optimizer, average, source and iteration.
// After an error the trainer must not be used.
func (t *Trainer) Restore(s checkpoint.Snapshot) error {
	var c counts
	if err := json.Unmarshal(s.Bytes[countsSection], &c); err != nil {
		return fmt.Errorf("the state of the training cannot be read: %w", err)
	}
	if c.Iteration < 0 {
		return fmt.Errorf("iteration %d", c.Iteration)
	}
	if err := t.Params.Load(s.Vectors[ParametersSection]); err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	if err := t.Optimizer.Restore(c.OptimizerSteps, Moments(s)); err != nil {
		return err
	}
	if t.Average != nil {
		if err := t.Average.Restore(s.Vectors[averageSection]); err != nil {
			return err
		}
	}
	if source, ok := t.Source.(Stateful); ok {
		if err := source.Restore(s.Bytes[sourceSection]); err != nil {
			return err
		}
	}
	t.Iteration = c.Iteration
	return nil
}

// Moments returns the optimizer's moments that a checkpoint has, in the order of its rule.
func Moments(s checkpoint.Snapshot) (moments [][]float32) {
	for moment := s.Vectors[fmt.Sprintf(optimizerSection, 0)]; moment != nil; moment = s.Vectors[fmt.Sprintf(optimizerSection, len(moments))] {
		moments = append(moments, moment)
	}
	return moments
}
