package dataset

import (
	"crypto/sha256"
	"fmt"

	"multiscale/pkg/lists"
	"multiscale/pkg/pixel"
)

// part selects the pictures of an album for training or for validation.
type part struct {
	*album
	index []int
}

// whole selects all pictures of an album.
func (a *album) whole() part {
	return part{a, lists.Indices(a.clean.Len())}
}

// between selects pictures from to to-1.
func (a *album) between(from, to int) part { return part{a, a.whole().index[from:to]} }

// gallery returns the gallery of a part. With Resize, pictures are first cropped to the
// square in their centre.
func (p part) gallery(how Fit, o Options) *Gallery {
	take := func(l *list) Source {
		if how == Resize {
			return squares{subset{l.files, p.index}}
		}
		return subset{l.files, p.index}
	}
	if p.inputs == nil {
		return NewGallery(take(p.clean), how, o)
	}
	return NewPairs(take(p.clean), take(p.inputs), how, o)
}

// split divides an album by the hash of its names; see Split.
func (a *album) split() (train, validation part, err error) {
	t, v, err := Split(a.clean.files, a.clean.root)
	if err != nil {
		return part{}, part{}, err
	}
	return part{a, t.(subset).index}, part{a, v.(subset).index}, nil
}

// apart removes from the training parts the pictures whose pixels are those of a validation
// picture, and reports how many pictures repeat. If the pictures have not been decoded, it
// changes nothing.
func (s *survey) apart(validation part, train ...part) ([]part, error) {
	if s.report.Decoded == "" {
		return train, nil
	}
	left, all := 0, 0
	var used [][2][sha256.Size]byte
	for k, p := range train {
		shared := s.sharedBy(p, validation)
		var own []int
		for _, i := range p.index {
			if shared(i) {
				s.report.Shared = append(s.report.Shared, p.clean.name(i))
			} else {
				own = append(own, i)
			}
		}
		left, all = left+len(own), all+len(p.index)
		train[k].index = own
		used = append(used, train[k].pixels()...)
	}
	if left == 0 {
		return nil, fmt.Errorf("%s: no picture is left for training: all %d have the pixels of validation pictures; add other pictures, or name others with -validation",
			s.o.Root, all)
	}
	if s.known != nil {
		s.report.Repeated = s.known.Repeated
	} else {
		s.report.Repeated = repeated(used) + repeated(validation.pixels())
	}
	return train, nil
}

// sharedBy returns a function that reports whether training picture i has the pixels of a
// validation picture.
func (s *survey) sharedBy(train, validation part) func(i int) bool {
	if s.known != nil {
		names := lists.Set(s.known.Shared)
		return func(i int) bool { return names[train.clean.name(i)] }
	}
	seen := lists.Set(pick(validation.clean.pixels, validation.index))
	return func(i int) bool { return seen[train.clean.pixels[i]] }
}

// pixels returns the pixel digests of the pictures of a part, or of its pairs, in order.
func (p part) pixels() [][2][sha256.Size]byte {
	list := make([][2][sha256.Size]byte, len(p.index))
	for k, i := range p.index {
		list[k][0] = p.clean.pixels[i]
		if p.inputs != nil {
			list[k][1] = p.inputs.pixels[i]
		}
	}
	return list
}

// repeated is the number of elements that equal an earlier one.
func repeated[T comparable](pixels []T) (n int) {
	seen := make(map[T]bool, len(pixels))
	for _, p := range pixels {
		if seen[p] {
			n++
		}
		seen[p] = true
	}
	return n
}

// digest identifies the pictures that are used. Those left out do not change it.
func (s *survey) digest() string {
	shared := lists.Set(s.report.Shared)
	var digests []string
	for _, a := range s.albums {
		for _, l := range a.lists() {
			digests = append(digests, l.digest(func(i int) bool { return shared[a.clean.name(i)] }))
		}
	}
	return combine(digests...)
}

// channels is the number of channels that pictures are converted to: the requested one or,
// without a request, the one that all pictures have.
func (s *survey) channels() (int, error) {
	first, of := "", s.o.Channels
	for _, a := range s.albums {
		for _, l := range a.lists() {
			for i, shape := range l.shapes {
				switch {
				case s.o.Channels != 0 && !convertible(shape.channels, of):
					return 0, fmt.Errorf("%s: %d channels cannot be brought to the %d that are asked for", l.path(i), shape.channels, of)
				case of == 0:
					first, of = l.path(i), shape.channels
				case s.o.Channels == 0 && shape.channels != of:
					return 0, fmt.Errorf("%s: %d channels, while %s has %d; all pictures need the same number; -channels converts between grey and RGB", l.path(i), shape.channels, first, of)
				}
			}
		}
	}
	return of, nil
}

// parted makes a data set of two parts. It removes from training the pictures that are in
// both.
func (s *survey) parted(train, validation part, how Fit, scale pixel.Scale) (*Set, error) {
	own, err := s.apart(validation, train)
	if err != nil {
		return nil, err
	}
	return s.set(own[0].gallery(how, s.o), validation.gallery(how, s.o), scale)
}

// set makes a data set of two galleries.
func (s *survey) set(train, validation *Gallery, scale pixel.Scale) (*Set, error) {
	n, err := s.channels()
	if err != nil {
		return nil, err
	}
	return &Set{
		Channels: n, Scale: scaleOfChannels(scale, n), Digest: s.digest(), Report: s.report,
		Train: train, Validation: validation,
	}, nil
}
