package dataset

import (
	"fmt"
	"os"
	"path/filepath"
)

// openBSDS500 reads the pictures of BSDS500 (Arbelaez et al. 2011): the
// customary 400 of train/ and test/ for training, the 100 of val/ for validation.
func openBSDS500(o Options) (*Set, error) {
	root := o.Root
	for _, inside := range []string{"images", "data/images", "BSDS500/data/images", "BSR/BSDS500/data/images"} {
		if dir := filepath.Join(o.Root, filepath.FromSlash(inside)); isFolder(dir) {
			root = dir
		}
	}
	part := make(map[string]files)
	var digests []string
	for _, name := range []string{"train", "test", "val"} {
		dir := filepath.Join(root, name)
		if !isFolder(dir) {
			return nil, fmt.Errorf("%s: no folder %s/, while BSDS500 has train/, test/ and val/; get it with: go run ./datasets/fetch bsds500, or use -data folder", root, name)
		}
		f, digest, err := openTree(dir)
		if err != nil {
			return nil, err
		}
		part[name] = f
		digests = append(digests, digest)
	}
	return &Set{
		Channels: rgb, Scale: half, Digest: combine(digests...),
		Train:      NewGallery(union{part["train"], part["test"]}, Crop, o),
		Validation: NewGallery(part["val"], Crop, o),
	}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
