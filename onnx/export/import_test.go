package export_test

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"

	"gorgonia.org/gorgonia"
)

// variants are networks with options other than the paper's.
var variants = map[string]network.Network{
	"wide unet":     network.UNet{Out: 3, Base: 6, Multipliers: []int{2, 1, 3}, Blocks: 2, Attention: []int{2}, Heads: 3, Groups: 3, Dropout: 0.25},
	"flat unet":     network.UNet{Out: 3, Base: 8, Multipliers: []int{1}, Blocks: 1, Heads: 2, Groups: 2},
	"timed resnet":  network.ResNet{Out: 3, Hidden: 9, Blocks: 3, Time: true},
	"plain resnet":  network.ResNet{Out: 3, Hidden: 4, Blocks: 1},
	"espcn by 3":    network.ESPCN{Channels: 3, Hidden1: 5, Hidden2: 7, Factor: 3},
	"srresnet by 4": network.Enlarged{Body: network.ResNet{Out: 3, Hidden: 4, Blocks: 2}, Factor: 4},
	"narrow srnet":  network.Enlarged{Body: network.SRNet{Out: 3, Hidden: 5}, Factor: 2},
}

// each runs a test for the paper's networks and the variants.
func each(t *testing.T, test func(t *testing.T, n network.Network)) {
	for _, list := range []map[string]network.Network{networks, variants} {
		for name, n := range list {
			t.Run(name, func(t *testing.T) { test(t, n) })
		}
	}
}

// about is metadata like that of the experiments.
func about(n network.Network) export.Options {
	return export.Options{
		Doc: "a test", Docs: map[string]string{"x": "images", "y": "images, restored"},
		Metadata: export.Metadata{Task: "none", Network: n.Name(), Strategy: "mge", Seed: 1, DataDigest: "none", Mean: []float64{0.5}, Std: []float64{0.5}}.Properties(),
	}
}

func importBytes(t *testing.T, data []byte) *export.Imported {
	t.Helper()
	return importWith(t, data, export.Extensions{})
}

