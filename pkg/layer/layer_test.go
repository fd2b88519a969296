package layer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/layer"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/random"
)

// block adds layers to x and t.
type block func(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node

// build declares the parameters of a block and builds it again with them.
func build(t *testing.T, training bool, f block) (b *layer.Builder, set *param.Set, x, y *gorgonia.Node) {
	t.Helper()
	set = param.NewSet(1)
	for range 2 {
		b = layer.NewBuilder(set, training)
		x = b.Input("x", 2, 16, 4, 6)
		y = f(b, x, b.Input("t", 2))
		if err := b.Err(); err != nil {
			t.Fatal(err)
		}
		if set.Values() == nil {
			set.Seal()
		}
	}
	r := random.New(2)
	r.Normals(floats(x))
	return b, set, x, y
}

func floats(n *gorgonia.Node) []float32 {
	return n.Value().(interface{ Float32s() []float32 }).Float32s()
}

func run(t *testing.T, b *layer.Builder, keep ...*gorgonia.Node) *graph.Program {
	t.Helper()
	p, err := graph.Compile(b.Graph, new(graph.Arena), keep...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBlocksStartAsIdentity: residual and attention blocks are the identity at first, because
// their last convolution starts from zeros.
func TestBlocksStartAsIdentity(t *testing.T) {
	for name, f := range map[string]block{
		"attention": func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.Attention("a", x, 4, 2)
		},
		"residual block": func(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
			return b.ResidualBlock("r", x, b.Sinusoid(t, 8, true), 16, 4, 0)
		},
	} {
		b, _, x, y := build(t, false, f)
		run(t, b, y)
		if !slices.Equal(floats(y), floats(x)) {
			t.Errorf("%s: not the identity", name)
		}
	}
}

// TestParameterNames pins the names of parameters, which exported models have, too.
func TestParameterNames(t *testing.T) {
	for _, tc := range []struct {
		f    block
		want string
	}{
		{func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node { return b.Attention("a", x, 4, 1) },
			"a.norm.weight(16) a.norm.bias(16) a.qkv.weight(48, 16, 1) a.qkv.bias(48) a.proj_out.weight(16, 16, 1) a.proj_out.bias(16)"},
		{func(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node { return b.NormBlock("n", x, nil, t, 8) },
			"n.te.fc1.weight(32, 1) n.te.fc1.bias(32) n.te.fc2.weight(32, 32) n.te.fc2.bias(32) n.te.fc3.weight(4, 32) n.te.fc3.bias(4) " +
				"n.Conv1.weight(8, 16, 3, 3) n.Conv1.bias(8) n.Conv2.weight(16, 8, 3, 3) n.Conv2.bias(16)"},
		{func(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
			return b.ResidualBlock("", x, b.Sinusoid(t, 8, true), 12, 4, 0)
		}, "in_layers.0.weight(16) in_layers.0.bias(16) emb_layers.1.weight(12, 8) emb_layers.1.bias(12) " +
			"in_layers.2.weight(12, 16, 3, 3) in_layers.2.bias(12) out_layers.0.weight(12) out_layers.0.bias(12) " +
			"skip_connection.weight(12, 16, 1, 1) skip_connection.bias(12) out_layers.3.weight(12, 12, 3, 3) out_layers.3.bias(12)"},
	} {
		_, set, _, _ := build(t, false, tc.f)
		var got []string
		for _, p := range set.Params() {
			got = append(got, fmt.Sprintf("%s%v", p.Name, p.Shape))
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("parameters\n%s, want\n%s", s, tc.want)
		}
	}
}

// TestDropoutOnlyInTraining: dropout drops elements only in training, with different masks at
// every site.
func TestDropoutOnlyInTraining(t *testing.T) {
	f := func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
		first, second := b.Fork2(x)
		return b.Concat(b.Dropout(first, 0.5), b.Dropout(second, 0.5))
	}
	b, _, x, y := build(t, false, f)
	run(t, b, y)
	half := len(floats(y)) / 4 // of a sample
	if out := floats(y); !slices.Equal(out[:half], floats(x)[:half]) || !slices.Equal(out[half:2*half], floats(x)[:half]) {
		t.Error("dropout in evaluation")
	}
	b, _, _, y = build(t, true, f)
	b.Sampling.Samples = []uint64{4, 5}
	run(t, b, y)
	out := floats(y)
	if !slices.Contains(out, 0) || slices.Equal(out[:half], out[half:2*half]) {
		t.Error("no dropout in training, or the same masks in two places")
	}
}

// TestNoGradientOfData: the first convolution does not compute the gradient of its input, even
// if there are operations without parameters before it.
func TestNoGradientOfData(t *testing.T) {
	for name, f := range map[string]block{
		"conv": func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 3, Kernel: 3})
		},
		"conv after resize and fork": func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			up, rest := b.Fork2(b.Resize(x, op.Bilinear, 2))
			return b.Sum(b.Conv("c", up, layer.Conv{Out: 16, Kernel: 3}), rest)
		},
	} {
		b, _, _, y := build(t, true, f)
		target := b.Input("target", y.Shape()...)
		cost := b.Add(op.Mean(b.Add(op.MSE(y, target))))
		params, err := b.ParamNodes()
		if err != nil {
			t.Fatal(err)
		}
		gradients, err := gorgonia.Grad(cost, params...)
		if err != nil {
			t.Fatal(err)
		}
		run(t, b, gradients...)
		for _, n := range b.Graph.AllNodes() {
			if o, ok := n.Op().(op.Operation); ok && o.Kind() == "ConvInputGradient" {
				t.Errorf("%s: the gradient of data is computed", name)
			}
		}
	}
}

