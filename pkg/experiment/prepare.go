package experiment

import (
	"errors"
	"fmt"
	"slices"

	"multiscale/onnx/runtime"
	"multiscale/pkg/experiment/runfolder"
)

// prepare checks early what would otherwise end the run late, and reserves the memory of
// activations. It writes nothing into the run folder, so that after an error the run can be
// started with other flags.
func (e *Experiment) prepare(units []runfolder.Unit) error {
	there, err := runfolder.Read(e.dir)
	open := func(u runfolder.Unit) bool { return !there.Finished(u) }
	if err == nil && !e.config.Force && !slices.ContainsFunc(units, open) {
		return nil // nothing is left to train
	}
	if _, err := runtime.Load(e.config.ONNXRuntime); err != nil && !e.follows() && (e.config.ONNXRuntime != "" || !errors.Is(err, runtime.ErrUnavailable)) {
		return fmt.Errorf("the cross-check after training will need ONNX Runtime: %w", err)
	}
	m, err := e.newModel(units[0].Seed)
	if err != nil {
		return err
	}
	plans, err := e.plans()
	if err != nil {
		return err
	}
	need, err := e.memory(m, plans)
	if err != nil {
		return err
	}
	if err := e.checkMemory(need); err != nil {
		return err
	}
	e.arena.Reserve(need.activations)
	return nil
}
