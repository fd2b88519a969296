package dataset

import (
	"slices"

	"multiscale/pkg/random"
)

// Symmetry is one of the eight symmetries of the square. It is a set of parts, one bit
// each, which are applied in the order of the constants.
type Symmetry uint8

// The parts of a symmetry.
const (
	Transposed Symmetry = 1 << iota // rows become columns
	UpsideDown                      // the last row becomes the first
	Mirrored                        // the last column becomes the first
)

// turns[n] turns a square anticlockwise by n quarter turns.
var turns = [4]Symmetry{0, Transposed | UpsideDown, UpsideDown | Mirrored, Transposed | Mirrored}

// Apply applies the symmetry, in place, to square planes of side x side values.
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

// Augmentation varies training samples: it draws a symmetry of the square for each crop.
// It is applied before restriction, because the two do not commute.
type Augmentation struct {
	Name string // in commands and files: lower-case letters
	Draw func(r random.Stream) Symmetry
}

// Augmentations returns the augmentations of this package.
func Augmentations() []Augmentation {
	return []Augmentation{
		{"flips", func(r random.Stream) Symmetry { return Symmetry(r.Intn(4)) << 1 }}, // of UpsideDown and Mirrored
		{"turns", func(r random.Stream) Symmetry { return turns[r.Intn(len(turns))] }},
	}
}

// Augment draws one symmetry from each augmentation of the list and applies it, in place,
// to all images. The draws depend only on r's key and the augmentations' names.
func Augment(list []Augmentation, r random.Stream, images ...Square) {
	for _, a := range list {
		s := a.Draw(r.Child(a.Name))
		for _, x := range images {
			s.Apply(x.Planes, x.Side)
		}
	}
}

// Square is an image of square planes, of Side x Side values each.
type Square struct {
	Planes []float32
	Side   int
}