// TestBuilderErrors: the first error says what is wrong. Later calls neither replace it nor
// panic.
func TestBuilderErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		f    block
		want string
	}{
		{"groups", func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.GroupNorm("g", x, 5, layer.SiLU)
		}, "16 channels cannot be cut into 5 groups"},
		{"vector", func(b *layer.Builder, _, t *gorgonia.Node) *gorgonia.Node {
			return b.Conv("first", t, layer.Conv{Out: 3, Kernel: 3})
		}, "first: input t has shape (2)"},
		{"nothing", func(b *layer.Builder, _, _ *gorgonia.Node) *gorgonia.Node {
			return b.Linear("fc", nil, 3)
		}, "fc: no input"},
		{"fork", func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.Sum(b.Fork(x, 0)...)
		}, "Fork: 0 branches"},
		{"same name", func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.Sum(x, b.Input("x", 2, 16, 4, 6))
		}, "input x: the graph has this name already"},
		{"two shapes", func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			x = b.Conv("c", x, layer.Conv{Out: 4, Kernel: 3})
			return b.Conv("c", x, layer.Conv{Out: 4, Kernel: 3})
		}, "parameter c.weight"},
		{"attention", func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
			return b.Attention("a", x, 4, 3)
		}, "3 heads"},
	} {
		b := layer.NewBuilder(param.NewSet(1), false)
		y := tc.f(b, b.Input("x", 2, 16, 4, 6), b.Input("t", 2))
		err := b.Err()
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", tc.name, err, tc.want)
			continue
		}
		// None of these calls may panic.
		y = b.Attention("later", y, 4, 1)
		y = b.ResidualBlock("later", y, y, 4, 4, 0.5)
		y = b.NormBlock("later", y, y, y, 4)
		y = b.PixelShuffle(b.Resize(b.Activate(y, layer.ReLU), op.Nearest, 2), 2)
		y = b.Concat(b.Dropout(b.LayerNorm(y, layer.SiLU), 0.5), y)
		b.Sum(b.TimeEmbedding("later", y, 4, 4), b.GroupNorm("later", y, 1, layer.SiLU))
		if b.Err() != err {
			t.Errorf("%s: a later error %v replaced the first", tc.name, b.Err())
		}
	}
}

// TestUnusedParameter: ParamNodes returns an error for a graph that leaves out a parameter of
// the set.
func TestUnusedParameter(t *testing.T) {
	_, set, _, _ := build(t, false, func(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
		return b.Conv("two", b.Conv("one", x, layer.Conv{Out: 16, Kernel: 1}), layer.Conv{Out: 16, Kernel: 1})
	})
	b := layer.NewBuilder(set, false)
	b.Conv("one", b.Input("x", 2, 16, 4, 6), layer.Conv{Out: 16, Kernel: 1})
	if _, err := b.ParamNodes(); err == nil || !strings.Contains(err.Error(), "two.weight is not used") {
		t.Errorf("error %v", err)
	}
}
