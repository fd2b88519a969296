package experiment

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/export"
	"multiscale/onnx/session"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/layer"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
)

// describe prints the options and layers of the network and its cost on each mesh. It trains nothing.
func (e *Experiment) describe(ctx context.Context) error {
	if err := e.open(ctx, dataset.DecodeSmall); err != nil {
		return err
	}
	m, err := e.newModel(e.config.Seeds[0])
	if err != nil {
		return err
	}
	layers, err := e.layers(m)
	if err != nil {
		return err
	}
	in := e.config.Side / e.task.Scale
	fmt.Fprintf(e.out, "# %s for %s, pictures of %d channels and %dx%d pixels\n\n", e.config.NetworkText(), e.task.Name, e.set.Channels, in, in)
	describeOptions(e.out, e.config.Network, e.config.Offered())
	fmt.Fprint(e.out, table.Aligned(describeLayers(layers), 3))
	total := sum(layers)
	fmt.Fprintf(e.out, "\n%s parameters; %s FLOP for one picture; a pixel of the result sees %s of the picture.\n",
		table.Grouped(total.parameters), flop(total.flop), total.sees())
	return e.describeMeshes(m)
}

// describeOptions prints the options of a network, if it has any.
func describeOptions(w io.Writer, n, usual network.Network) {
	rows := [][]string{{"option", "value", "usual", "values", "meaning"}}
	offered := network.Options(usual)
	for i, o := range network.Options(n) {
		preset := ""
		if i < len(offered) {
			preset = offered[i].Value()
		}
		rows = append(rows, []string{o.Name, o.Value(), preset, o.Bounds, o.Help})
	}
	if len(rows) > 1 {
		fmt.Fprintf(w, "%s\n", table.Aligned(rows, len(rows[0])))
	}
}

// describedLayer is an operation of a network on one picture.
type describedLayer struct {
	name, kind string
	shape      []int // without the axis of the pictures
	parameters int
	flop       int64
	bytes      int64 // of its result
	reach      int   // radius of the receptive field, in pixels of the picture; or session.Unlimited
	picture    bool  // whether the result depends on the picture
}

// layers returns the operations of the network on a picture of the finest mesh, in order of execution, without dropout.
func (e *Experiment) layers(m *model.Model) ([]describedLayer, error) {
	y, inputs, err := e.graph(m, 0)
	if err != nil {
		return nil, err
	}
	var layers []describedLayer
	var results []string
	counted := map[string]bool{}
	exported, err := export.Graph(y, inputs, export.Options{Extensions: e.known.Extensions(), Visit: func(place string, o op.Operation, shape []int, result string) {
		l := describedLayer{name: place, kind: o.Kind(), shape: shape[min(1, len(shape)):], bytes: 4 * int64(o.Output().Len)}
		for _, in := range o.Inputs() {
			if p := m.Params.Param(in.Name()); in.Op() == nil && p != nil && p.Role != param.Buffer && !counted[p.Name] {
				counted[p.Name] = true
				l.parameters += p.Len()
			}
		}
		if c, ok := o.(op.Counted); ok {
			l.flop = c.FLOP()
		}
		layers, results = append(layers, l), append(results, result)
	}})
	if err != nil {
		return nil, err
	}
	reaches := session.Reaches(exported.Graph, inputs[0].Name())
	for i := range layers {
		name := results[i]
		if i == len(layers)-1 {
			name = export.Output
		}
		layers[i].reach, layers[i].picture = reaches[name]
	}
	return layers, nil
}

// graph builds the network for one picture of a mesh, without dropout. It returns the output and the inputs.
func (e *Experiment) graph(m *model.Model, level int) (y *gorgonia.Node, inputs gorgonia.Nodes, err error) {
	b := layer.NewBuilder(m.Params, false)
	b.Sketch = true
	in := mesh.Side(e.config.Side, level) / e.task.Scale
	x, t := network.Inputs(b, e.network, 1, e.set.Channels, in, in)
	y, inputs = e.network.Build(b, x, t), gorgonia.Nodes{x}
	if t != nil {
		inputs = append(inputs, t)
	}
	if err := b.Err(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", e.network.Name(), err)
	}
	return y, inputs, nil
}

