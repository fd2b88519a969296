package export_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/onnx/gorgonnx"
	"multiscale/onnx/runtime"
	"multiscale/pkg/graph"
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/layer"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/random"
)

// networks are the paper's networks, with the options that change the graph.
var networks = map[string]network.Network{
	"resnet":      network.NewResNet(),
	"unet":        network.NewUNet(),
	"espcn":       network.NewESPCN(),
	"srnet":       network.Enlarged{Body: network.NewSRNet(), Factor: 2},
	"dncnn":       network.DnCNN{Width: 8, Layers: 5, Groups: 2},
	"folded":      network.Folded{Widths: []int{8, 12}, Blocks: 2},
	"edsr":        network.EDSR{Width: 8, Blocks: 2, Factor: 2},
	"srresnet":    network.Enlarged{Body: network.NewSRResNet(), Factor: 2},
	"unet, blind": network.Blind{Body: network.UNet{Out: 3, Base: 8, Multipliers: []int{1, 2}, Blocks: 1, Heads: 1, Groups: 4}},
	"unet, heads": network.UNet{Out: 3, Base: 8, Multipliers: []int{1, 2}, Blocks: 1, Attention: []int{1, 2}, Heads: 4, Groups: 4, Dropout: 0.5},
}

// parameters draws weights such that every layer affects the result. The initial weights
// of closing layers are zero.
func parameters(t testing.TB, n network.Network) *param.Set {
	t.Helper()
	set, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	set.Update(func(values []float32) {
		for i, p := range set.Params() {
			stream := random.New(7, uint64(i))
			noise := make([]float32, p.Len())
			stream.Normals(noise)
			for k := range noise {
				p.Slice(values)[k] += 0.02 * noise[k]
			}
		}
	})
	return set
}

