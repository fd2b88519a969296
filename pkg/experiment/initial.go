package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/command"
	"multiscale/pkg/durable"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
	"multiscale/pkg/train"
	"multiscale/pkg/weights"
)

// Weights are the parameters of a trained network, read from an exported model, a
// checkpoint of its training, or a file of another program.
type Weights struct {
	Path   string
	Digest string // SHA-256 of the file, in hex
	// SecondMoment is that of the optimizer that trained the weights, up to a factor; nil unless the file is a
	// checkpoint of Adam or AdamW, which alone keep two moments.
	SecondMoment []float32
	values       []float32
	grey         bool // converted from those of a network for colours
}

// ReadWeights reads the file of -init for a network; it returns nil if path is empty. Files named
// *.checkpoint are checkpoints of this project, files that package weights knows (*.safetensors, *.pth, *.pt)
// are weights of other programs, and all others are ONNX models. A network for grey pictures also takes
// the weights of the same network for colours.
func ReadWeights(path string, n network.Network, channels int) (*Weights, error) {
	if path == "" {
		return nil, nil
	}
	params, err := network.Parameters(n, channels, 0)
	if err != nil {
		return nil, err
	}
	read := fromModel
	switch {
	case filepath.Ext(path) == ".checkpoint":
		read = fromCheckpoint
	case weights.Known(path):
		read = fromWeights
	}
	data, second, err := read(path, params)
	grey := false
	if err != nil && channels == 1 {
		if colour, failed := network.Parameters(n, colours, 0); failed == nil {
			if of, _, failed := read(path, colour); failed == nil {
				data, second, err, grey = of, nil, toGrey(params, colour), true
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("-init %s: for -network %s: %w", path, n.Name(), err)
	}
	if err := finite(params); err != nil {
		return nil, fmt.Errorf("-init %s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	return &Weights{path, hex.EncodeToString(sum[:]), second, params.Values(), grey}, nil
}

// finite returns an error that names the first parameter with a value that is NaN or infinite.
func finite(params *param.Set) error {
	for _, p := range params.All() {
		for i, v := range p.Values() {
			if v-v != 0 {
				return fmt.Errorf("value %d of %s is %v: its training diverged; give a file from before that", i, p.Name, v)
			}
		}
	}
	return nil
}

// fromModel sets params from an exported model, and returns the file's bytes; a model has no second moment.
func fromModel(path string, params *param.Set) (data []byte, second []float32, err error) {
	if data, err = onnx.ReadBytes(path); err != nil {
		return nil, nil, err
	}
	m, err := onnx.Decode(data)
	if err != nil {
		return nil, nil, err
	}
	return data, nil, export.Restore(params, m)
}

// fromCheckpoint sets params from a checkpoint, and returns the file's bytes and the second moment.
func fromCheckpoint(path string, params *param.Set) (data []byte, second []float32, err error) {
	if data, err = durable.ReadFile(durable.OS, path, checkpoint.MaxSize); err != nil {
		return nil, nil, err
	}
	s, err := checkpoint.Decode(data)
	if err != nil {
		return nil, nil, err
	}
	if err := params.Load(s.Vectors[train.ParametersSection]); err != nil {
		return nil, nil, fmt.Errorf("its parameters: %w", err)
	}
	if moments := train.Moments(s); len(moments) == (optimize.Adam{}).Moments() && len(moments[1]) == params.Len() {
		second = optimize.Adam{}.SecondMoment(moments)
	}
	return data, second, nil
}

// fromWeights sets params from a file of weights, and returns the file's bytes; such files have no second moment.
func fromWeights(path string, params *param.Set) (data []byte, second []float32, err error) {
	if data, err = weights.ReadBytes(path); err != nil {
		return nil, nil, err
	}
	f, err := weights.Decode(data)
	if err != nil {
		return nil, nil, err
	}
	return data, nil, f.Load(params)
}

// NewModel returns a model with the given weights, or if w is nil with the initial
// ones of a seed. c decides how it computes and which parameters are frozen.
func NewModel(n network.Network, channels int, seed uint64, w *Weights, loss task.Loss, c setting.Config) (*model.Model, error) {
	params, err := network.Parameters(n, channels, seed)
	if err != nil {
		return nil, err
	}
	if w != nil {
		if err := params.Load(w.values); err != nil {
			return nil, fmt.Errorf("%s: %w", w.Path, err)
		}
	}
	if err := freeze(params, c.Freeze); err != nil {
		return nil, err
	}
	m := model.New(n, params, model.Loss(loss))
	m.Memory = c.Memory
	m.DetectAnomaly = c.DetectAnomaly
	m.Convolution = c.Conv
	return m, nil
}

// newModel returns a model with the initial parameters: those of -init, or else
// those drawn with a seed.
func (e *Experiment) newModel(seed uint64) (*model.Model, error) {
	loss, err := e.loss()
	if err != nil {
		return nil, err
	}
	m, err := NewModel(e.network, e.set.Channels, seed, e.initial, loss, e.config)
	if err == nil {
		m.Arena = &e.arena
	}
	return m, err
}

// networkOf returns the network of c. If -init describes the same network as -network with other options (widths,
// blocks, heads), it returns that of -init; if -network has options that differ from the task's own, they must then
// be those of -init.
func networkOf(c setting.Config, own export.Extensions) (network.Network, error) {
	n := c.Network
	if c.Init == "" || filepath.Ext(c.Init) == ".checkpoint" {
		return n, nil
	}
	described, err := architectureOf(c.Init, own)
	switch {
	case errors.Is(err, export.ErrForeign):
		return n, nil
	case err != nil:
		return nil, fmt.Errorf("-init %w", err)
	}
	described = network.Show(described) // the weights are those of the network that is given t
	if _, blind := n.(network.Blind); blind {
		described = network.Hide(described)
	}
	if described.Name() != n.Name() || described.Scale() != n.Scale() || described.Conditions() != n.Conditions() {
		return n, nil // loading its weights will fail and say why
	}
	given := c.NetworkText()
	c.Network = described
	if there := c.NetworkText(); given != n.Name() && given != there {
		return nil, command.Wrong("network", given, fmt.Sprintf("-init %s holds %s", c.Init, there), "leave the options out")
	}
	return described, nil
}

// architectureOf returns the network that a file describes. Errors name the file.
func architectureOf(path string, own export.Extensions) (n network.Network, err error) {
	if weights.Known(path) {
		f, err := weights.Read(path)
		if err != nil {
			return nil, err
		}
		if n, err = export.WeightsArchitecture(f, own); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return n, nil
	}
	m, err := onnx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if n, err = export.Architecture(m, own); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
