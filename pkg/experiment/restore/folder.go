package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/picture"
)

// restoreFolder restores all pictures of a folder and its subfolders. The results have the
// pictures' names, followed by .png if the format cannot be written. If a picture fails,
// restoreFolder continues with the others and names it at the end.
func (j *job) restoreFolder(ctx context.Context) error {
	work, err := j.list()
	if err != nil {
		return err
	}
	if err := durable.CheckFolder(j.Out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	var failed []error
	pending, pixels := work[:0], int64(0)
	for _, w := range work {
		if j.Resume && j.complete(w) {
			continue
		}
		pending = append(pending, w)
		pixels += w.pixels
	}
	if n := len(work) - len(pending); j.Resume {
		fmt.Fprintf(j.out, "%d of %d results are there and complete\n", n, len(work))
	}
	done := int64(0)
	for i, w := range pending {
		one := *j
		one.In, one.Out = w.in, w.out
		one.tiles = func(tiles, of int) {
			share := float64(done) + float64(float64(w.pixels)*float64(tiles)/float64(of))
			j.progress.Share("pictures", i, len(pending), share/float64(max(1, pixels)))
		}
		err := durable.OS.MkdirAll(filepath.Dir(w.out))
		if err == nil {
			err = one.picture(ctx)
		}
		var wrong *command.UsageError
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("stopped after %d of %d pictures; -resume continues: %w", i, len(pending), ctx.Err())
		case errors.As(err, &wrong): // a wrong flag: every picture would fail
			return err
		case err != nil:
			failed = append(failed, err)
		}
		done += w.pixels
		j.progress.Share("pictures", i+1, len(pending), float64(done)/float64(max(1, pixels)))
	}
	fmt.Fprintf(j.out, "%s: %d pictures restored\n", j.Out, len(pending)-len(failed))
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed {
		j.progress.Print("failed: %s", strings.TrimPrefix(err.Error(), "-in "))
	}
	return fmt.Errorf("%d of %d pictures could not be restored: those named above", len(failed), len(work))
}

// work is a picture of a folder and the file of its result.
type work struct {
	in, out string
	pixels  int64 // by the picture's header; 0 if that cannot be read
}

// list returns the pictures of -in, sorted by name. It leaves out files of other kinds, hidden
// files and folders, and the folder -out.
func (j *job) list() ([]work, error) {
	target, err := os.Stat(j.Out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("-out %w", err)
	}
	if target != nil && !target.IsDir() {
		return nil, fmt.Errorf("-out %s: it is a file; -in is a folder, so give a folder", j.Out)
	}
	root, err := filepath.EvalSymlinks(j.In) // WalkDir does not follow a link
	if err != nil {
		return nil, fmt.Errorf("-in %w", err)
	}
	var all []work
	from := map[string]string{} // pictures by the names of their results, in lower case
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(d.Name(), ".") && path != root; d.IsDir() {
			info, err := d.Info()
			switch {
			case err != nil:
				return err
			case target != nil && path == root && os.SameFile(info, target):
				return fmt.Errorf("-out %s: it is the folder of the pictures, which would be lost; choose another one", j.Out)
			case hidden, target != nil && os.SameFile(info, target):
				return filepath.SkipDir
			}
			return nil
		} else if hidden || !picture.IsName(path) && picture.Unread(path) == "" && !isArray(path) {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		w := work{in: path, out: filepath.Join(j.Out, name)}
		if !isArray(path) && picture.CheckWritable(path, 0, 0) != nil {
			w.out += ".png"
		}
		key := strings.ToLower(w.out) // some file systems ignore case
		if other, taken := from[key]; taken {
			return fmt.Errorf("-in: the results of %s and %s would have one name; rename one", other, path)
		}
		from[key] = path
		if width, height, err := picture.Size(path); err == nil {
			w.pixels = int64(width) * int64(height)
		}
		all = append(all, w)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("-in %s: there are no pictures in it", j.In)
	}
	return all, err
}

// complete reports whether a result exists, can be read, and has the right size.
func (j *job) complete(w work) bool {
	got, _, err := dataset.Load(w.out, 0)
	if err != nil {
		return false
	}
	if isArray(w.in) {
		x, _, err := dataset.Load(w.in, 0)
		return err == nil && got.H == j.Scale*x.H && got.W == j.Scale*x.W
	}
	// The header has the sides before the picture is turned by its EXIF orientation.
	width, height, err := picture.Size(w.in)
	width, height = j.Scale*width, j.Scale*height
	return err == nil && (got.W == width && got.H == height || got.W == height && got.H == width)
}
