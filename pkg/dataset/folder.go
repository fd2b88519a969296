package dataset

import (
	"crypto/sha256"
	"fmt"

	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

func openFolder(o Options) (*Set, error) {
	return openTrees(o, Crop, half)
}

// openTrees serves any tree of pictures, with a validation folder of its own
// or split by hash.
func openTrees(o Options, how Fit, scale pixel.Scale) (*Set, error) {
	set := &Set{Channels: rgb, Scale: scale}
	all, digest, err := openTree(o.Root)
	if err != nil {
		return nil, err
	}
	set.Digest = digest
	train, validation := Source(all), Source(nil)
	if o.Validation == "" {
		train, validation, err = Split(all, o.Root)
		if err != nil {
			return nil, err
		}
	} else {
		if err := checkFolder(o.Validation, "-validation must name a folder of pictures"); err != nil {
			return nil, err
		}
		other, digest, err := openTree(o.Validation)
		if err != nil {
			return nil, err
		}
		validation, set.Digest = other, combine(set.Digest, digest)
	}
	if how == Resize {
		train, validation = squares{train}, squares{validation}
	}
	set.Train = NewGallery(train, how, o)
	set.Validation = NewGallery(validation, how, o)
	return set, nil
}

func openTree(root string) (files, string, error) {
	f, err := findPictures(root)
	if err != nil {
		return files{}, "", err
	}
	digest, err := inspect(f)
	return f, digest, err
}

// combine makes one digest of several.
func combine(digests ...string) string {
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, digests)))
}

// squares cuts the square in the centre out of every picture.
type squares struct{ Source }

func (s squares) Load(i int) (*picture.Planar, error) {
	p, err := s.Source.Load(i)
	if err != nil || p.W == p.H {
		return p, err
	}
	side := min(p.W, p.H)
	return p.Cut((p.W-side)/2, (p.H-side)/2, side, side), nil
}
