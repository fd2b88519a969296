package network_test

import (
	"context"
	"slices"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// TestShapes: with one set of parameters, a network maps images with sides that are multiples of
// Multiple to images with Scale times these sides.
func TestShapes(t *testing.T) {
	wide := network.NewUNet()
	wide.Base, wide.Multipliers, wide.Blocks, wide.Attention, wide.Heads = 16, []int{2, 1, 3, 2}, 2, []int{1, 4}, 2
	for _, n := range []network.Network{
		network.NewResNet(), network.NewUNet(), network.NewSRNet(), network.NewESPCN(), wide, network.Folded{Widths: []int{8, 12, 16}, Blocks: 1}, network.Folded{Widths: []int{8}, Blocks: 2}, network.EDSR{Width: 8, Blocks: 2, Factor: 3},
		network.ResNet{Out: 1, Hidden: 8, Blocks: 3}, network.ESPCN{Channels: 3, Hidden1: 4, Hidden2: 5, Factor: 3},
		network.Enlarged{Body: network.NewSRNet(), Factor: 2}, network.Enlarged{Body: network.ResNet{Out: 3, Hidden: 8, Blocks: 1}, Factor: 3},
	} {
		set, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Errorf("%s: %v", n.Name(), err)
			continue
		}
		m := model.New(n, set, op.MSE)
		for _, in := range [][3]int{{1, 1, 1}, {2, 2, 3}, {3, 4, 1}} {
			h, w := in[1]*n.Multiple(), in[2]*n.Multiple()
			x := pixel.NewImages(in[0], 3, h, w)
			r := random.New(1)
			r.Normals(x.Data)
			out := 3
			if r, ok := n.(network.ResNet); ok {
				out = r.Out
			}
			y := make([]float32, in[0]*out*h*w*n.Scale()*n.Scale())
			if err := m.Apply(context.Background(), y, x, make([]float32, in[0])); err != nil {
				t.Errorf("%s, %dx%d: %v", n.Name(), h, w, err)
			}
		}
	}
}

// TestChannels: by default, networks have as many output channels as input channels.
func TestChannels(t *testing.T) {
	small := network.NewUNet()
	small.Base, small.Groups = 8, 4
	for _, n := range []network.Network{network.NewResNet(), small, network.Folded{Widths: []int{8, 12}, Blocks: 1}, network.EDSR{Width: 8, Blocks: 1, Factor: 2}, network.NewSRNet(), network.NewESPCN(), network.Enlarged{Body: network.NewSRResNet(), Factor: 2}} {
		for _, channels := range []int{1, 4} {
			set, err := network.Parameters(n, channels, 1)
			if err != nil {
				t.Fatal(err)
			}
			m := model.New(n, set, op.MSE)
			side := 4 * n.Multiple()
			b := mesh.Batch{Input: pixel.NewImages(2, channels, side, side), Target: pixel.NewImages(2, channels, side*n.Scale(), side*n.Scale()), T: make([]float32, 2), Samples: make([]uint64, 2)}
			r := random.New(1)
			r.Normals(b.Input.Data)
			r.Normals(b.Target.Data)
			if loss, err := m.AddGradient(t.Context(), make([]float32, set.Len()), b, 1); err != nil || !(loss > 0) {
				t.Errorf("%s, %d channels: loss %v, error %v", n.Name(), channels, loss, err)
			}
		}
	}
}

// TestBatchesDoNotMix: the result for a sample does not depend on the other samples.
func TestBatchesDoNotMix(t *testing.T) {
	unet := network.NewUNet()
	unet.Base, unet.Multipliers = 16, []int{1, 2}
	for _, n := range []network.Network{network.ResNet{Out: 3, Hidden: 16, Blocks: 1, Time: true}, unet, network.NewESPCN(), network.Folded{Widths: []int{8, 12}, Blocks: 1}} {
		set, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := random.New(2)
		set.Update(func(values []float32) {
			for i := range values {
				values[i] += 0.05 * r.Normal()
			}
		})
		m := model.New(n, set, op.MSE)
		x, times := pixel.NewImages(3, 3, 8, 8), []float32{0.1, 0.5, 0.9}
		r.Normals(x.Data)
		per := 3 * 8 * 8 * n.Scale() * n.Scale()
		all, one := make([]float32, 3*per), make([]float32, per)
		if err := m.Apply(t.Context(), all, x, times); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := m.Apply(t.Context(), one, x.Slice(i, i+1), times[i:i+1]); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(one, all[i*per:(i+1)*per]) {
				t.Errorf("%s: sample %d has another answer in a batch", n.Name(), i)
			}
		}
	}
}

// TestSeeds: equal seeds give equal parameters, and different seeds give different ones.
func TestSeeds(t *testing.T) {
	values := func(seed uint64) []float32 {
		set, err := network.Parameters(network.NewSRNet(), 3, seed)
		if err != nil {
			t.Fatal(err)
		}
		return set.Values()
	}
	if !slices.Equal(values(1), values(1)) || slices.Equal(values(1), values(2)) {
		t.Error("parameters do not follow the seed")
	}
}

// TestImpossibleOptions: options that do not fit the channels are errors.
func TestImpossibleOptions(t *testing.T) {
	unet := network.NewUNet()
	unet.Groups = 5
	heads := network.NewUNet()
	heads.Heads = 3
	for _, n := range []network.Network{unet, heads} {
		if _, err := network.Parameters(n, 3, 1); err == nil {
			t.Errorf("%+v is no error", n)
		}
	}
}
