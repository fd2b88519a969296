package dataset

import (
	"fmt"
	"path/filepath"
	"strings"

	"multiscale/pkg/picture"
)

// openUrban100 reads Urban100 (Huang, Singh and Ahuja 2015) for
// super-resolution by a factor of 2: pairs 1 to 80 for training, 81 to 100 for
// validation (of another number of pairs, the first four fifths). Three layouts
// are known: folders HR and LR with equal names in both; the authors' folder
// image_SRF_2 with names in _HR.png and _LR.png; and pictures alone, from which
// the low-resolution ones are made.
func openUrban100(o Options) (*Set, error) {
	high, low, err := findPairs(o.Root)
	if err != nil {
		return nil, err
	}
	n := high.Len()
	if n < 2 {
		return nil, fmt.Errorf("%s: only %d picture, which cannot be split into training and validation; add some", high.root, n)
	}
	digest, err := inspect(high)
	if err != nil {
		return nil, err
	}
	set := &Set{Channels: rgb, Scale: half, Digest: digest, Whole: true}
	if low.Len() > 0 {
		if digest, err = inspect(low); err != nil {
			return nil, err
		}
		set.Digest = combine(set.Digest, digest)
		for i := range n {
			if err := checkPair(high.path(i), low.path(i)); err != nil {
				return nil, err
			}
		}
	}
	cut := max(n*4/5, 1)
	part := func(from, to int) *Gallery {
		if low.Len() == 0 {
			return NewGallery(files{high.root, high.names[from:to]}, Crop, o)
		}
		return NewPairs(files{high.root, high.names[from:to]}, files{low.root, low.names[from:to]}, Crop, o)
	}
	set.Train, set.Validation = part(0, cut), part(cut, n)
	return set, nil
}

// findPairs lists the high-resolution pictures and, in the same order, their
// low-resolution counterparts where there are any.
func findPairs(root string) (high, low files, err error) {
	if dir := filepath.Join(root, "HR"); isFolder(dir) {
		if high, err = findPictures(dir); err != nil || !isFolder(filepath.Join(root, "LR")) {
			return high, low, err
		}
		// That every one of them is there is for inspect to find.
		return high, files{filepath.Join(root, "LR"), high.names}, nil
	}
	if dir := filepath.Join(root, "image_SRF_2"); isFolder(dir) {
		root = dir
	}
	all, err := findPictures(root)
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

func checkPair(high, low string) error {
	w, h, err := picture.Size(high)
	if err != nil {
		return err
	}
	lw, lh, err := picture.Size(low)
	if err != nil {
		return err
	}
	if lw != w/2 || lh != h/2 || lw == 0 || lh == 0 {
		return fmt.Errorf("%s: %dx%d pixels are not half of the %dx%d of %s; use the pairs made for a factor of 2", low, lw, lh, w, h, high)
	}
	return nil
}
