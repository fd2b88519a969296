package task

import (
	"context"
	"math"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/share"
)

// ValidationSize is the number of validation samples on the finest mesh.
const ValidationSize = 200

// Restorer restores degraded images. *model.Model implements it.
type Restorer interface {
	Apply(ctx context.Context, y []float32, x pixel.Images, t []float32) error
}

// Validation is a fixed set of degraded images on the finest mesh. All runs on a data set, with any
// seed, have the same crops, noise and t.
type Validation struct {
	Batch mesh.Batch
	Scale pixel.Scale
	// Whole, if not empty, has whole images of any sizes, one per batch, which are measured
	// instead of Batch.
	Whole []mesh.Batch

	task Task
	part part
}

// part is the range of images, from from to to-1, that this process measures of a number of images.
type part struct {
	ranks            share.Ranks // that measure together; nil for this process alone
	images, from, to int
}

func partOf(images int, ranks share.Ranks) part {
	p := part{ranks, images, 0, images}
	if ranks != nil {
		p.from, p.to = share.Share{Index: ranks.Rank(), Of: ranks.Size()}.Range(images, 1)
	}
	return p
}

// end is the end of the range of images that this process has in memory. The process that measures the
// first image has all images.
func (p part) end() int {
	if p.from == 0 {
		return p.images
	}
	return p.to
}

// NewValidation makes the first n fixed samples of a set's validation images. If MeasuresWhole,
// these samples are only shown, and whole images are measured.
//
// Ranks, unless nil, measure together, each a part of the images. Rank 0 has all images in memory, the
// others only their parts.
func NewValidation(t Task, set *dataset.Set, side, n int, ranks share.Ranks) (*Validation, error) {
	return newValidation(t, set, side, n, math.MaxInt, ranks)
}

// NewCropValidation is NewValidation without whole images, even if MeasuresWhole.
func NewCropValidation(t Task, set *dataset.Set, side, n int, ranks share.Ranks) (*Validation, error) {
	return newValidation(t, set, side, n, 0, ranks)
}

// NewValidationSample is NewValidation with at most the given number of whole images. They suffice
// to time a measurement.
func NewValidationSample(t Task, set *dataset.Set, side, n, most int) (*Validation, error) {
	return newValidation(t, set, side, n, most, nil)
}

func newValidation(t Task, set *dataset.Set, side, n, most int, ranks share.Ranks) (*Validation, error) {
	if err := checkSide(t, side); err != nil {
		return nil, err
	}
	v := &Validation{Scale: t.ScaleOf(set), task: t, part: partOf(n, ranks)}
	crops := v.part
	if most > 0 && t.MeasuresWhole(set) {
		v.part = partOf(min(set.Validation.Len(), most), ranks)
		var err error
		if v.Whole, err = whole(set.Validation, t, v.Scale, v.part); err != nil {
			return nil, err
		}
	}
	s := NewSampler(t, set, side, 0)
	d := &drawing{Sampler: s, from: crops.from, root: random.New(0).Child("validation/" + set.Name)}
	d.fine = s.allocate(crops.end()-crops.from, 0)
	for i := range d.fine.Samples {
		k := d.from + i
		r := d.root.Child("sample", uint64(k))
		d.fine.Samples[i] = uint64(k)
		at := d.fine.Slice(i, i+1)
		if t.Conditions != nil {
			t.Conditions(at.T, &r)
		}
		var err error
		if t.Paired() {
			err = set.Validation.FixedPair(at.Input.Data, at.Target.Data, k, side, t.Scale)
		} else {
			err = set.Validation.Fixed(at.Target.Data, k, side)
		}
		if err != nil {
			return nil, err
		}
		if err := d.finish(i, at, at); err != nil {
			return nil, err
		}
	}
	v.Batch = d.fine
	return v, nil
}

// MeasuresWhole reports whether the task's networks are measured on the set's whole validation
// pictures. This is the case if the task enlarges, the set has the inputs, and set.Whole is true.
func (t Task) MeasuresWhole(set *dataset.Set) bool { return t.Scale != 1 && t.Paired() && set.Whole }

// whole returns the pairs of a source that this process has in memory, one per batch.
func whole(source *dataset.Gallery, t Task, scale pixel.Scale, p part) ([]mesh.Batch, error) {
	var batches []mesh.Batch
	for i := p.from; i < p.end(); i++ {
		input, clean, err := source.WholePair(i, t.Scale)
		if err != nil {
			return nil, err
		}
		batches = append(batches, mesh.Batch{
			Input: Normalised(input, scale), T: make([]float32, t.NumConditions), Target: Normalised(clean, scale), Samples: []uint64{uint64(i)},
		})
	}
	return batches, nil
}

// Normalised returns a picture as a normalised batch of one image.
func Normalised(p *picture.Planar, scale pixel.Scale) pixel.Images {
	x := pixel.NewImages(1, p.C, p.H, p.W)
	p.Float(x.Data)
	scale.Normalise(x)
	return x
}

// Measure restores all images and returns the means of metric.Always and of the task's measures. All
// ranks that measure together must call it, and get the same bytes as one process.
func (v *Validation) Measure(ctx context.Context, r Restorer) (metric.Values, error) {
	m := v.meter()
	err := v.restore(ctx, r, m)
	if p := v.part; p.ranks != nil {
		err = m.Join(p.images, p.from, func(all []float64) error {
			return p.ranks.Add(ctx, 0, nil, all, err)
		})
	}
	return m.Means(), err
}

// restore restores this process's part of the images and adds them to m.
func (v *Validation) restore(ctx context.Context, r Restorer, m *metric.Meter) error {
	for _, b := range v.measured(v.part.to - v.part.from) {
		y := pixel.Images{Shape: b.Target.Shape, Data: make([]float32, len(b.Target.Data))}
		if err := r.Apply(ctx, y.Data, b.Input, b.T); err != nil {
			return err
		}
		m.Add(y, b.Target, v.Scale)
	}
	return nil
}

// Degraded measures the degraded images themselves, enlarged by bilinear interpolation if the task
// enlarges. Only rank 0, which has all images, may call it.
func (v *Validation) Degraded() metric.Values {
	m := v.meter()
	for _, b := range v.measured(v.part.images) {
		m.Add(Enlarged(b.Input, v.task.Scale), b.Target, v.Scale)
	}
	return m.Means()
}

func (v *Validation) meter() *metric.Meter {
	return metric.NewMeter(metric.Union(metric.Always(), v.task.Measures)...)
}

// measured returns the first n images that this process has in memory, in batches: whole ones if there
// are any, otherwise crops.
func (v *Validation) measured(n int) []mesh.Batch {
	switch {
	case n == 0:
		return nil
	case len(v.Whole) > 0:
		return v.Whole[:n]
	}
	return []mesh.Batch{v.Batch.Slice(0, n)}
}

// Enlarged returns images enlarged by bilinear interpolation, to which networks for
// super-resolution add a correction. For factor 1 it returns x.
func Enlarged(x pixel.Images, factor int) pixel.Images {
	if factor == 1 {
		return x
	}
	y := pixel.NewImages(x.N, x.C, factor*x.H, factor*x.W)
	resample.Bilinear(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, 1/float64(factor), 1/float64(factor))
	return y
}
