package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/picture"
)

// openPairs reads pictures with the degraded pictures that belong to them: Root
// holds degraded/ and clean/, with equal names but for the ending. The sides of a
// degraded picture are those of the clean one, or half of them. Validation is a
// folder of the same form; without it a stable hash splits the pairs 90:10.
func openPairs(o Options) (*Set, error) {
	set := &Set{Channels: rgb, Scale: half}
	clean, degraded, err := findDegraded(o.Root)
	if err != nil {
		return nil, err
	}
	var other, otherDegraded files
	if o.Validation != "" {
		if err := checkFolder(o.Validation, "-validation must name a folder with degraded/ and clean/"); err != nil {
			return nil, err
		}
		if other, otherDegraded, err = findDegraded(o.Validation); err != nil {
			return nil, err
		}
	}
	var digests []string
	for _, f := range []files{clean, degraded, other, otherDegraded} {
		if f.Len() == 0 {
			continue
		}
		digest, err := inspect(f)
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	set.Digest = combine(digests...)
	for _, pair := range [][2]files{{clean, degraded}, {other, otherDegraded}} {
		if err := checkRatio(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	if o.Validation != "" {
		set.Train, set.Validation = NewPairs(clean, degraded, Crop, o), NewPairs(other, otherDegraded, Crop, o)
		return set, nil
	}
	train, validation, err := Split(clean, clean.root)
	if err != nil {
		return nil, err
	}
	part := func(s Source) *Gallery {
		return NewPairs(s, subset{degraded, s.(subset).index}, Crop, o)
	}
	set.Train, set.Validation = part(train), part(validation)
	return set, nil
}

// findDegraded lists the clean pictures of a folder of pairs and, in the same
// order, the degraded ones.
func findDegraded(root string) (clean, degraded files, err error) {
	for _, name := range []string{"clean", "degraded"} {
		if dir := filepath.Join(root, name); !isFolder(dir) {
			return clean, degraded, fmt.Errorf("%s: no folder %s/; pairs are pictures of equal names in degraded/ and clean/", root, name)
		}
	}
	if clean, err = findPictures(filepath.Join(root, "clean")); err != nil {
		return clean, degraded, err
	}
	if degraded, err = findPictures(filepath.Join(root, "degraded")); err != nil {
		return clean, degraded, err
	}
	stem := func(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }
	place := make(map[string]string, degraded.Len())
	for _, name := range degraded.names {
		if there, twice := place[stem(name)]; twice {
			return clean, degraded, fmt.Errorf("%s: %s and %s have the same name; remove one", degraded.root, there, name)
		}
		place[stem(name)] = name
	}
	var alone, matched []string
	for _, name := range clean.names {
		other, ok := place[stem(name)]
		if !ok {
			alone = append(alone, "clean/"+name)
			continue
		}
		matched = append(matched, other)
		delete(place, stem(name))
	}
	for _, name := range place {
		alone = append(alone, "degraded/"+name)
	}
	if len(alone) > 0 {
		slices.Sort(alone)
		const shown = 5
		list := strings.Join(alone[:min(shown, len(alone))], ", ")
		if more := len(alone) - shown; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		return clean, degraded, fmt.Errorf("%s: %d pictures have no counterpart: %s; add or remove them", root, len(alone), list)
	}
	degraded.names = matched
	return clean, degraded, nil
}

// checkRatio checks by their headers that all pairs have one ratio of sides.
func checkRatio(clean, degraded files) error {
	ratio := 0
	for i := range clean.names {
		w, h, err := picture.Size(clean.path(i))
		if err != nil {
			return err
		}
		dw, dh, err := picture.Size(degraded.path(i))
		if err != nil {
			return err
		}
		own := 0
		for _, r := range []int{1, 2} {
			if dw == w/r && dh == h/r && dw > 0 && dh > 0 {
				own = r
				break
			}
		}
		switch {
		case own == 0:
			return fmt.Errorf("%s: %dx%d pixels, while %s has %dx%d; degraded pictures have the same sides or half of them", degraded.path(i), dw, dh, clean.path(i), w, h)
		case ratio != 0 && own != ratio:
			return fmt.Errorf("%s: its sides are 1/%d of the clean picture's, those of %s 1/%d; all pairs need one ratio", degraded.path(i), own, degraded.path(0), ratio)
		}
		ratio = own
	}
	return nil
}
