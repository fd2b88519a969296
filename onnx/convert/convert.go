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

// conversion has the arguments of the command line.
type conversion struct {
	from, to string
	network  string  // name, which options may follow after a colon, or description; empty for the file's network
	form     string  // image, or empty
	sigma    float64 // with form image: the noise level; NaN to estimate it
	half     bool    // with form image: store weights as float16
	out      io.Writer
	core     []int // shape of the pictures of a model of core operations; nil for a model with all operations
	// Metadata for weights that have none. An empty task means no metadata.
	task      string
	mean, std []float64
}

// toSafetensors reports whether the result is a safetensors file; other results are ONNX files.
func (c *conversion) toSafetensors() bool {
	return strings.EqualFold(filepath.Ext(c.to), weights.Safetensors)
}

// run does the conversion that the formats of the files and the flags require.
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

// fromWeights converts other programs' weights. If the result is a safetensors file and no network is named, it copies
// the tensors unchanged.
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

// describe adds the command line's metadata about training to a network.
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

// importModel imports a model that this project exported. For other models, -network must name the network; then it
// imports their weights.
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

// channels is the number of channels of pictures if the file does not have it.
const channels = 3

// importWeights makes the network that -network names, else the one that the file describes, else the first that fits.
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
		choices = []network.Network{described} // with its options
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

// means returns a function that reports whether a choice of -network means the network held, which a file describes. A
// name without options means a network with any options.
func (c *conversion) means(held network.Network) func(network.Network) bool {
	exactly := strings.Contains(c.network, ":")
	return func(n network.Network) bool {
		return n.Name() == held.Name() && (!exactly || reflect.DeepEqual(n, held))
	}
}

// firstFit returns the first network that accepts the weights. If none does, the error is that of the first network or,
// preferably, of one for which names and shapes match but values are wrong.
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

// write writes a network in the format of the result's suffix.
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

// factors are the factors of enlargement of known networks.
var factors = []int{2, 3, 4}

// known returns the networks of this project, beginning with those of its tasks. Several may have the same name: those for
// pictures of the same size, with and without t, and those for enlargement.
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

// names returns the names of the networks of this project.
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

// numbers reads a list of numbers from the text of flag name. It returns nil for an empty text.
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
