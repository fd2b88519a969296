package dataset

import (
	"fmt"
	"path/filepath"
	"strings"
)

// urban100Pairs is the number of pictures of Urban100.
const urban100Pairs = 100

// openUrban100 reads Urban100 (Huang, Singh and Ahuja 2015) for super-resolution by a
// factor of 2: pairs 1 to 80 are for training, 81 to 100 for validation (the first four
// fifths and the rest, if the number of pairs is another). It knows three layouts: folders
// HR and LR with equal names; the authors' folder image_SRF_2 with names that end in
// _HR.png and _LR.png; and high-resolution pictures alone, from which the low-resolution
// ones are made.
func openUrban100(o Options) (*Set, error) {
	s := &survey{o: o}
	high, low, err := s.findPairs(firstFolder(o.Root, "Urban100", "urban100"))
	if err != nil {
		return nil, err
	}
	if n := high.Len(); n < 2 {
		return nil, fmt.Errorf("%s: only %d picture, which cannot be split into training and validation; add some", high.root, n)
	}
	all, err := s.add("", high)
	if err == nil && low.Len() > 0 {
		err = s.addInputs("low:", low)
	}
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return nil, err
	}
	if all.inputs != nil {
		for i := range all.clean.names {
			if err := all.checkPair(i); err != nil {
				return nil, err
			}
		}
	}
	if err := o.incomplete("Urban100", high.root, fewer("it", high.Len(), urban100Pairs), &s.report); err != nil {
		return nil, err
	}
	n := all.clean.Len()
	cut := max(n*4/5, 1)
	if cut == n {
		return nil, fmt.Errorf("%s: only %d picture that can be read, which leaves none for validation; add some", high.root, n)
	}
	set, err := s.parted(all.between(0, cut), all.between(cut, n), Crop, half)
	if err == nil {
		set.Whole = true
	}
	return set, err
}

// findPairs lists the high-resolution pictures and, in the same order, their low-resolution
// counterparts. low is empty if there are none.
func (s *survey) findPairs(root string) (high, low files, err error) {
	if dir := filepath.Join(root, "HR"); isFolder(dir) {
		if high, err = s.find("", dir, false); err != nil || !isFolder(filepath.Join(root, "LR")) {
			return high, low, err
		}
		// The survey reports missing LR pictures.
		return high, files{filepath.Join(root, "LR"), high.names}, nil
	}
	if dir := filepath.Join(root, "image_SRF_2"); isFolder(dir) {
		root = dir
	}
	all, err := s.find("", root, false)
	if err != nil {
		return high, low, err
	}
	high.root, low.root = root, root
	for _, name := range all.names {
		ext := filepath.Ext(name)
		if stem, ok := strings.CutSuffix(strings.TrimSuffix(name, ext), "_HR"); ok {
			high.names = append(high.names, name)
			low.names = append(low.names, stem+"_LR"+ext)
		}
	}
	if high.Len() == 0 {
		return all, low, nil
	}
	return high, low, nil
}

func (a *album) checkPair(i int) error {
	high, low := a.clean.shapes[i], a.inputs.shapes[i]
	if low.w != high.w/2 || low.h != high.h/2 || low.w == 0 || low.h == 0 {
		return fmt.Errorf("%s: %dx%d pixels are not half of the %dx%d of %s; use the pairs made for a factor of 2", a.inputs.path(i), low.w, low.h, high.w, high.h, a.clean.path(i))
	}
	return nil
}