// sum returns the network as one layer: parameters and FLOP are sums, the receptive field is the last layer's.
func sum(layers []describedLayer) (total describedLayer) {
	for _, l := range layers {
		total.parameters += l.parameters
		total.flop += l.flop
		total.reach, total.picture = l.reach, l.picture
	}
	return total
}

// describeLayers returns the rows of the table of layers, the heading first.
func describeLayers(layers []describedLayer) [][]string {
	rows := [][]string{{"layer", "operation", "result", "parameters", "FLOP", "KiB", "sees"}}
	for _, l := range layers {
		row := []string{l.name, l.kind, shapeText(l.shape), "", "", strconv.FormatInt((l.bytes+1<<10-1)>>10, 10), ""}
		if l.parameters > 0 {
			row[3] = table.Grouped(l.parameters)
		}
		if l.flop > 0 {
			row[4] = flop(l.flop)
		}
		if l.picture {
			row[6] = l.sees()
		}
		rows = append(rows, row)
	}
	return rows
}

// sees returns the size of the square of the picture on which a pixel of the layer's result depends.
func (l describedLayer) sees() string {
	if l.reach == session.Unlimited {
		return "all"
	}
	side := 2*l.reach + 1
	return fmt.Sprintf("%dx%d", side, side)
}

// shapeText formats a shape as 32x16x16.
func shapeText(shape []int) string {
	return strings.Join(lists.Of(shape, strconv.Itoa), "x")
}

// flop formats a number of floating-point operations as 1.23G.
func flop(n int64) string {
	v := float64(n)
	for _, unit := range []string{"", "k", "M", "G"} {
		if v < 1000 {
			return table.Digits(v, 3) + unit
		}
		v /= 1000
	}
	return table.Digits(v, 3) + "T"
}

func mebibytes(n int64) string { return table.Digits(float64(n)/(1<<20), 3) }

// describeMeshes prints the operations and memory that the network takes on each mesh.
func (e *Experiment) describeMeshes(m *model.Model) error {
	rows := [][]string{{"mesh", "FLOP", "of attention", "MiB to apply", "MiB to train", "pictures at once in training"}}
	for level := range e.config.Levels + 1 {
		y, inputs, err := e.graph(m, level)
		if err != nil {
			return err
		}
		var count, attention int64
		for _, n := range y.Graph().AllNodes() {
			if c, ok := n.Op().(op.Counted); ok {
				count += c.FLOP()
				if _, ok := n.Op().(*op.AttentionOp); ok {
					attention += c.FLOP()
				}
			}
		}
		side := inputs[0].Shape()[2]
		apply, err := m.Bytes(1, e.set.Channels, side, side, false)
		if err != nil {
			return err
		}
		train, err := m.Bytes(1, e.set.Channels, side, side, true)
		if err != nil {
			return err
		}
		micro, err := m.MicroBatch(e.set.Channels, side, side, true)
		if err != nil {
			return err
		}
		most := table.Grouped(micro)
		if m.WholeBatches() {
			most = "whole batches"
		}
		rows = append(rows, []string{fmt.Sprintf("%dx%d", side, side), flop(count), flop(attention), mebibytes(apply), mebibytes(train), most})
	}
	plans, err := e.plans()
	if err != nil {
		return err
	}
	need, err := e.memory(m, plans)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "\n%s\n", table.Aligned(rows, 1))
	fmt.Fprintf(e.out, "Memory is of one picture's results, without parameters, of which those that are not needed at once share theirs. A run takes about %s in all.\n", command.FormatSize(roundMiB(need.total())))
	fmt.Fprintln(e.out, "FLOP are the multiplications and additions of convolutions, matrix products and attention; a training step takes about three times as many.")
	return nil
}
