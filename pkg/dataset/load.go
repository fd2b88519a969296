package dataset

import (
	"fmt"
	"math"

	"multiscale/pkg/npy"
	"multiscale/pkg/picture"
)

// shape is the shape of a picture as it is stored. Decoding may turn it upright.
type shape struct{ channels, w, h int }

// shapeOf reads the header of the picture at path.
func shapeOf(path string) (shape, error) {
	if !isArray(path) {
		w, h, err := picture.Size(path)
		return shape{rgb, w, h}, err
	}
	header, err := npy.Stat(path)
	if err != nil {
		return shape{}, fmt.Errorf("%w; write it anew", err)
	}
	return shapeOfArray(path, header.Shape)
}

// shapeOfArray interprets the dimensions of an array as (H,W) or (C,H,W).
func shapeOfArray(path string, dims []int) (s shape, err error) {
	switch len(dims) {
	case 2:
		s = shape{1, dims[1], dims[0]}
	case 3:
		s = shape{dims[0], dims[2], dims[1]}
	default:
		return s, fmt.Errorf("%s: an array of shape %v is no picture; write (rows, columns) or (channels, rows, columns)", path, dims)
	}
	switch {
	case s.w <= 4 && s.channels > 4 && s.h > 4:
		return s, fmt.Errorf("%s: shape %v looks like (rows, columns, channels); write (channels, rows, columns)", path, dims)
	case s.channels > maxChannels:
		return s, fmt.Errorf("%s: %d channels, more than the %d that are read; write (channels, rows, columns)", path, s.channels, maxChannels)
	case s.w > picture.MaxSide || s.h > picture.MaxSide || s.w*s.h > picture.MaxPixels:
		return s, fmt.Errorf("%s: %dx%d pixels, more than the %d a side or %d in all that are read; cut it first", path, s.w, s.h, picture.MaxSide, picture.MaxPixels)
	}
	return s, nil
}

// Load reads the picture at path as data sets do: without loss, converted to the given
// number of channels (1 for grey, 3 for RGB, 0 for the file's own). The notes name parts of
// the file that are not used.
func Load(path string, channels int) (*picture.Planar, []string, error) {
	p, notes, err := load(path)
	if err != nil {
		return nil, nil, err
	}
	if p, err = Bring(p, channels); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, notes, nil
}

// Bring converts a picture to a number of channels; see Load. It returns an error unless it
// is RGB to grey, grey to RGB, or no change.
func Bring(p *picture.Planar, channels int) (*picture.Planar, error) {
	if channels == 0 || p.C == channels {
		return p, nil
	}
	if !convertible(p.C, channels) {
		return nil, fmt.Errorf("%d channels cannot be brought to %d", p.C, channels)
	}
	return convert(p, channels), nil
}

// load reads the picture at path without loss: bytes stay bytes; 16-bit samples and arrays
// of other types become float32. The notes name parts of the file that are not used.
func load(path string) (*picture.Planar, []string, error) {
	if isArray(path) {
		return loadArray(path)
	}
	d, err := picture.Read(path)
	if err != nil {
		return nil, nil, err
	}
	return d.Exact(), d.Notes, nil
}

// farOutside is the distance from [0,1] beyond which numbers must have another range, such
// as 0 to 255.
const farOutside = 2

// loadArray reads an array. The highest value of uint8 and uint16 becomes 1; floating-point
// numbers are kept.
func loadArray(path string) (*picture.Planar, []string, error) {
	a, err := npy.Read(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w; write it anew", err)
	}
	s, err := shapeOfArray(path, a.Shape)
	if err != nil {
		return nil, nil, err
	}
	var notes []string
	for i, v := range a.Values {
		switch {
		case a.Type == npy.Uint16:
			a.Values[i] = picture.FromWord(uint16(v))
		case math.IsNaN(float64(v)) || math.IsInf(float64(v), 0):
			return nil, nil, fmt.Errorf("%s: element %d is %v, no number; remove the picture or mend it", path, i, v)
		case (v < -farOutside || v > 1+farOutside) && notes == nil:
			notes = []string{"arrays of numbers far outside of [0,1], where pixels are expected"}
		}
	}
	return &picture.Planar{C: s.channels, H: s.h, W: s.w, Pix: a.Bytes, Values: a.Values}, notes, nil
}