func encode(t testing.TB, n network.Network, set *param.Set, o export.Options) []byte {
	t.Helper()
	m, err := export.Network(n, 3, set, o)
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Tolerances of a network's outputs, relative to their magnitude. Every runtime adds in
// another order, and Winograd's convolutions have larger errors (docs/performance.md).
const (
	tolerance         = 2e-5
	winogradTolerance = 1e-4
)

// TestNetworks compares every exported network with the original in every available runtime, at shapes other than
// that of the export, with both algorithms of convolution.
func TestNetworks(t *testing.T) {
	for _, by := range []struct {
		algorithm conv.Algorithm
		tolerance float64
	}{{conv.Direct, tolerance}, {conv.Winograd, winogradTolerance}} {
		for name, n := range networks {
			t.Run(by.algorithm.String()+"/"+name, func(t *testing.T) {
				set := parameters(t, n)
				m := model.New(n, set, op.MSE)
				m.Convolution = by.algorithm
				report, err := crosscheck.Run(context.Background(), encode(t, n, set, export.Options{}), crosscheck.Options{
					Seed: 1, Shapes: [][]int{{1, 3, 8, 8}, {2, 3, 12, 8}, {1, 3, 8, 20}},
					Forward: crosscheck.Network(context.Background(), m),
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range report.Rows {
					if r.Exceeds(by.tolerance) {
						t.Errorf("%+v", r)
					}
				}
				for _, note := range report.Notes {
					t.Log(note)
				}
			})
		}
	}
}

// TestFile pins the properties of a file on which readers rely.
func TestFile(t *testing.T) {
	n := network.NewUNet()
	set := parameters(t, n)
	metadata := export.Metadata{Task: "denoising", Network: "unet", Strategy: "mge", Seed: 1 << 63, DataDigest: "sha256:0", Mean: []float64{0.5, 0.25, 0.1}, Std: []float64{0.5, 1, 3}, Time: "share of the image", Measures: []string{"mse"}}
	m, err := onnx.Decode(encode(t, n, set, export.Options{Doc: "a test", Docs: map[string]string{"x": "images"}, Metadata: metadata.Properties()}))
	if err != nil {
		t.Fatal(err)
	}
	if m.Opset() > 17 || m.Producer == "" || m.Doc != "a test" || m.Graph.Name != "unet" {
		t.Errorf("opset %d, producer %q, doc %q, graph %q", m.Opset(), m.Producer, m.Doc, m.Graph.Name)
	}
	var io []string
	for _, v := range append(slices.Clone(m.Graph.Inputs), m.Graph.Outputs...) {
		io = append(io, v.Name+onnx.FormatDims(v.Dims)+v.Doc)
	}
	if got, want := strings.Join(io, " "), "x(N,3,H,W)images t(N) y(N,3,H,W)"; got != want {
		t.Errorf("inputs and output are %s, want %s", got, want)
	}
	for i, p := range set.Params() {
		w := m.Graph.Initializers[i]
		if w.Name != p.Name || !slices.EqualFunc(w.Dims, p.Shape, func(d int64, s int) bool { return d == int64(s) }) {
			t.Errorf("initializer %d is %s%v, want %s%v", i, w.Name, w.Dims, p.Name, p.Shape)
		}
	}
	used := map[string]bool{}
	names := map[string]bool{}
	for _, node := range m.Graph.Nodes {
		for _, in := range node.Inputs {
			used[in] = true
		}
		if names[node.Name] || node.Name == "" {
			t.Errorf("node name %q is empty or not unique", node.Name)
		}
		names[node.Name] = true
	}
	for _, w := range m.Graph.Initializers {
		if !used[w.Name] {
			t.Errorf("initializer %s is not used", w.Name)
		}
	}
	back, err := export.ReadMetadata(m)
	if err != nil || fmt.Sprint(back) != fmt.Sprint(metadata) {
		t.Errorf("metadata %+v (%v), want %+v", back, err, metadata)
	}
	m.Metadata = m.Metadata[1:]
	if _, err := export.ReadMetadata(m); err == nil || !strings.Contains(err.Error(), "task") {
		t.Errorf("incomplete metadata: %v", err)
	}
}

// TestEqualBytes exports the same network twice, and again after its weights were restored from a file.
func TestEqualBytes(t *testing.T) {
	for name, n := range networks {
		t.Run(name, func(t *testing.T) {
			first := encode(t, n, parameters(t, n), export.Options{})
			if !bytes.Equal(first, encode(t, n, parameters(t, n), export.Options{})) {
				t.Error("the same network gives other bytes")
			}
			m, err := onnx.Decode(first)
			if err != nil {
				t.Fatal(err)
			}
			other, err := network.Parameters(n, 3, 99)
			if err != nil {
				t.Fatal(err)
			}
			if err := export.Restore(other, m); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, encode(t, n, other, export.Options{})) {
				t.Error("restored weights give other bytes")
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	espcn := network.NewESPCN()
	m, err := export.Network(espcn, 3, parameters(t, espcn), export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wider := espcn
	wider.Hidden1++
	for name, n := range map[string]network.Network{`"Open.weight"`: network.NewResNet(), "[64 3 5 5]": wider} {
		set, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(set.Values())
		if err := export.Restore(set, m); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v does not say %s", err, name)
		}
		if !slices.Equal(before, set.Values()) {
			t.Errorf("%s: weights changed in spite of the error", n.Name())
		}
	}
}

// TestOperations exports single operations that the paper's networks do not use, or use
// only in one form.
func TestOperations(t *testing.T) {
	type build = func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node
	leaky := kernel.Activation{Kind: kernel.LeakyReLU, Slope: 0.3}
	for name, f := range map[string]build{
		"relu":       func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Activate(x, layer.ReLU) },
		"leaky":      func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Activate(x, leaky) },
		"silu":       func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Activate(x, layer.SiLU) },
		"tanh":       func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Activate(x, layer.Tanh) },
		"identity":   func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Activate(x, layer.Identity) },
		"pool":       func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Add(op.AveragePool(x, 2)) },
		"softmax":    func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Add(op.Softmax(x)) },
		"bilinear":   func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Resize(x, op.Bilinear, 1.5) },
		"halve":      func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Resize(x, op.Bilinear, 0.5) },
		"nearest":    func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Resize(x, op.Nearest, 3) },
		"shuffle":    func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.PixelShuffle(x, 2) },
		"attention":  func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Add(op.Attention(x, 2)) },
		"group norm": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.GroupNorm("n", x, 3, layer.SiLU) },
		"instance norm": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.GroupNorm("n", x, 12, layer.Identity)
		},
		"instance norm, no affine part": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.InstanceNorm("", x) },
		"group norm, no affine part": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Add(op.GroupNorm(x, nil, nil, 3, layer.Eps, layer.SiLU))
		},
		"layer norm": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.LayerNorm(x, layer.Identity) },
		"strided conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 5, Kernel: 5, Stride: 2})
		},
		"flat conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 5, Kernel: 1, Flat: true})
		},
		"concat and sum": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Sum(b.Concat(x, x), b.Concat(x, x), b.Concat(x, x))
		},
		"dropout": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Sum(x, b.Dropout(x, 0.5)) },
		"residual block": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.ResidualBlock("r", x, b.Sinusoid(b.Input("t", x.Shape()[0]), 12, true), 6, 3, 0)
		},
		"residual block, same": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.ResidualBlock("r", x, b.Sinusoid(b.Input("t", x.Shape()[0]), 12, true), 12, 3, 0)
		},
		"attention block": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Attention("a", x, 3, 2) },
		"down and up": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			h, skip := b.Fork2(b.Conv("in", x, layer.Conv{Out: 12, Kernel: 3}))
			h = b.Resize(b.Conv("c", h, layer.Conv{Out: 12, Kernel: 3, Stride: 2}), op.Nearest, 2)
			return b.Concat(h, skip)
		},
		"uses of one value": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			h := b.Fork(b.Conv("in", x, layer.Conv{Out: 12, Kernel: 3}), 5)
			return b.Sum(h[0], b.LayerNorm(h[1], layer.LeakyReLU), b.Activate(h[2], layer.SiLU), b.Activate(h[3], layer.ReLU), b.GroupNorm("n", h[4], 3, layer.SiLU))
		},
		"embedding": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Add(op.AddChannel(x, b.Sinusoid(b.Input("t", x.Shape()[0]), 12, true)))
		},
		"odd embedding": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			e := b.Linear("fc", b.Sinusoid(b.Input("t", x.Shape()[0]), 5, false), 12)
			return b.Conv("c", x, layer.Conv{Out: 12, Kernel: 3, Shift: e, Residual: x})
		},
		"even conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 5, Kernel: 2, Stride: 2, NoBias: true})
		},
		"dilated conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 5, Kernel: 3, Dilation: 2})
		},
		"grouped conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Conv("c", x, layer.Conv{Out: 6, Kernel: 3, Groups: 3, Padding: -1})
		},
		"grouped conv, shift and residual": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			e := b.Sinusoid(b.Input("t", x.Shape()[0]), 12, true)
			return b.Conv("c", x, layer.Conv{Out: 12, Kernel: 3, Groups: 12, NoBias: true, Shift: e, Residual: x})
		},
		"max pool":          func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.MaxPool(x, 3, 2, 1) },
		"global pool":       func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.GlobalAveragePool(x) },
		"gelu":              func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.GELU(x, false) },
		"gelu, tanh":        func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.GELU(x, true) },
		"sigmoid":           func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Sigmoid(x) },
		"gate":              func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.Gate(x) },
		"pixel norm":        func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.PixelNorm("n", x, 0) },
		"channel attention": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.ChannelAttention("a", x, 4) },
		"NAF block":         func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.NAFBlock("b", x, layer.NAF{}) },
		"batch norm":        func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.BatchNorm("n", x) },
		"transposed conv": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.TransposedConv("c", x, layer.TransposedConv{Out: 5, Kernel: 2, Stride: 2})
		},
		"transposed conv, all options": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.TransposedConv("c", x, layer.TransposedConv{Out: 6, Kernel: 3, Stride: 3, Padding: 1, OutputPadding: 2, Dilation: 2, Groups: 3, NoBias: true})
		},
		"PReLU":            func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.PReLU("p", x, 12) },
		"PReLU, one slope": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.PReLU("p", x, 1) },
		"reflected": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Pad(x, pad.Reflect, op.Border{Left: 1, Right: 2, Top: 3, Bottom: 1})
		},
		"replicated": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.Pad(x, pad.Replicate, op.Border{Left: 1, Right: 7, Bottom: 9})
		},
		"unshuffle": func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node { return b.PixelUnshuffle(x, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			set := param.NewSet(3)
			graphFor := func(shape ...int) (*layer.Builder, *gorgonia.Node) {
				b := layer.NewBuilder(set, false)
				y := f(b, b.Input("x", shape...))
				if b.Err() != nil {
					t.Fatal(b.Err())
				}
				return b, y
			}
			graphFor(1, 12, 4, 4) // declares the parameters
			set.Seal()
			b, y := graphFor(1, 12, 4, 4)
			m, err := export.Graph(y, inputsOf(b), export.Options{})
			if err != nil {
				t.Fatal(err)
			}
			b, y = graphFor(2, 12, 6, 8)
			in, want := evaluate(t, b, y)
			compare(t, "full", m, in, want)
			if notCore[name] {
				if _, err := export.Graph(y, inputsOf(b), export.Options{Core: []int{2, 12, 6, 8}}); !errors.Is(err, export.ErrNoWriter) {
					t.Errorf("as core operations: %v", err)
				}
				return
			}
			if m, err = export.Graph(y, inputsOf(b), export.Options{Core: []int{2, 12, 6, 8}}); err != nil {
				t.Fatal(err)
			}
			compare(t, "core", m, in, want)
		})
	}
}

