package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"strings"

	"multiscale/pkg/picture/unsupported"
)

// Limits of pictures that are read. Decoding takes up to 20 bytes per pixel.
const (
	MaxPixels = 100_000_000 // pixels of a picture
	MaxSide   = 32_768      // pixels of a side
	maxFile   = 1 << 30     // bytes of a file that must be read as a whole
)

// Open reads the picture at path, turns it upright as its EXIF orientation says, and
// converts it to sRGB. Grey and paletted pictures become RGB, CMYK is converted, 16-bit
// samples keep their upper byte, transparent pixels are blended with white, and the first
// of several frames or pages is used. A picture above MaxPixels or MaxSide is an error
// before it is decoded. The error for an intact file of an unsupported format is an
// errors.ErrUnsupported.
func Open(path string) (*Planar, error) {
	d, err := Read(path)
	if err != nil {
		return nil, err
	}
	return d.Planar(), nil
}

// Read reads the picture at path as Open does, but with all data of its pixels, and with
// notes for the user.
func Read(path string) (*Decoded, error) {
	return withFile(path, func(f *os.File) (*Decoded, error) { return decode(path, f) })
}

// Size returns the width and height in the header of the picture at path, before any EXIF
// rotation. It returns the errors of Open that concern the header.
func Size(path string) (w, h int, err error) {
	size, err := withFile(path, func(f *os.File) ([2]int, error) {
		s, format, err := newSource(path, f)
		if err != nil {
			return [2]int{}, err
		}
		w, h, err := header(s, format)
		return [2]int{w, h}, err
	})
	return size[0], size[1], err
}

// withFile calls read with the open file. It opens regular files only, because opening a
// pipe would wait for ever.
func withFile[T any](path string, read func(f *os.File) (T, error)) (result T, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return result, explain(path, err)
	}
	if !info.Mode().IsRegular() {
		return result, fmt.Errorf("%s: not a file; give the path of a picture", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return result, explain(path, err)
	}
	defer f.Close()
	return read(f)
}

// Decode reads a picture from r as Open does. Errors begin with name.
func Decode(name string, r io.ReadSeeker) (*Planar, error) {
	d, err := decode(name, r)
	if err != nil {
		return nil, err
	}
	return d.Planar(), nil
}

func decode(name string, r io.ReadSeeker) (*Decoded, error) { return decodeAs(name, r, (*raw).finish) }

// decodeAs is decode with another last step.
func decodeAs[T any](name string, r io.ReadSeeker, finish func(*raw) T) (d T, err error) {
	s, format, err := newSource(name, r)
	if err != nil {
		return d, err
	}
	if _, _, err := header(s, format); err != nil {
		return d, err
	}
	defer recovered(name, &err)
	picture, err := format.read(s)
	if err != nil {
		return d, explain(name, err)
	}
	return finish(picture), nil
}

// source is a file with random access.
type source struct {
	name string
	io.ReaderAt
	size int64
}

// newSource returns the file and its format, or an error if it is not supported.
func newSource(name string, r io.ReadSeeker) (*source, *format, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, nil, explain(name, err)
	}
	s := &source{name: name, size: size}
	var ok bool
	if s.ReaderAt, ok = r.(io.ReaderAt); !ok {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, nil, explain(name, err)
		}
		all, err := io.ReadAll(io.LimitReader(r, maxFile))
		if err != nil {
			return nil, nil, explain(name, err)
		}
		s = &source{name, bytes.NewReader(all), int64(len(all))}
	}
	head, err := s.start(512)
	if err != nil {
		return nil, nil, explain(name, err)
	}
	format, err := recognise(head, s.size)
	if err != nil {
		return nil, nil, explain(name, err)
	}
	return s, format, nil
}

// start returns the first n bytes, or all if there are fewer.
func (s *source) start(n int64) ([]byte, error) {
	head := make([]byte, min(n, s.size))
	if _, err := s.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return head, nil
}

// all returns the whole file.
func (s *source) all() ([]byte, error) {
	if s.size > maxFile {
		return nil, unsupported.Kind(fmt.Sprintf("a file of more than %d MiB", maxFile>>20))
	}
	return s.start(s.size)
}

// stream reads from the beginning.
func (s *source) stream() io.Reader { return io.NewSectionReader(s, 0, s.size) }

func header(s *source, format *format) (w, h int, err error) {
	defer recovered(s.name, &err)
	if w, h, err = format.size(s); err != nil {
		return 0, 0, explain(s.name, err)
	}
	return w, h, checkSize(s.name, w, h)
}

func checkSize(name string, w, h int) error {
	switch {
	case w <= 0 || h <= 0:
		return fmt.Errorf("%s: the picture is empty (%dx%d pixels); remove it", name, w, h)
	case w > MaxSide || h > MaxSide || w*h > MaxPixels:
		return fmt.Errorf("%s: %dx%d pixels, more than the %d a side or %d in all that are read; reduce it first", name, w, h, MaxSide, MaxPixels)
	}
	return nil
}

// recovered turns a panic of a decoder, which a hostile file may cause, into an error.
// It must be deferred.
func recovered(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: damaged picture (%v); remove it or get it anew", name, r)
	}
}

// explain adds the file's name and a remedy to an error.
func explain(name string, err error) error {
	var inPath *fs.PathError
	var no mistaken
	var kind png.UnsupportedError
	switch {
	case errors.As(err, &inPath):
		return fmt.Errorf("%s: %w", name, inPath.Err)
	case errors.As(err, &no):
		return fmt.Errorf("%s: %w", name, err)
	case errors.Is(err, errors.ErrUnsupported), errors.As(err, &kind):
		return fmt.Errorf("%s: not supported: %w; convert it to PNG", name, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()): // decoders of the standard library do not wrap it
		return fmt.Errorf("%s: the picture is cut short; get it anew", name)
	}
	return fmt.Errorf("%s: damaged picture (%w); remove it or get it anew", name, err)
}
