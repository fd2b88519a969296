package network

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/op"
)

// Sight says whether a network is given the numbers t beside an image.
type Sight uint8

// The ways to train.
const (
	SightGiven  Sight = iota // the network is given t
	SightHidden              // it is not: it restores blindly
)

var sights = [...]string{SightGiven: "given", SightHidden: "hidden"}

// Sights returns both, the default first.
func Sights() []Sight { return []Sight{SightGiven, SightHidden} }

// String returns the name of s.
func (s Sight) String() string {
	if int(s) < len(sights) {
		return sights[s]
	}
	return fmt.Sprintf("Sight(%d)", uint8(s))
}

// Blind is a network that takes t, with zeros in its place: it has the parameters of its
// body, and no t as an input.
type Blind struct{ Body Network }

// Hide returns a network without t as an input: n itself where it has none.
func Hide(n Network) Network {
	if n.Conditions() == 0 {
		return n
	}
	return Blind{n}
}

// Show undoes Hide.
func Show(n Network) Network {
	if b, ok := n.(Blind); ok {
		return b.Body
	}
	return n
}

// Inner returns the network inside of Blind and Enlarged ones.
func Inner(n Network) Network {
	switch o := n.(type) {
	case Blind:
		return Inner(o.Body)
	case Enlarged:
		return Inner(o.Body)
	}
	return n
}

// Name implements Network.
func (b Blind) Name() string { return b.Body.Name() }

// Conditions implements Network.
func (Blind) Conditions() int { return 0 }

// Scale implements Network.
func (b Blind) Scale() int { return b.Body.Scale() }

// Multiple implements Network.
func (b Blind) Multiple() int { return b.Body.Multiple() }

// Build implements Network.
func (b Blind) Build(to *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	var t *gorgonia.Node
	if to.Err() == nil {
		t = to.Add(op.Zeros(x, b.Body.Conditions()))
	}
	return b.Body.Build(to, x, t)
}

// Check says what is wrong with the network inside.
func (b Blind) Check() error {
	if b.Body == nil || b.Body.Conditions() == 0 {
		return errors.New("blind: the network inside must be one that takes t")
	}
	return check(b.Body)
}
