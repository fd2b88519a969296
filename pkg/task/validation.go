package task

import (
	"context"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/random"
)

// ValidationSize is the number of validation samples on the finest mesh.
const ValidationSize = 200

// Restorer answers to degraded pictures: a model.
type Restorer interface {
	Apply(ctx context.Context, y []float32, x mesh.Images, t []float32) error
}

// Validation is a fixed set of degraded pictures on the finest mesh: the same
// crops, noise and t for every run on a data set, whatever its seed.
type Validation struct {
	Batch  mesh.Batch
	Pixels metric.Scale
}

// NewValidation makes the first n fixed samples of a set's validation pictures.
func NewValidation(t Task, set *dataset.Set, side, n int) (*Validation, error) {
	if err := checkSide(t, side); err != nil {
		return nil, err
	}
	s := &Sampler{Task: t, Source: set.Validation, Pixels: t.Pixels(set), Side: side}
	d := &drawing{Sampler: s, batch: s.allocate(n)}
	d.root = random.New(0).Child("validation/" + set.Name)
	for k := range n {
		r := d.root.Child("sample", uint64(k))
		d.batch.Samples[k] = uint64(k)
		d.batch.T[k] = t.Time(&r)
		err := d.fill(k, func(low, clean []float32) error {
			if low != nil {
				return set.Validation.FixedPair(low, clean, k, side)
			}
			return set.Validation.Fixed(clean, k, side)
		}, &r)
		if err != nil {
			return nil, err
		}
	}
	return &Validation{Batch: d.batch, Pixels: s.Pixels}, nil
}

// Measure restores all pictures and measures them.
func (v *Validation) Measure(ctx context.Context, r Restorer) (metric.Summary, error) {
	y := make([]float32, len(v.Batch.Target.Data))
	if err := r.Apply(ctx, y, v.Batch.Input, v.Batch.T); err != nil {
		return metric.Summary{}, err
	}
	return v.measure(y), nil
}

// Degraded measures the degraded pictures themselves: the trivial answer. It is
// for tasks that do not change the size.
func (v *Validation) Degraded() metric.Summary { return v.measure(v.Batch.Input.Data) }

func (v *Validation) measure(y []float32) metric.Summary {
	var m metric.Meter
	x := v.Batch.Target
	m.Add(y, x.Data, metric.Shape{N: x.N, C: x.C, H: x.H, W: x.W}, v.Pixels)
	return m.Summary()
}
