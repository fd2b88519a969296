package task

import (
	"context"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// ValidationSize is the number of validation samples on the finest mesh.
const ValidationSize = 200

// Restorer answers to degraded pictures: a model.
type Restorer interface {
	Apply(ctx context.Context, y []float32, x pixel.Images, t []float32) error
}

// Validation is a fixed set of degraded pictures on the finest mesh: the same
// crops, noise and t for every run on a data set, whatever its seed.
type Validation struct {
	Batch  mesh.Batch
	Pixels pixel.Scale
	// Whole, where there are any, are the pictures that are measured instead of
	// Batch: in full, each of a size of its own.
	Whole []mesh.Batch

	scale int // of the task
}

// NewValidation makes the first n fixed samples of a set's validation pictures.
// For super-resolution on Urban100 these are only to be looked at: as its papers
// do, its validation pictures are measured in full.
func NewValidation(t Task, set *dataset.Set, side, n int) (*Validation, error) {
	if err := checkSide(t, side); err != nil {
		return nil, err
	}
	v := &Validation{Pixels: t.Pixels(set), scale: t.Scale()}
	if v.scale != 1 && set.Name == "urban100" {
		var err error
		if v.Whole, err = whole(set.Validation, v.Pixels); err != nil {
			return nil, err
		}
	}
	s := &Sampler{Task: t, Source: set.Validation, Pixels: v.Pixels, Side: side}
	d := &drawing{Sampler: s, fine: s.allocate(n, 0), pixels: normaliserOf(s.Pixels), stride: 1, cleanStride: 1}
	d.root = random.New(0).Child("validation/" + set.Name)
	for k := range n {
		r := d.root.Child("sample", uint64(k))
		d.fine.Samples[k] = uint64(k)
		d.fine.T[k] = t.Time(&r)
		err := d.fill(k, d.fine.Slice(k, k+1), func(low, clean []float32) error {
			if low != nil {
				return set.Validation.FixedPair(low, clean, k, side)
			}
			return set.Validation.Fixed(clean, k, side)
		})
		if err != nil {
			return nil, err
		}
	}
	v.Batch = d.fine
	return v, nil
}

// whole returns all pairs of a source, one a batch.
func whole(source dataset.PairSource, pixels pixel.Scale) ([]mesh.Batch, error) {
	var batches []mesh.Batch
	for i := range source.Len() {
		low, high, err := source.WholePair(i)
		if err != nil {
			return nil, err
		}
		batches = append(batches, mesh.Batch{
			Input: images(low, pixels), T: make([]float32, 1), Target: images(high, pixels), Samples: []uint64{uint64(i)},
		})
	}
	return batches, nil
}

// images returns a picture as a normalised batch of one.
func images(p *picture.Planar8, pixels pixel.Scale) pixel.Images {
	x := pixel.NewImages(1, 3, p.H, p.W)
	p.Float(x.Data)
	normaliserOf(pixels).apply(x.Data, x.W, 1)
	return x
}

// Measure restores all pictures and measures them.
func (v *Validation) Measure(ctx context.Context, r Restorer) (metric.Summary, error) {
	var m metric.Meter
	for _, b := range v.measured() {
		y := make([]float32, len(b.Target.Data))
		if err := r.Apply(ctx, y, b.Input, b.T); err != nil {
			return metric.Summary{}, err
		}
		v.add(&m, y, b)
	}
	return m.Summary(), nil
}

// Degraded measures the trivial answer: the degraded pictures themselves, or
// for super-resolution what bilinear interpolation makes of them.
func (v *Validation) Degraded() metric.Summary {
	var m metric.Meter
	for _, b := range v.measured() {
		y := b.Input.Data
		if v.scale != 1 {
			y = enlarged(b.Input, v.scale)
		}
		v.add(&m, y, b)
	}
	return m.Summary()
}

// measured are the batches that count.
func (v *Validation) measured() []mesh.Batch {
	if len(v.Whole) > 0 {
		return v.Whole
	}
	return []mesh.Batch{v.Batch}
}

func (v *Validation) add(m *metric.Meter, y []float32, b mesh.Batch) {
	x := b.Target
	m.Add(y, x.Data, x.Shape, v.Pixels)
}

// enlarged is what the networks for super-resolution correct, too.
func enlarged(x pixel.Images, factor int) []float32 {
	h, w := factor*x.H, factor*x.W
	y := make([]float32, x.N*x.C*h*w)
	resample.Bilinear(y, x.Data, x.N*x.C, x.H, x.W, h, w, 1/float64(factor), 1/float64(factor))
	return y
}
