package network

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/op"
)

// Sight selects whether a network takes the conditions t as an input.
type Sight uint8

// The ways to train.
const (
	SightGiven  Sight = iota // the network takes t
	SightHidden              // it does not: restoration is blind
)

var sights = [...]string{SightGiven: "given", SightHidden: "hidden"}

// Sights returns all values, the default first.
func Sights() []Sight { return []Sight{SightGiven, SightHidden} }

// String returns the name of s.
func (s Sight) String() string {
	if int(s) < len(sights) {
		return sights[s]
	}
	return fmt.Sprintf("Sight(%d)", uint8(s))
}

// Blind replaces the conditions t of its body by zeros. It has the parameters of the body, and
// t is not an input.
type Blind struct{ Body Network }

// Hide returns n if it takes no t, otherwise n in a Blind.
func Hide(n Network) Network {
	if n.Conditions() == 0 {
		return n
	}
	return Blind{n}
}

// Show returns the body of a Blind network, and other networks as they are.
func Show(n Network) Network {
	if b, ok := n.(Blind); ok {
		return b.Body
	}
	return n
}

// Inner returns the network inside all Blind and Enlarged around it.
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

// Check returns an error if the body takes no t or has wrong options.
func (b Blind) Check() error {
	if b.Body == nil || b.Body.Conditions() == 0 {
		return errors.New("blind: the network inside must be one that takes t")
	}
	return check(b.Body)
}
