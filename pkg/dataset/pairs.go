package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// openPairs reads pictures with the degraded pictures that belong to them: Root
// holds degraded/ and clean/, with equal names apart from the ending. The sides of a
// degraded picture are those of the clean one, or half of them. Validation is a
// folder of the same form; without it a stable hash splits the pairs 90:10.
func openPairs(o Options) (*Set, error) { return openTrees(o, findDegraded, Crop, half) }

// findDegraded lists the clean pictures of a folder of pairs and, in the same
// order, the degraded ones.
func findDegraded(s *survey, label, root string) (*album, error) {
	for _, name := range []string{"clean", "degraded"} {
		if dir := filepath.Join(root, name); !isFolder(dir) {
			return nil, fmt.Errorf("%s: no folder %s/; pairs are pictures of equal names in degraded/ and clean/", root, name)
		}
	}
	clean, err := s.find(label, filepath.Join(root, "clean"), true)
	if err != nil {
		return nil, err
	}
	degraded, err := s.find(label, filepath.Join(root, "degraded"), true)
	if err != nil {
		return nil, err
	}
	stem := func(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }
	place := make(map[string]string, degraded.Len())
	for _, name := range degraded.names {
		if there, twice := place[stem(name)]; twice {
			return nil, fmt.Errorf("%s: %s and %s have the same name; remove one", degraded.root, there, name)
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
		return nil, fmt.Errorf("%s: %d pictures have no counterpart: %s; add or remove them", root, len(alone), listNames(alone))
	}
	degraded.names = matched
	a, err := s.add(label+"clean/", clean)
	if err != nil {
		return nil, err
	}
	return a, s.addInputs(label+"degraded/", degraded)
}

// checkRatio checks by their headers that all pairs have one ratio of sides.
func (s *survey) checkRatio() error {
	for _, a := range s.albums {
		if a.inputs == nil {
			continue
		}
		ratio := 0
		for i, clean := range a.clean.shapes {
			input, own := a.inputs.shapes[i], 0
			for _, r := range []int{1, 2} {
				if input.w == clean.w/r && input.h == clean.h/r && input.w > 0 && input.h > 0 {
					own = r
					break
				}
			}
			switch {
			case own == 0:
				return fmt.Errorf("%s: %dx%d pixels, while %s has %dx%d; degraded pictures have the same sides or half of them", a.inputs.path(i), input.w, input.h, a.clean.path(i), clean.w, clean.h)
			case ratio != 0 && own != ratio:
				return fmt.Errorf("%s: its sides are 1/%d of the clean picture's, those of %s 1/%d; all pairs need one ratio", a.inputs.path(i), own, a.inputs.path(0), ratio)
			}
			ratio = own
		}
	}
	return nil
}
