package dataset

import (
	"slices"

	"multiscale/pkg/random"
)

// Symmetry is one of the eight symmetries of the square: the sum of its parts, which are
// applied in the order of the constants.
type Symmetry uint8

// The parts of a symmetry.
const (
	Transposed Symmetry = 1 << iota // rows become columns
	UpsideDown                      // the last row becomes the first
	Mirrored                        // the last column becomes the first
)

// turns are the quarter turns, by their number, anticlockwise.
var turns = [4]Symmetry{0, Transposed | UpsideDown, UpsideDown | Mirrored, Transposed | Mirrored}

// Apply applies the symmetry to square planes of a side.
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

// Augmentation makes further training samples of a picture: it draws a symmetry of the
// square for a crop. It is applied before restriction, which does not commute with it.
type Augmentation struct {
	Name string // in commands and files: lower-case letters
	Draw func(r random.Stream) Symmetry
}

// Augmentations returns those of this package.
func Augmentations() []Augmentation {
	return []Augmentation{
		{"flips", func(r random.Stream) Symmetry { return Symmetry(r.Intn(4)) << 1 }}, // of UpsideDown and Mirrored
		{"turns", func(r random.Stream) Symmetry { return turns[r.Intn(len(turns))] }},
	}
}

// Augment applies to square planes a symmetry that each augmentation of a list draws, the
// same to all images. It depends on r's key and the names of the list.
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
