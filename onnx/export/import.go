package export

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/pkg/lists"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
)

// Imported is a network that was read from a model. Exporting it again with its Options
// gives the model's bytes.
type Imported struct {
	Network  network.Network
	Channels int // of its input pictures
	Params   *param.Set
	Options  Options
}

// ErrForeign is the error for a model whose metadata do not describe a network, or describe one of
// an unknown type.
var ErrForeign = errors.New("the model holds no network that this program knows")

// Architecture returns the network that a model's metadata describe, without weights. The error is ErrForeign
// if they describe none, or one that neither this project nor own has.
func Architecture(m *onnx.Model, own Extensions) (network.Network, error) {
	description, ok := m.Property(keyArchitecture)
	return own.architecture(description, ok)
}

// architecture makes the network of a description; ok says whether there is one.
func (x Extensions) architecture(description string, ok bool) (network.Network, error) {
	if !ok {
		return nil, fmt.Errorf("%w: the metadata names none", ErrForeign)
	}
	n, err := x.networks().Parse(description)
	if errors.Is(err, network.ErrUnknown) {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if err != nil {
		return nil, fmt.Errorf("metadata %s: %w", keyArchitecture, err)
	}
	return n, nil
}

// Import makes the network from which a model was exported, with its weights, for evaluation and
// further training. The metadata describe the network, but Import does not trust them: it exports
// the network again, and returns an error if the graph is not the model's.
func Import(m *onnx.Model, own Extensions) (*Imported, error) {
	n, err := Architecture(m, own)
	if err != nil {
		return nil, err
	}
	i := &Imported{Network: n, Options: Options{Name: m.Graph.Name, Doc: m.Doc, Docs: map[string]string{}, Extensions: own}}
	// Network adds the architecture again.
	i.Options.Metadata = slices.DeleteFunc(slices.Clone(m.Metadata), func(p onnx.Property) bool { return p.Key == keyArchitecture })
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		i.Options.Docs[v.Name] = v.Doc
	}
	if err := i.readInput(m.Graph.Inputs); err != nil {
		return nil, err
	}
	stored := initializersOf(m)
	i.Params, err = network.Load(n, i.Channels, func(name string, shape tensor.Shape) ([]float32, error) {
		return stored.find(name, shape)
	})
	if err != nil {
		return nil, err
	}
	return i, i.verify(m)
}

// readInput reads the number of channels from the first input, and the whole shape if it is
// fixed, as in models of core operations.
func (i *Imported) readInput(inputs []*onnx.ValueInfo) error {
	if len(inputs) == 0 || len(inputs[0].Dims) != 4 {
		return errors.New("its first input is not one of images (N,C,H,W)")
	}
	dims := inputs[0].Dims
	shape := make([]int, len(dims))
	known := 0
	for k, d := range dims {
		if d.Known() {
			shape[k] = int(d.Size)
			known++
		}
	}
	if known == len(dims) {
		i.Options.Core = shape
	}
	if i.Channels = shape[1]; i.Channels < 1 || i.Channels > maxChannels {
		return fmt.Errorf("input %q of shape %s is not one of images", inputs[0].Name, onnx.FormatDims(dims))
	}
	return nil
}

// maxChannels bounds the memory that a file can take.
const maxChannels = 64

// verify exports the network again and compares it with the model.
func (i *Imported) verify(m *onnx.Model) error {
	again, err := Network(i.Network, i.Channels, i.Params, i.Options)
	if err != nil {
		return err
	}
	if !again.Equal(m) {
		return fmt.Errorf("the model says it holds the network %s, but its graph is another, or this version writes it in another way", i.Network.Name())
	}
	return nil
}

// initializers are the initializers of a model by name.
type initializers map[string]*onnx.Tensor

func initializersOf(m *onnx.Model) initializers {
	return lists.By(m.Graph.Initializers, func(t *onnx.Tensor) string { return t.Name })
}

// find returns the values of a parameter. It returns an error if name or shape do not match.
func (w initializers) find(name string, shape tensor.Shape) ([]float32, error) {
	t, ok := w[name]
	if !ok {
		return nil, fmt.Errorf("the model has no weights %q: it is another network", name)
	}
	if !sameShape(t.Dims, shape) {
		return nil, fmt.Errorf("the model's weights %q have shape %v, the network's %v: it is another network", name, t.Dims, shape)
	}
	return t.Floats()
}
