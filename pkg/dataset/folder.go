package dataset

import (
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// openFolder reads any tree of pictures.
func openFolder(o Options) (*Set, error) { return openTrees(o, findTree, Crop, half) }

// openTrees opens the pictures that find lists below the root. The validation pictures are
// those of o.Validation; without it, the pictures are split by the hash of their names.
func openTrees(o Options, find func(s *survey, label, root string) (*album, error), how Fit, scale pixel.Scale) (*Set, error) {
	s := &survey{o: o}
	all, err := find(s, "", o.Root)
	if err != nil {
		return nil, err
	}
	var other *album
	if o.Validation == o.Root {
		other = all // evaluations measure all pictures of one folder
	} else if o.Validation != "" {
		if err := checkFolder(o.Validation, "-validation must name a folder of pictures"); err != nil {
			return nil, err
		}
		if other, err = find(s, "validation:", o.Validation); err != nil {
			return nil, err
		}
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	if err := s.checkRatio(); err != nil {
		return nil, err
	}
	var train, validation part
	if other != nil {
		train, validation = all.whole(), other.whole()
	} else if train, validation, err = all.split(); err != nil {
		return nil, err
	}
	return s.parted(train, validation, how, scale)
}

// findTree lists the pictures below a folder.
func findTree(s *survey, label, root string) (*album, error) {
	f, err := s.find(label, root, true)
	if err != nil {
		return nil, err
	}
	return s.add(label, f)
}

// find calls findPictures and reports what is left out.
func (s *survey) find(label, root string, arrays bool) (files, error) {
	f, left, err := findPictures(root, arrays)
	where := ""
	if label != "" {
		where = " in -validation"
	}
	s.report.LeftOut = append(s.report.LeftOut, left.sorted(where)...)
	return f, err
}

// squares crops every picture of a source to the square in its centre.
type squares struct{ Source }

func (s squares) Load(i int) (*picture.Planar, error) {
	p, err := s.Source.Load(i)
	if err != nil || p.W == p.H {
		return p, err
	}
	side := min(p.W, p.H)
	return p.Cut((p.W-side)/2, (p.H-side)/2, side, side), nil
}
