// Package network defines the networks of the paper and some later ones. A network is a small value
// of options. Its method Build reads like the network's definition.
package network

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/layer"
	"multiscale/pkg/param"
)

// Network maps images x (N,C,H,W), with Conditions numbers t for each image, to images
// (N,C',Scale*H,Scale*W). The same value serves images with any number C of channels.
type Network interface {
	// Name is the network's name in flags and files.
	Name() string
	// Conditions is the number of values, such as the noise level, that the network takes
	// with each image. t has the shape (N) for one and (N,Conditions) for several.
	Conditions() int
	// Scale is the ratio of the output's side to the input's.
	Scale() int
	// Multiple is the number that must divide the sides of x.
	Multiple() int
	// Build adds the network to b's graph. t is nil for a network without Conditions.
	Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node
}

// Parameters declares the parameters of a network for images with the given number of
// channels and draws their initial values from seed.
func Parameters(n Network, channels int, seed uint64) (*param.Set, error) {
	return declare(n, channels, param.NewSet(seed))
}

// Load is Parameters with existing values. find returns the values of the parameter with the
// given name and shape, or an error.
func Load(n Network, channels int, find func(name string, shape tensor.Shape) ([]float32, error)) (*param.Set, error) {
	return declare(n, channels, param.NewSetOf(find))
}

// declare declares the network's parameters by building it once, and seals set.
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

// Restoration returns the networks of scale 1, the default first. If time is false, the ResNet has no
// embedding of t, and the networks that need t are Blind.
func Restoration(time bool) []Network {
	if time {
		return []Network{NewUNet(), NewResNet(), NewNAFNet(), NewDnCNN(), NewFolded()}
	}
	plain := NewResNet()
	plain.Time = false
	return []Network{plain, NewNAFNet(), NewDnCNN(), Blind{NewUNet()}, Blind{NewFolded()}}
}

// Superresolution returns the networks that enlarge by factor, the default first: the paper's, then EDSR.
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

// channelsOr returns channels, or the number of channels of x (N,C,H,W) if channels is 0.
func channelsOr(channels int, x *gorgonia.Node) int {
	if channels == 0 && x != nil {
		return x.Shape()[1]
	}
	return channels
}

// Plain is embedded by networks that take no t and map images of any size to images of the same
// size.
type Plain struct{}

// Conditions implements Network.
func (Plain) Conditions() int { return 0 }

// Scale implements Network.
func (Plain) Scale() int { return 1 }

// Multiple implements Network.
func (Plain) Multiple() int { return 1 }
