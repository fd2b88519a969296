package main

import (
	"fmt"
	"math"
	"strconv"

	"multiscale/onnx"
	"multiscale/onnx/session"
	"multiscale/pkg/lists"
	"multiscale/pkg/shipped"
	"multiscale/pkg/task"
	"multiscale/results/models"
)

// The names of the only input and the only output of the image form.
const imageInput, imageOutput = "image", "restored"

// toImage writes a model with one input and one output: RGB in [0,1] of any size. The graph
// contains the normalisation, the mirror image up to sides that the network accepts, and the cropping
// of the result. t follows from the noise level sigma on the 8-bit scale, or from an estimate
// that the graph computes.
func (c *conversion) toImage() error {
	s, err := shipped.Open(models.Files, c.from, session.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := shipped.Decode(models.Files, c.from)
	if err != nil {
		return err
	}
	if err := wrap(m, s, c.sigma); err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	if err := m.Validate(); err != nil {
		return fmt.Errorf("%s: %w", c.from, err)
	}
	if c.half {
		if err := c.halve(m, s.Channels); err != nil {
			return fmt.Errorf("%s: %w", c.from, err)
		}
	}
	return m.WriteFile(c.to)
}

// wrap converts the model to the image form, in place.
func wrap(m *onnx.Model, s *session.Session, sigma float64) error {
	noise, err := task.ParseNoise(s.Time)
	switch {
	case err != nil:
		return err
	case s.Height > 0:
		return fmt.Errorf("it takes pictures of %dx%d pixels only", s.Width, s.Height)
	case s.Conditions > 1 || s.Conditions == 1 && noise == task.NoNoise:
		return fmt.Errorf("its further inputs do not follow from a noise level")
	case s.Conditions == 0 && !math.IsNaN(sigma):
		return fmt.Errorf("it takes no noise level; leave out -sigma")
	}
	g := m.Graph
	w := &wrapping{}
	estimated := s.Conditions == 1 && math.IsNaN(sigma)
	mean, std := make([]float32, s.Channels), make([]float32, s.Channels)
	perDeviation := 0.0
	for i := range mean {
		a, b := s.Pixels().Channel(i)
		mean[i], std[i] = float32(a), float32(b)
		perDeviation += 1 / b / float64(s.Channels)
	}
	factor, t := 1.0, float32(0)
	if s.Conditions == 1 && !estimated {
		factor, t = noise.At(sigma / 255 * perDeviation)
	}
	channels := []int64{1, int64(s.Channels), 1, 1}
	scale := lists.Of(std, func(v float32) float32 { return float32(factor / float64(v)) })
	w.floats("mean", channels, mean)
	w.floats("std", channels, std)
	w.floats("scale", channels, scale)
	w.constants()
	w.ints("multiple", int64(s.Multiple))
	w.ints("ratio", int64(s.Scale))
	w.ints("corner", 0, 0)
	w.ints("axes", 2, 3)
	w.node("Shape", "shape", imageInput)
	w.node("Slice", "sides", w.at("shape"), w.at("two"), w.at("four"), w.at("zero"))
	w.node("Sub", "centred", imageInput, w.at("mean"))
	x, given := g.Feeds()[0].Name, ""
	for _, in := range g.Feeds() {
		if len(in.Dims) == 4 {
			x = in.Name
		} else {
			given = in.Name
		}
	}
	normalised := w.node("Mul", "normalised", w.at("centred"), w.at("scale")).Outputs[0]
	if estimated {
		if by := w.level(noise, w.estimate(s.Channels), given, perDeviation); by != "" {
			normalised = w.node("Mul", "scaled", normalised, by).Outputs[0]
		}
	}
	w.mirror(normalised).Outputs[0] = x
	if given != "" && !estimated {
		w.floats("level", []int64{1}, []float32{t})
		w.node("Slice", "batch", w.at("shape"), w.at("zero"), w.at("one"), w.at("zero"))
		w.node("Expand", "t", w.at("level"), w.at("batch")).Outputs[0] = given
	}
	before := w.nodes
	w.nodes = nil
	w.node("Mul", "ends", w.at("sides"), w.at("ratio"))
	w.node("Slice", "cut", g.Outputs[0].Name, w.at("corner"), w.at("ends"), w.at("axes"))
	w.node("Mul", "spread", w.at("cut"), w.at("std"))
	w.node("Add", "pixels", w.at("spread"), w.at("mean"))
	w.node("Clip", "clipped", w.at("pixels"), w.at("black"), w.at("white")).Outputs[0] = imageOutput
	g.Nodes = append(append(before, g.Nodes...), w.nodes...)
	g.Initializers = append(g.Initializers, w.weights...)
	size := func(name string, h, w string) []*onnx.ValueInfo {
		return []*onnx.ValueInfo{{Name: name, Type: onnx.Float32, Dims: []onnx.Dim{onnx.Symbolic("N"), onnx.Fixed(int64(s.Channels)), onnx.Symbolic(h), onnx.Symbolic(w)}}}
	}
	g.Inputs, g.Values = size(imageInput, "height", "width"), nil
	g.Outputs = size(imageOutput, "height", "width")
	if s.Scale != 1 {
		g.Outputs = size(imageOutput, "restored_height", "restored_width")
	}
	// The old metadata describe the use of the old graph.
	m.Metadata = []onnx.Property{
		{Key: "task", Value: s.Task}, {Key: "network", Value: s.Network}, {Key: "form", Value: "image"},
		{Key: "normalisation_mean", Value: "0"}, {Key: "normalisation_std", Value: "1"},
	}
	switch {
	case estimated:
		m.Metadata = append(m.Metadata, onnx.Property{Key: "sigma", Value: "estimated"})
	case given != "":
		m.Metadata = append(m.Metadata, onnx.Property{Key: "sigma", Value: strconv.FormatFloat(sigma, 'g', -1, 64)})
	}
	return nil
}

// wrapping collects the nodes and constants around a network.
type wrapping struct {
	nodes   []*onnx.Node
	weights []*onnx.Tensor
}

// constants adds the constants that several parts use.
func (w *wrapping) constants() {
	w.floats("black", nil, []float32{0})
	w.floats("white", nil, []float32{1})
	w.ints("two", 2)
	w.ints("four", 4)
	w.ints("zero", 0)
	w.ints("one", 1)
}

// mirror adds nodes that extend a picture to sides that the network takes, with its mirror image on the right and below,
// as package tile does. It returns the last of them.
func (w *wrapping) mirror(picture string) (last *onnx.Node) {
	w.node("Add", "sides and more", w.at("sides"), w.at("multiple"))
	w.node("Sub", "largest sides", w.at("sides and more"), w.at("one"))
	w.node("Mod", "rest", w.at("largest sides"), w.at("multiple"))
	w.node("Sub", "full sides", w.at("largest sides"), w.at("rest"))
	w.node("Add", "periods", w.at("sides"), w.at("sides"))
	w.scalar("scalar 0", 0)
	w.scalar("scalar 1", 1)
	for i, name := range []string{"row", "column"} { // position p of the larger picture shows min(q, period-1-q), where q = p mod period
		side := w.at(fmt.Sprintf("scalar %d", i))
		w.node("Gather", name+"s", w.at("full sides"), side)
		w.node("Gather", name+" period", w.at("periods"), side)
		w.node("Range", name+" positions", w.at("scalar 0"), w.at(name+"s"), w.at("scalar 1"))
		w.node("Mod", name+" forth", w.at(name+" positions"), w.at(name+" period"))
		w.node("Sub", name+" end", w.at(name+" period"), w.at("scalar 1"))
		w.node("Sub", name+" back", w.at(name+" end"), w.at(name+" forth"))
		w.node("Min", name+" of the picture", w.at(name+" forth"), w.at(name+" back"))
		last = w.node("Gather", name+"s of the picture", picture, w.at(name+" of the picture"))
		last.Attributes = attributes("axis", int64(2+i))
		picture = last.Outputs[0]
	}
	return last
}

// at returns the full name of a value of the wrapping, which differs from all names of networks.
func (w *wrapping) at(name string) string { return "image/" + name }

func (w *wrapping) floats(name string, dims []int64, values []float32) {
	w.weights = append(w.weights, onnx.NewFloats(w.at(name), dims, values))
}

func (w *wrapping) ints(name string, values ...int64) {
	w.weights = append(w.weights, onnx.NewInts(w.at(name), []int64{int64(len(values))}, values))
}

func (w *wrapping) scalar(name string, value int64) {
	w.weights = append(w.weights, onnx.NewInts(w.at(name), nil, []int64{value}))
}

func (w *wrapping) node(kind, name string, inputs ...string) *onnx.Node {
	n := &onnx.Node{Name: w.at(name), Op: kind, Inputs: inputs, Outputs: []string{w.at(name)}}
	w.nodes = append(w.nodes, n)
	return n
}
