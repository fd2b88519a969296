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
)

// ValidationSize is the number of validation samples on the finest mesh.
const ValidationSize = 200

// Restorer answers to degraded images: a model.
type Restorer interface {
	Apply(ctx context.Context, y []float32, x pixel.Images, t []float32) error
}

// Validation is a fixed set of degraded images on the finest mesh: the same
// crops, noise and t for every run on a data set, for every seed.
type Validation struct {
	Batch mesh.Batch
	Scale pixel.Scale
	// Whole, where there are any, are the images that are measured instead of
	// Batch: in full, each of a size of its own.
	Whole []mesh.Batch

	task Task
}

// NewValidation makes the first n fixed samples of a set's validation images.
// Where the task enlarges, the set gives the input and is compared on whole images,
// these samples are only shown, and the images are measured in full.
func NewValidation(t Task, set *dataset.Set, side, n int) (*Validation, error) {
	return NewValidationSample(t, set, side, n, math.MaxInt)
}

// NewValidationSample is NewValidation with no more than the given number of images in
// full: enough to tell how long a measurement takes.
func NewValidationSample(t Task, set *dataset.Set, side, n, most int) (*Validation, error) {
	if err := checkSide(t, side); err != nil {
		return nil, err
	}
	v := &Validation{Scale: t.ScaleOf(set), task: t}
	if t.MeasuresWhole(set) {
		var err error
		if v.Whole, err = whole(set.Validation, t, v.Scale, most); err != nil {
			return nil, err
		}
	}
	s := NewSampler(t, set, side, 0)
	d := &drawing{Sampler: s, fine: s.allocate(n, 0), root: random.New(0).Child("validation/" + set.Name)}
	for k := range n {
		r := d.root.Child("sample", uint64(k))
		d.fine.Samples[k] = uint64(k)
		at := d.fine.Slice(k, k+1)
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
		if err := d.finish(k, at, at); err != nil {
			return nil, err
		}
	}
	v.Batch = d.fine
	return v, nil
}

// MeasuresWhole says whether the task's networks are compared on the set's validation pictures in full.
func (t Task) MeasuresWhole(set *dataset.Set) bool { return t.Scale != 1 && t.Paired() && set.Whole }

// whole returns the first pairs of a source, one a batch.
func whole(source *dataset.Gallery, t Task, scale pixel.Scale, most int) ([]mesh.Batch, error) {
	var batches []mesh.Batch
	for i := range min(source.Len(), most) {
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

// Normalised returns a picture as a normalised batch of one.
func Normalised(p *picture.Planar, scale pixel.Scale) pixel.Images {
	x := pixel.NewImages(1, p.C, p.H, p.W)
	p.Float(x.Data)
	scale.Normalise(x)
	return x
}

// Measure restores all images and measures them: metric.Always and the task's own.
func (v *Validation) Measure(ctx context.Context, r Restorer) (metric.Values, error) {
	m := v.meter()
	for _, b := range v.measured() {
		y := pixel.Images{Shape: b.Target.Shape, Data: make([]float32, len(b.Target.Data))}
		if err := r.Apply(ctx, y.Data, b.Input, b.T); err != nil {
			return nil, err
		}
		m.Add(y, b.Target, v.Scale)
	}
	return m.Means(), nil
}

// Degraded measures the trivial answer: the degraded images themselves, enlarged
// by bilinear interpolation where the task enlarges.
func (v *Validation) Degraded() metric.Values {
	m := v.meter()
	for _, b := range v.measured() {
		m.Add(Enlarged(b.Input, v.task.Scale), b.Target, v.Scale)
	}
	return m.Means()
}

func (v *Validation) meter() *metric.Meter {
	return metric.NewMeter(metric.Union(metric.Always(), v.task.Measures)...)
}

// measured are the batches that count.
func (v *Validation) measured() []mesh.Batch {
	if len(v.Whole) > 0 {
		return v.Whole
	}
	return []mesh.Batch{v.Batch}
}

// Enlarged is what networks for super-resolution correct, too: images enlarged by
// bilinear interpolation; x itself for factor 1.
func Enlarged(x pixel.Images, factor int) pixel.Images {
	if factor == 1 {
		return x
	}
	y := pixel.NewImages(x.N, x.C, factor*x.H, factor*x.W)
	resample.Bilinear(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, 1/float64(factor), 1/float64(factor))
	return y
}