func importWith(t *testing.T, data []byte, own export.Extensions) *export.Imported {
	t.Helper()
	m, err := onnx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	i, err := export.Import(m, own)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestImport: exporting an imported network gives the same bytes. The network is the same
// with all its options, with all operations and with core operations.
func TestImport(t *testing.T) {
	each(t, func(t *testing.T, n network.Network) {
		set := parameters(t, n)
		for _, core := range [][]int{nil, {2, 3, 8, 12}} {
			o := about(n)
			o.Core = core
			first := encode(t, n, set, o)
			i := importBytes(t, first)
			if !reflect.DeepEqual(i.Network, n) {
				t.Errorf("imported %+v, want %+v", i.Network, n)
			}
			if !bytes.Equal(first, encode(t, i.Network, i.Params, i.Options)) {
				t.Errorf("core %v: exporting again gives other bytes", core)
			}
		}
	})
}

// TestTrainingOn: after one training step, an imported network has the same weights as the original.
func TestTrainingOn(t *testing.T) {
	each(t, func(t *testing.T, n network.Network) {
		set := parameters(t, n)
		i := importBytes(t, encode(t, n, set, about(n)))
		if !slices.Equal(set.Values(), i.Params.Values()) {
			t.Fatal("imported weights differ")
		}
		before := slices.Clone(set.Values())
		step(t, n, set)
		step(t, i.Network, i.Params)
		if !slices.Equal(set.Values(), i.Params.Values()) {
			t.Error("weights differ after a step")
		}
		if slices.Equal(set.Values(), before) {
			t.Error("the step changed nothing")
		}
	})
}

// pairs returns random pictures, the same in each call.
type pairs struct{ scale int }

func (p pairs) Draw(request mesh.Request) (fine, coarser mesh.Batch, err error) {
	side, n := 32>>request.Level, request.Size
	b := mesh.Batch{Input: pixel.NewImages(n, 3, side, side), T: make([]float32, n), Target: pixel.NewImages(n, 3, p.scale*side, p.scale*side), Samples: make([]uint64, n)}
	r := random.New(5, uint64(request.Iteration), uint64(request.Level))
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	if request.Coarse {
		coarser = mesh.RestrictBatch(mesh.Average, b, 1)
	}
	return b, coarser, nil
}

// step trains for one step of Adam with the gradient of MGE, with dropout.
func step(t *testing.T, n network.Network, set *param.Set) {
	t.Helper()
	estimator := mge.Estimator{Model: model.New(n, set, op.MSE), Sampler: pairs{n.Scale()}, Seed: 3}
	gradient := make([]float32, set.Len())
	if _, err := estimator.Gradient(t.Context(), gradient, 0, mge.Stage{Batches: []int{1, 2}}); err != nil {
		t.Fatal(err)
	}
	set.Update(func(values []float32) {
		if err := optimize.New(optimize.Adam{}, set.Groups(), 1e-3).Step(values, gradient); err != nil {
			t.Fatal(err)
		}
	})
}

// TestImportRefuses: Import checks a file's description of its network.
func TestImportRefuses(t *testing.T) {
	n := network.ResNet{Out: 3, Hidden: 4, Blocks: 1, Time: true}
	set := parameters(t, n)
	describe := func(text string) func(*onnx.Model) {
		return func(m *onnx.Model) { m.Metadata[len(m.Metadata)-1].Value = text }
	}
	for name, c := range map[string]struct {
		change func(*onnx.Model)
		want   string
	}{
		"nothing said":    {func(m *onnx.Model) { m.Metadata = m.Metadata[:1] }, export.ErrForeign.Error()},
		"no JSON":         {describe("resnet"), "architecture"},
		"unknown network": {describe(`{"transformer":{}}`), `"transformer"`},
		"unknown option":  {describe(`{"resnet":{"Out":3,"Hidden":4,"Blocks":1,"Time":true,"Depth":2}}`), "Depth"},
		"two networks":    {describe(`{"resnet":{},"unet":{}}`), "2 networks"},
		"wider":           {describe(`{"resnet":{"Out":3,"Hidden":16384,"Blocks":1,"Time":true}}`), "another network"},
		"deeper":          {describe(`{"resnet":{"Out":3,"Hidden":4,"Blocks":1024,"Time":true}}`), "blocks.1"},
		"huge":            {describe(`{"resnet":{"Out":3,"Hidden":1099511627776,"Blocks":1,"Time":true}}`), "hidden"},
		"negative":        {describe(`{"unet":{"Out":3,"Base":-4,"Multipliers":[1],"Blocks":1,"Heads":1,"Groups":1}}`), "base"},
		"no levels":       {describe(`{"unet":{"Out":3,"Base":4,"Multipliers":[],"Blocks":1,"Heads":1,"Groups":1}}`), "multipliers"},
		"many levels":     {describe(`{"unet":{"Out":3,"Base":4,"Multipliers":[1,1,1,1,1,1,1,1,1],"Blocks":1,"Heads":1,"Groups":1}}`), "multipliers"},
		"dropout":         {describe(`{"unet":{"Out":3,"Base":4,"Multipliers":[1],"Blocks":1,"Heads":1,"Groups":1,"Dropout":1}}`), "dropout"},
		"enlarged twice":  {describe(`{"enlarged":{"Body":{"espcn":{"Channels":3,"Hidden1":4,"Hidden2":4,"Factor":2}},"Factor":2}}`), "scale 1"},
		"nested":          {describe(strings.Repeat(`{"enlarged":{"Body":`, 1000)), "too long"},
		"no body":         {describe(`{"enlarged":{"Factor":2}}`), ""},
		"smaller":         {describe(`{"resnet":{"Out":3,"Hidden":4,"Blocks":1,"Time":false}}`), "its graph is another"},
		"weights":         {func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{3, 4, 1, 1} }, "another network"},
		"graph": {func(m *onnx.Model) {
			for _, node := range m.Graph.Nodes {
				if node.Op == "LeakyRelu" {
					node.Op = "Elu"
				}
			}
		}, "its graph is another"},
	} {
		m, err := export.Network(n, 3, set, about(n))
		if err != nil {
			t.Fatal(err)
		}
		c.change(m)
		if _, err := export.Import(m, export.Extensions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not say %q", name, err, c.want)
		}
	}
	// A network of an unknown type can be exported, but not imported.
	own, err := network.Parameters(unknown{}, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := export.Network(unknown{}, 3, own, export.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := export.Import(m, export.Extensions{}); !errors.Is(err, export.ErrForeign) {
		t.Errorf("unknown type: %v", err)
	}
}

// unknown is a network of a type that the project does not have.
type unknown struct{}

func (unknown) Name() string    { return "unknown" }
func (unknown) Conditions() int { return 0 }
func (unknown) Scale() int      { return 1 }
func (unknown) Multiple() int   { return 1 }
func (unknown) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	return b.Conv("c", x, layer.Conv{Out: 3, Kernel: 3})
}
