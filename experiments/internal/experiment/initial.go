package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
)

// initial is an exported model that training starts from.
type initial struct {
	path   string
	model  *onnx.Model
	digest string // SHA-256 of the file, in hex
}

// readInitial reads the model of -init for a network; nil without one.
func readInitial(path string, n network.Network) (*initial, error) {
	if path == "" {
		return nil, nil
	}
	data, err := onnx.ReadBytes(path)
	if err != nil {
		return nil, fmt.Errorf("-init: %w", err)
	}
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("-init %s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	i := &initial{path, m, hex.EncodeToString(sum[:])}
	params, err := network.Parameters(n, 3, 0)
	if err != nil {
		return nil, err
	}
	if err := export.Restore(params, m); err != nil {
		return nil, fmt.Errorf("-init %s: for -network %s: %w", path, n.Name(), err)
	}
	return i, nil
}

// newModel returns a model with the initial parameters: those of -init, or else
// drawn from a seed.
func (e *Experiment) newModel(seed uint64) (*model.Model, error) {
	params, err := network.Parameters(e.network, 3, seed)
	if err != nil {
		return nil, err
	}
	if e.initial != nil {
		if err := export.Restore(params, e.initial.model); err != nil {
			return nil, fmt.Errorf("-init %s: %w", e.initial.path, err)
		}
	}
	m := model.New(e.network, params, e.task.Loss)
	m.Memory = e.config.Memory
	m.DetectAnomaly = e.config.DetectAnomaly
	return m, nil
}