// notCore are the cases that cannot be exported with core operations.
var notCore = map[string]bool{
	"dilated conv": true, "grouped conv": true, "grouped conv, shift and residual": true, "max pool": true, "global pool": true, "gelu": true,
	"gelu, tanh": true, "sigmoid": true, "gate": true, "pixel norm": true, "channel attention": true, "NAF block": true, "batch norm": true,
	"transposed conv": true, "transposed conv, all options": true, "PReLU": true, "PReLU, one slope": true, "reflected": true, "replicated": true,
	"unshuffle": true,
}

// inputsOf returns the inputs of a builder's graph.
func inputsOf(b *layer.Builder) (inputs gorgonia.Nodes) {
	for _, name := range []string{"x", "t"} {
		inputs = append(inputs, b.Graph.ByName(name)...)
	}
	return inputs
}

// evaluate computes y, the result of b's graph, for random inputs.
func evaluate(t *testing.T, b *layer.Builder, y *gorgonia.Node) (feeds map[string]onnx.Value, want onnx.Value) {
	t.Helper()
	feeds = map[string]onnx.Value{}
	for _, in := range inputsOf(b) {
		v := in.Value().(*tensor.Dense)
		stream := random.New(1).Child(in.Name())
		stream.Normals(v.Float32s())
		feeds[in.Name()] = onnx.Value{Shape: v.Shape(), Data: v.Float32s()}
	}
	p, err := graph.Compile(b.Graph, new(graph.Arena), y)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(); err != nil {
		t.Fatal(err)
	}
	v := y.Value().(*tensor.Dense)
	return feeds, onnx.Value{Shape: v.Shape(), Data: v.Float32s()}
}

