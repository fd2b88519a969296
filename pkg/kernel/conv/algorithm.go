package conv

import (
	"fmt"
	"slices"
	"strings"
)

// Algorithm is a way to compute 3x3 convolutions of stride 1.
type Algorithm uint8

// The algorithms. Auto chooses by a fixed rule for the shape, never by measured
// time, so that results can be reproduced. Winograd applies to 3x3 convolutions of
// stride 1; others are computed directly.
const (
	Auto Algorithm = iota
	Direct
	Winograd
)

var names = [...]string{Auto: "auto", Direct: "direct", Winograd: "winograd"}

// Algorithms returns the names of all algorithms, the default first.
func Algorithms() []string { return names[:] }

// String returns the name of a.
func (a Algorithm) String() string {
	if !a.valid() {
		return fmt.Sprintf("Algorithm(%d)", uint8(a))
	}
	return names[a]
}

func (a Algorithm) valid() bool { return int(a) < len(names) }

// ParseAlgorithm is the inverse of String.
func ParseAlgorithm(name string) (Algorithm, error) {
	if i := slices.Index(names[:], name); i >= 0 {
		return Algorithm(i), nil
	}
	return Auto, fmt.Errorf("convolution algorithm %q: use %s", name, strings.Join(names[:], ", "))
}

// winograd returns the minimal filtering algorithm for a product of shape s, or nil
// if the product is computed directly. from is the number of channels that are
// transformed: those of x for Forward, those of gy for the gradients.
func winograd(s Shape, from int) *minimal {
	if s.Kernel != 3 || s.Stride != 1 {
		return nil
	}
	m := &large
	if s.H == 2 && s.W == 2 && s.Padding == 1 {
		m = &small
	}
	switch a := s.Algorithm; {
	case a == Winograd, a == Auto && m.worthwhile(s, from):
		return m
	}
	return nil
}

// worthwhile is the rule of Auto: the transforms pay off if there are enough source
// channels to nearly fill a vector and if at least half of the tiles' pixels lie
// inside the image.
func (m *minimal) worthwhile(s Shape, from int) bool {
	const channels = 12
	h, w := s.OutH(), s.OutW()
	tiles := ceil(h, m.tile) * ceil(w, m.tile)
	return from >= channels && tiles*m.tile*m.tile <= 2*h*w
}
