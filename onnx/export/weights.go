package export

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx"
	"multiscale/pkg/lists"
	"multiscale/pkg/network"
	"multiscale/pkg/weights"
)

// Keys of a safetensors file in addition to those of a model's metadata: the channels of its pictures, and the model's
// name and texts.
const (
	keyChannels = "channels"
	keyName     = "onnx.name"
	keyDoc      = "onnx.doc"
	keyDocs     = "onnx.doc." // followed by the name of an input or output
)

// usualChannels are tried in this order if a file does not have the number of channels.
var usualChannels = []int{3, 1}

// WeightsArchitecture returns the network that the metadata of a file of weights describe. The error is ErrForeign if they
// describe none, or one that neither this project nor own has.
func WeightsArchitecture(f *weights.File, own Extensions) (network.Network, error) {
	description, ok := f.Metadata[keyArchitecture]
	return own.architecture(description, ok)
}

// ImportWeights makes a network with the weights of a file, and export options from the file's metadata.
func ImportWeights(n network.Network, f *weights.File, own Extensions) (*Imported, error) {
	i := &Imported{Network: n, Options: Options{Docs: map[string]string{}, Extensions: own}}
	for key, value := range f.Metadata {
		var err error
		switch docs, isDoc := strings.CutPrefix(key, keyDocs); {
		case key == keyArchitecture, key == "format": // "format" is the library for which the file was made
		case key == keyChannels:
			i.Channels, err = strconv.Atoi(value)
			if err != nil || i.Channels < 1 || i.Channels > maxChannels {
				return nil, fmt.Errorf("metadata %s=%q is not a number of channels", key, value)
			}
		case key == keyName:
			i.Options.Name = value
		case key == keyDoc:
			i.Options.Doc = value
		case isDoc:
			i.Options.Docs[docs] = value
		default:
			i.Options.Metadata = append(i.Options.Metadata, onnx.Property{Key: key, Value: value})
		}
	}
	// A safetensors file has no order: this project's keys come in their own order, others after them.
	order := lists.Of(Metadata{Time: "t", Measures: []string{"m"}}.Properties(), func(p onnx.Property) string { return p.Key })
	slices.SortFunc(i.Options.Metadata, func(a, b onnx.Property) int {
		if d := place(order, a.Key) - place(order, b.Key); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	if i.Channels != 0 {
		return i, i.load(f)
	}
	var reason error
	for _, i.Channels = range usualChannels {
		err := i.load(f)
		if err == nil {
			return i, nil
		}
		reason = cmp.Or(reason, err)
	}
	return nil, reason
}

// load makes the network's parameters from the weights of a file.
func (i *Imported) load(f *weights.File) (err error) {
	if i.Params, err = network.Parameters(i.Network, i.Channels, 0); err != nil {
		return err
	}
	return f.Load(i.Params)
}

// place returns the index of a key in an order, or the length of the order if it does not contain the key.
func place(order []string, key string) int {
	if k := slices.Index(order, key); k >= 0 {
		return k
	}
	return len(order)
}

// Weights returns the network's parameters and buffers in their own order, and metadata from which ImportWeights can
// recreate the network.
func (i *Imported) Weights() ([]weights.Named, map[string]string, error) {
	metadata := map[string]string{"format": "pt", keyChannels: strconv.Itoa(i.Channels)}
	for key, value := range map[string]string{keyName: i.Options.Name, keyDoc: i.Options.Doc} {
		if value != "" {
			metadata[key] = value
		}
	}
	for name, doc := range i.Options.Docs {
		if doc != "" {
			metadata[keyDocs+name] = doc
		}
	}
	if description, ok := i.Options.Extensions.networks().Describe(i.Network); ok {
		metadata[keyArchitecture] = description
	}
	properties := lists.By(i.Options.Metadata, func(p onnx.Property) string { return p.Key })
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		if _, taken := metadata[key]; taken || strings.HasPrefix(key, keyDocs) {
			return nil, nil, fmt.Errorf("the model's metadata has an entry %q, which means something else in a safetensors file", key)
		}
		metadata[key] = properties[key].Value
	}
	var tensors []weights.Named
	for _, p := range i.Params.All() {
		t, err := weights.NewTensor(p.Shape, p.Values())
		if err != nil {
			return nil, nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		tensors = append(tensors, weights.Named{Name: p.Name, Tensor: t})
	}
	return tensors, metadata, nil
}