// compare runs a model in this project's backend, in ONNX Runtime if it is installed, and in gorgonnx if it is a model of
// core operations.
func compare(t *testing.T, name string, m *onnx.Model, feeds map[string]onnx.Value, want onnx.Value) {
	t.Helper()
	type runner interface {
		Run(map[string]onnx.Value) (map[string]onnx.Value, error)
	}
	ours, err := backend.New(m)
	if err != nil {
		t.Fatal(err)
	}
	runners := map[string]runner{"onnx-go": ours}
	if name == "core" {
		if runners["gorgonnx"], err = gorgonnx.New(m); err != nil {
			t.Fatal(err)
		}
	}
	switch library, err := runtime.Load(""); {
	case err == nil:
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		s, err := library.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		runners["onnxruntime"] = s
	case !errors.Is(err, runtime.ErrUnavailable):
		t.Fatal(err)
	}
	for runtime, r := range runners {
		for range 2 { // gorgonnx sometimes overwrites operands
			out, err := r.Run(feeds)
			if err != nil {
				t.Fatalf("%s in %s: %v", name, runtime, err)
			}
			if d, err := onnx.Difference(out[export.Output], want); err != nil || !(d <= tolerance) {
				t.Errorf("%s in %s: largest difference %g (%v)", name, runtime, d, err)
			}
		}
	}
}

func TestGraphRefuses(t *testing.T) {
	set := param.NewSet(1)
	b := layer.NewBuilder(set, false)
	x := b.Input("x", 1, 3, 8, 8)
	add := func(n *gorgonia.Node, err error) *gorgonia.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	stock := add(gorgonia.Tanh(x))
	cost := add(op.MSE(x, b.Input("target", 1, 3, 8, 8)))
	unnamed := add(op.Sum(x, gorgonia.NewTensor(b.Graph, tensor.Float32, 4, gorgonia.WithShape(1, 3, 8, 8), gorgonia.WithName("w"))))
	clash := add(op.Sum(x, b.Input("y", 1, 3, 8, 8)))
	for _, c := range []struct {
		y      *gorgonia.Node
		inputs gorgonia.Nodes
		want   string
	}{
		{stock, gorgonia.Nodes{x}, "Gorgonia's own"},
		{cost, gorgonia.Nodes{x}, "Extensions.Writers"},
		{unnamed, gorgonia.Nodes{x}, `"w" is not among the inputs`},
		{clash, gorgonia.Nodes{x}, `"y"`},
		{stock, gorgonia.Nodes{stock}, "leaf"},
		{add(op.Resize(x, op.Nearest, 1.5)), gorgonia.Nodes{x}, "whole"},
		{add(op.ResizeTo(x, op.Bilinear, 5, 5)), gorgonia.Nodes{x}, "factor"},
		{add(op.AveragePool(x, 2)), nil, "needs an input"},
	} {
		if _, err := export.Graph(c.y, c.inputs, export.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
	// A graph that is only its input becomes a model of one Identity.
	if _, err := export.Graph(x, gorgonia.Nodes{x}, export.Options{}); err != nil {
		t.Error(err)
	}
}
