package dataset

import (
	"slices"

	"multiscale/pkg/random"
)

// Symmetry is one of the eight ways to lay a square onto itself: the sum of what is done
// to it, in the order of the constants.
type Symmetry uint8

// The parts of a symmetry.
const (
	Transposed Symmetry = 1 << iota // rows become columns
	UpsideDown                      // the last row becomes the first
	Mirrored                        // the last column becomes the first
)

// turns are the quarter turns, by their number, anticlockwise.
var turns = [4]Symmetry{0, Transposed | UpsideDown, UpsideDown | Mirrored, Transposed | Mirrored}

// Apply lays square planes of a side onto themselves.
func (s Symmetry) Apply(planes []float32, side int) {
	for n := side * side; len(planes) >= n && n > 0; planes = planes[n:] {
		plane := planes[:n]
		if s&Transposed != 0 {
			for i := range side {
				for j := range i {
					plane[i*side+j], plane[j*side+i] = plane[j*side+i], plane[i*side+j]
				}
			}
		}
		if s&UpsideDown != 0 {
			for i := range side / 2 {
				row, other := plane[i*side:][:side], plane[(side-1-i)*side:][:side]
				for j, v := range row {
					row[j], other[j] = other[j], v
				}
			}
		}
		if s&Mirrored != 0 {
			for i := range side {
				slices.Reverse(plane[i*side:][:side])
			}
		}
	}
}

// Augmentation makes further training samples of a picture: it lays the square of a crop
// onto itself, in a way that it draws. It belongs before restriction, since taking every
// second pixel does not commute with it.
type Augmentation struct {
	Name string // in commands and files: lower-case letters
	Draw func(r random.Stream) Symmetry
}

// Augmentations lists those of this package.
func Augmentations() []Augmentation {
	return []Augmentation{
		{"flips", func(r random.Stream) Symmetry { return Symmetry(r.Intn(4)) << 1 }}, // of UpsideDown and Mirrored
		{"turns", func(r random.Stream) Symmetry { return turns[r.Intn(len(turns))] }},
	}
}

// Augment lays square planes onto themselves as each of a list draws it, those of several
// images alike. What is drawn follows from r's key and the names of the list.
func Augment(list []Augmentation, r random.Stream, images ...Square) {
	for _, a := range list {
		s := a.Draw(r.Child(a.Name))
		for _, x := range images {
			s.Apply(x.Planes, x.Side)
		}
	}
}

// Square is planes of one side.
type Square struct {
	Planes []float32
	Side   int
}
