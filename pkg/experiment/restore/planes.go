package restore

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/metric"
	"multiscale/pkg/npy"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/task"
)

// isArray reports whether a path is that of an array of numbers.
func isArray(path string) bool { return strings.EqualFold(filepath.Ext(path), ".npy") }

// restorePlanes is restore for models that are not for RGB, and for arrays. It treats the
// picture as numbers. If they are pixels, it can estimate t from them.
func (j *job) restorePlanes(ctx context.Context) error {
	if err := j.checkOut(); err != nil {
		return err
	}
	estimate := j.Conditions > 0 && len(j.T) == 0
	switch {
	case estimate && j.noise == task.NoNoise:
		return j.unknownT()
	case estimate && isArray(j.In):
		return &command.UsageError{Flag: "-t", Reason: "missing: it is estimated from pictures, not from arrays", Advice: "give -t"}
	}
	p, from, err := j.load()
	if err != nil {
		return fmt.Errorf("-in %w", err)
	}
	j.printNotes(from.Notes)
	if err := j.announce(p.H, p.W); err != nil {
		return err
	}
	x := task.Normalised(p, j.Pixels())
	t, factor := j.T, 1.0
	switch {
	case estimate:
		pixels := task.Normalised(p, pixel.Unit)
		row := func(to []float32, c, y int) { copy(to, pixels.Data[(c*p.H+y)*p.W:]) }
		t, factor = j.estimated(255 * metric.Noise(p.C, p.H, p.W, row, nil))
	case len(t) == 1:
		factor = j.noise.Factor(t[0])
	}
	for i := range x.Data {
		x.Data[i] *= float32(factor)
	}
	result := numbers(x.C, j.Scale*x.W, j.Scale*x.H)
	err = j.runner.Run(ctx, tile.Of(x), t, func(planes [][]float32, y, rows int) {
		for c, plane := range planes {
			mean, std := j.Pixels().Channel(c)
			to := result.Values[(c*result.H+y)*result.W:][:rows*result.W]
			for i := range to {
				to[i] = float32(mean) + float32(float32(std)*plane[i])
			}
		}
	}, j.tiles)
	if err != nil {
		return j.stopped(ctx, err)
	}
	if isArray(j.Out) {
		if err := saveArray(j.Out, result); err != nil {
			return fmt.Errorf("-out %w", err)
		}
	} else if err := j.save(pictureOf(result, min(j.bits(), from.Bits())), from); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s: %dx%d pixels\n", j.Out, result.W, result.H)
	return nil
}

// load reads the picture or the array as numbers. The photo has the metadata of the file, without
// transparency.
func (j *job) load() (*picture.Planar, photo, error) {
	if isArray(j.In) {
		p, notes, err := dataset.Load(j.In, j.Channels)
		return p, photo{Decoded: &picture.Decoded{Notes: notes}, about: &picture.About{}}, err
	}
	d, about, err := picture.ReadWith(j.In, false)
	if err != nil {
		return nil, photo{}, err
	}
	p, err := dataset.Bring(d.Exact(), j.Channels)
	if err != nil {
		return nil, photo{}, fmt.Errorf("%s: %w", j.In, err)
	}
	from := photo{Decoded: d, about: about}
	d.Alpha8, d.Alpha16 = nil, nil // the numbers are those of the picture on white
	return p, from, nil
}

// pictureOf returns an opaque picture of numbers with one or three channels.
func pictureOf(p *picture.Planar, bits int) result {
	r := newResult(p.W, p.H, bits)
	n := p.W * p.H
	for i := range n {
		for c := range rgb {
			r.set(c, i, p.Values[c%p.C*n+i])
		}
		r.set(alpha, i, 1)
	}
	return r
}

// checkOut returns an error if -out is a picture file, and the result has more channels than such files can have.
func (j *job) checkOut() error {
	if !isArray(j.Out) && j.Channels != 1 && j.Channels != rgb {
		return command.Wrong("out", j.Out, fmt.Sprintf("a picture of %d channels", j.Channels), "name a file that ends in .npy")
	}
	return nil
}

// numbers returns a picture whose numbers are all 0.
func numbers(c, w, h int) *picture.Planar {
	return &picture.Planar{C: c, H: h, W: w, Values: make([]float32, c*h*w)}
}

// beside returns pictures of equal size side by side, as numbers.
func beside(pictures ...*picture.Planar) *picture.Planar {
	first := pictures[0]
	sheet := numbers(first.C, len(pictures)*first.W, first.H)
	planes := make([]float32, first.C*first.W*first.H)
	for i, p := range pictures {
		p.Float(planes)
		for row := range p.C * p.H {
			copy(sheet.Values[row*sheet.W+i*p.W:], planes[row*p.W:][:p.W])
		}
	}
	return sheet
}

// saveArray writes a picture of numbers as an array (C,H,W).
func saveArray(path string, p *picture.Planar) error {
	return durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		return npy.Encode(w, []int{p.C, p.H, p.W}, p.Values)
	})
}
