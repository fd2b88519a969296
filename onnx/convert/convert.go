package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/catalog"
	"multiscale/pkg/lists"
	"multiscale/pkg/network"
	"multiscale/pkg/shipped"
	"multiscale/pkg/weights"
	"multiscale/results/models"
)

// conversion is what the command line asks for.
type conversion struct {
	from, to string
	network  string  // name, with options behind a colon, or description; empty for what the file says
	form     string  // image, or empty
	sigma    float64 // its noise level; NaN to estimate it
	half     bool    // store its weights as float16
	out      io.Writer
	core     []int // shape of pictures of a model of core operations; nil for any
	// What the result says of weights that say nothing themselves; task empty for nothing.
	task      string
	mean, std []float64
}

// toSafetensors tells from the suffix of the result; all others that are not read as weights are written as ONNX.
func (c *conversion) toSafetensors() bool {
	return strings.EqualFold(filepath.Ext(c.to), weights.Safetensors)
}

func (c *conversion) run() error {
	if c.form == "image" {
		return c.toImage()
	}
	if weights.Known(c.from) {
		return c.fromWeights()
	}
	m, err := shipped.Decode(models.Files, c.from)
	if err != nil {
		return err
	}
	i, err := c.importModel(m)
	if err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	return c.write(i)
}

