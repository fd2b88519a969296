// Package network holds the networks of the paper, and a few later ones. A network is a small value
// of options with one method, Build, that reads like the network's definition.
package network

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// Network maps images x (N,C,H,W), with Conditions numbers t for each, to images
// (N,C',Scale*H,Scale*W). The same value serves images of any number C of channels.
type Network interface {
	// Name is how flags and files call the network.
	Name() string
	// Conditions is how many numbers the network takes beside each image, such as its
	// noise level: t has the shape (N) for one, (N,Conditions) for several.
	Conditions() int
	// Scale is the ratio of the output's side to the input's.
	Scale() int
	// Multiple is what the sides of x must be a multiple of.
	Multiple() int
	// Build adds the network to b's graph. t is nil for a network without Conditions.
	Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node
}

// Parameters declares the parameters of a network of images with the given
// number of channels and draws their initial values from seed.
func Parameters(n Network, channels int, seed uint64) (*param.Set, error) {
	return declare(n, channels, param.NewSet(seed))
}

// Load is Parameters with existing values: find returns those of a parameter by its name
// and shape, or an error.
func Load(n Network, channels int, find func(name string, shape tensor.Shape) ([]float32, error)) (*param.Set, error) {
	return declare(n, channels, param.NewSetOf(find))
}

// declare builds the network once, which declares its parameters.
func declare(n Network, channels int, set *param.Set) (*param.Set, error) {
	if err := check(n); err != nil {
		return nil, err
	}
	b := layer.NewBuilder(set, false)
	side := 8 * n.Multiple()
	x, t := Inputs(b, n, 1, channels, side, side)
	n.Build(b, x, t)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name(), err)
	}
	set.Seal()
	return set, nil
}

// Restoration returns the networks of scale 1, the default first: the paper's, then later ones. Without
// time the ResNet has no embedding of t, and the networks that need t are Blind.
func Restoration(time bool) []Network {
	if time {
		return []Network{NewUNet(), NewResNet(), NewNAFNet(), NewDnCNN(), NewFolded()}
	}
	plain := NewResNet()
	plain.Time = false
	return []Network{plain, NewNAFNet(), NewDnCNN(), Blind{NewUNet()}, Blind{NewFolded()}}
}

// Superresolution returns the networks that enlarge by a factor, the default first: the paper's, then EDSR.
func Superresolution(factor int) []Network {
	espcn, edsr := NewESPCN(), NewEDSR()
	espcn.Factor, edsr.Factor = factor, factor
	return []Network{Enlarged{Body: NewSRNet(), Factor: factor}, espcn, Enlarged{Body: NewSRResNet(), Factor: factor}, edsr}
}

// Inputs adds the inputs of a network to b's graph: x (batch,channels,h,w), and t, which is nil
// for a network without Conditions.
func Inputs(b *layer.Builder, n Network, batch, channels, h, w int) (x, t *gorgonia.Node) {
	x = b.Input("x", batch, channels, h, w)
	switch k := n.Conditions(); {
	case k == 1:
		t = b.Input("t", batch)
	case k > 1:
		t = b.Input("t", batch, k)
	}
	return x, t
}

// orAsMany is a number of channels, where 0 stands for as many as x (N,C,H,W) has.
func orAsMany(channels int, x *gorgonia.Node) int {
	if channels == 0 && x != nil {
		return x.Shape()[1]
	}
	return channels
}

// Plain is embedded by networks that take no t and answer in the size of their
// input, for any input.
type Plain struct{}

// Conditions implements Network.
func (Plain) Conditions() int { return 0 }

// Scale implements Network.
func (Plain) Scale() int { return 1 }

// Multiple implements Network.
func (Plain) Multiple() int { return 1 }
