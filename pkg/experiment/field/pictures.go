package field

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
)

// pictures are the clean pictures of a benchmark.
type pictures struct {
	root, low string // folders of clean and of reduced pictures; low is "" without the latter
	digest    string
	names     []string // below root, with slashes
}

// source is a clean picture, and the set's reduced one or nil. The notes say what of their files is changed or
// left out.
type source struct {
	clean, low *picture.Planar
	notes      []string
}

// The folders of a set for super-resolution by two, as in Urban100.
const (
	highFolder = "HR"
	lowFolder  = "LR"
)

// openPictures lists the pictures. For a benchmark that enlarges, the set may have reduced pictures, too.
func openPictures(r Request, b Benchmark) (*pictures, error) {
	p := &pictures{root: r.Root}
	if full := filepath.Join(r.Root, highFolder); b.Scale > 1 && isFolder(full) {
		p.root = full
		if low := filepath.Join(r.Root, lowFolder); isFolder(low) {
			p.low = low
		}
	}
	var err error
	if r.List != "" {
		if p.names, err = readList(r.List); err != nil {
			return nil, fmt.Errorf("-list %w", err)
		}
	} else if p.names, err = list(p.root); err != nil {
		return nil, fmt.Errorf("-root %w", err)
	}
	if r.Pictures > 0 {
		p.names = p.names[:min(r.Pictures, len(p.names))]
	}
	p.digest, err = dataset.Digest(p.root, p.names)
	return p, err
}

// list returns the names of the pictures below a folder, sorted.
func list(root string) (names []string, err error) {
	if !isFolder(root) {
		return nil, fmt.Errorf("%s: no such folder", root)
	}
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && picture.IsName(path) {
			names = append(names, path)
		}
		return err
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: the folder has no pictures", root)
	}
	return names, err
}

// load reads a picture and crops its sides to multiples of the benchmark's scale.
func (p *pictures) load(name string, b Benchmark) (s source, err error) {
	if s.clean, s.notes, err = read(p.root, name, b.Channels); err != nil {
		return s, err
	}
	w, h := s.clean.W/b.Scale, s.clean.H/b.Scale
	if w < 1 || h < 1 {
		return s, fmt.Errorf("%s: %dx%d pixels are too few", name, s.clean.W, s.clean.H)
	}
	if b.Scale*w != s.clean.W || b.Scale*h != s.clean.H {
		s.clean = s.clean.Cut(0, 0, b.Scale*w, b.Scale*h)
	}
	if p.low == "" {
		return s, nil
	}
	low, notes, err := read(p.low, name, b.Channels)
	if err == nil && (low.W != w || low.H != h) {
		err = fmt.Errorf("%s: %dx%d pixels, want %dx%d", filepath.Join(p.low, name), low.W, low.H, w, h)
	}
	s.low, s.notes = low, append(s.notes, notes...)
	return s, err
}

// read reads a picture as 8-bit pixels, with notes on what of its file is changed or left out.
func read(root, name string, channels int) (*picture.Planar, []string, error) {
	p, notes, err := dataset.Load(filepath.Join(root, filepath.FromSlash(name)), channels)
	if err == nil && p.Pix == nil {
		p = picture.FromFloat(p.Values, p.W, p.H)
	}
	return p, notes, err
}