// fromWeights converts other programs' weights. From one file of weights to another without a network they are
// copied as they are.
func (c *conversion) fromWeights() error {
	f, err := weights.Read(c.from)
	if err != nil {
		return err
	}
	if c.toSafetensors() && c.network == "" && c.task == "" {
		tensors := lists.Of(f.Names(), func(name string) weights.Named { return weights.Named{Name: name, Tensor: f.Tensors[name]} })
		return weights.WriteSafetensors(c.to, tensors, f.Metadata)
	}
	i, err := c.importWeights(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	return c.write(i)
}

// describe adds to a network what the command line says of its training.
func (c *conversion) describe(i *export.Imported) error {
	if c.task == "" {
		return nil
	}
	if len(i.Options.Metadata) > 0 {
		return fmt.Errorf("-task %s: the file says itself what it was trained for", c.task)
	}
	i.Options.Metadata = export.Metadata{Task: c.task, Network: i.Network.Name(), Mean: c.mean, Std: c.std}.Properties()
	return nil
}

// importModel reads a model that this project exported, or the weights of another whose network is named.
func (c *conversion) importModel(m *onnx.Model) (*export.Imported, error) {
	choices, err := candidates(c.network)
	if err != nil {
		return nil, err
	}
	i, err := export.Import(m, export.Extensions{})
	foreign := errors.Is(err, export.ErrForeign)
	switch {
	case foreign && c.network == "":
		return nil, fmt.Errorf("%w; -network names it", err)
	case c.network == "", err != nil && !foreign:
		return i, err
	}
	if err == nil {
		if !slices.ContainsFunc(choices, c.means(i.Network)) {
			return nil, fmt.Errorf("it holds the network %s, not -network %s", network.Text(known(), i.Network), c.network)
		}
		return i, nil
	}
	return firstFit(choices, func(n network.Network) (*export.Imported, error) {
		params, err := network.Parameters(n, channels, 0)
		if err == nil {
			err = export.Restore(params, m)
		}
		return &export.Imported{Network: n, Channels: channels, Params: params}, err
	})
}

// channels of pictures where a file does not say.
const channels = 3

// importWeights makes the network that is named, else the one that the file describes, else the first that fits.
func (c *conversion) importWeights(f *weights.File) (*export.Imported, error) {
	choices, err := candidates(c.network)
	if err != nil {
		return nil, err
	}
	described, err := export.WeightsArchitecture(f, export.Extensions{})
	switch {
	case err == nil && c.network == "":
		choices = []network.Network{described}
	case err == nil && slices.ContainsFunc(choices, c.means(described)):
		choices = []network.Network{described} // with the options that it has
	case err != nil && !errors.Is(err, export.ErrForeign):
		return nil, err
	}
	i, err := firstFit(choices, func(n network.Network) (*export.Imported, error) {
		return export.ImportWeights(n, f, export.Extensions{})
	})
	if errors.Is(err, weights.ErrOther) && c.network == "" && described == nil {
		return nil, fmt.Errorf("its weights fit none of the networks %s; -network names one with other options, "+
			"as in resnet:hidden=64,blocks=2", strings.Join(names(), ", "))
	}
	return i, err
}

// means says of a choice of -network whether it is the network that a file says it holds: the name alone stands for
// one with any options.
func (c *conversion) means(held network.Network) func(network.Network) bool {
	exactly := strings.Contains(c.network, ":")
	return func(n network.Network) bool {
		return n.Name() == held.Name() && (!exactly || reflect.DeepEqual(n, held))
	}
}

// firstFit returns the first network that takes the weights, or why the first does not, or what is wrong with weights whose
// names fit.
func firstFit(choices []network.Network, take func(network.Network) (*export.Imported, error)) (*export.Imported, error) {
	var reason error
	for _, n := range choices {
		i, err := take(n)
		if err == nil {
			return i, nil
		}
		if reason == nil || errors.Is(reason, weights.ErrOther) && !errors.Is(err, weights.ErrOther) {
			reason = fmt.Errorf("for the network %s: %w", n.Name(), err)
		}
	}
	return nil, reason
}

// write writes a network in the form that the suffix of the result asks for.
func (c *conversion) write(i *export.Imported) error {
	if err := c.describe(i); err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	if c.toSafetensors() {
		tensors, metadata, err := i.Weights()
		if err != nil {
			return fmt.Errorf("%s: %w", c.from, err)
		}
		return weights.WriteSafetensors(c.to, tensors, metadata)
	}
	i.Options.Core = c.core
	m, err := export.Network(i.Network, i.Channels, i.Params, i.Options)
	if err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	return m.WriteFile(c.to)
}

// factors of enlargement that weights without a network's name are tried with.
var factors = []int{2, 3, 4}

// known are the networks of this project, those of the tasks first. Some share a name: they are for pictures of the same
// size with and without t, and for enlargement.
func known() []network.Network {
	offered := catalog.Standard()
	var all []network.Network
	add := func(more []network.Network) {
		for _, n := range more {
			if !slices.ContainsFunc(all, func(o network.Network) bool { return reflect.DeepEqual(o, n) }) {
				all = append(all, n)
			}
		}
	}
	for _, t := range offered.Tasks {
		add(offered.NetworksOf(t))
	}
	add(network.Restoration(false))
	add([]network.Network{network.NewNAFNet()})
	for _, f := range factors {
		add(network.Superresolution(f))
	}
	return all
}

// names are those of the networks of this project.
func names() []string { return lists.Distinct(lists.Of(known(), network.Network.Name)) }

// candidates returns the networks that -network can mean.
func candidates(name string) ([]network.Network, error) {
	if name == "" {
		return known(), nil
	}
	if strings.HasPrefix(name, "{") {
		n, err := network.Standard().Parse(name)
		if err != nil {
			return nil, fmt.Errorf("-network: %w", err)
		}
		return []network.Network{n}, nil
	}
	plain, options, given := strings.Cut(name, ":")
	var found []network.Network
	for _, n := range known() {
		if n.Name() != plain {
			continue
		}
		if given {
			var err error
			if n, err = network.With(n, options); err != nil {
				return nil, fmt.Errorf("-network %s: %w", name, err)
			}
		}
		found = append(found, n)
	}
	if found == nil {
		return nil, fmt.Errorf("-network %s: %s are known", name, strings.Join(names(), ", "))
	}
	return found, nil
}

// numbers reads a list of numbers; nil for none.
func numbers(name, text string) ([]float64, error) {
	if text == "" {
		return nil, nil
	}
	var values []float64
	for _, part := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %q is not a number", name, text, part)
		}
		values = append(values, v)
	}
	return values, nil
}
