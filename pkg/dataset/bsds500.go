package dataset

import (
	"fmt"
	"path/filepath"

	"multiscale/pkg/lists"
)

// bsds500Parts are the folders and their numbers of pictures.
var bsds500Parts = []struct {
	name string
	n    int
}{{"train", 200}, {"test", 200}, {"val", 100}}

// openBSDS500 reads the pictures of BSDS500 (Arbelaez et al. 2011): as is customary, the
// 400 of train/ and test/ are for training, the 100 of val/ for validation.
func openBSDS500(o Options) (*Set, error) {
	root := firstFolder(o.Root, "BSR_bsds500/BSR/BSDS500/data/images", "BSR/BSDS500/data/images", "BSDS500/data/images", "data/images", "images", "BSDS500")
	s := &survey{o: o}
	var missing []string
	albums := make(map[string]*album)
	for _, part := range bsds500Parts {
		dir := filepath.Join(root, part.name)
		if !isFolder(dir) {
			if !o.AllowIncomplete || part.name == "val" {
				return nil, fmt.Errorf("%s: no folder %s/, while BSDS500 has train/, test/ and val/; get it with: go run ./datasets/fetch bsds500, or use -data folder", root, part.name)
			}
			missing = append(missing, part.name+"/ is missing")
			continue
		}
		f, err := s.find("", dir, false)
		if err != nil {
			return nil, err
		}
		missing = append(missing, fewer(part.name+"/", f.Len(), part.n)...)
		if albums[part.name], err = s.add(part.name+"/", f); err != nil {
			return nil, err
		}
	}
	if err := o.incomplete("BSDS500", root, missing, &s.report); err != nil {
		return nil, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	var parts []part
	for _, name := range []string{"train", "test"} {
		if a := albums[name]; a != nil {
			parts = append(parts, a.whole())
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("%s: neither train/ nor test/; get the data set with: go run ./datasets/fetch bsds500", root)
	}
	validation := albums["val"].whole()
	parts, err := s.apart(validation, parts...)
	if err != nil {
		return nil, err
	}
	train := lists.Of(parts, func(p part) Source { return subset{p.clean.files, p.index} })
	return s.set(NewGallery(union(train), Crop, o), validation.gallery(Crop, o), half)
}
