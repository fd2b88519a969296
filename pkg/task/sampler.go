package task

import (
	"fmt"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/random"
)

// Sampler draws training batches of a task from a data set; it is the
// mge.Sampler of training. Every batch is a function of the seed, the
// iteration and the level alone.
type Sampler struct {
	Task        Task
	Source      dataset.PairSource
	Pixels      metric.Scale
	Side        int // of the target on the finest mesh
	Restriction mesh.Restriction
	// DegradeCoarse degrades the restricted clean picture anew on each mesh,
	// instead of restricting the degraded one: an ablation.
	DegradeCoarse bool
	Seed          uint64
}

// Draw implements mge.Sampler: n pictures drawn independently over the whole
// data set, degraded on the finest mesh and restricted.
func (s *Sampler) Draw(iteration, level, n int, coarse bool) (fine, coarser mesh.Batch, err error) {
	d := &drawing{Sampler: s, batch: s.allocate(n), errs: make([]error, n)}
	d.root = random.New(s.Seed).Child("batch", uint64(iteration), uint64(level))
	kernel.Run(n, d)
	for _, err := range d.errs {
		if err != nil {
			return fine, coarser, err
		}
	}
	fine = s.on(d, level)
	if !coarse {
		return fine, coarser, nil
	}
	if s.DegradeCoarse {
		return fine, s.on(d, level+1), nil
	}
	return fine, s.Restriction.RestrictBatch(fine, 1), nil
}

// allocate returns an empty batch on the finest mesh.
func (s *Sampler) allocate(n int) mesh.Batch {
	in := s.Side / s.Task.Scale()
	return mesh.Batch{
		Input:   mesh.NewImages(n, 3, in, in),
		T:       make([]float32, n),
		Target:  mesh.NewImages(n, 3, s.Side, s.Side),
		Samples: make([]uint64, n),
	}
}

// on takes a drawn batch to the mesh of a level.
func (s *Sampler) on(d *drawing, level int) mesh.Batch {
	b := s.Restriction.RestrictBatch(d.batch, level)
	if s.DegradeCoarse && level > 0 {
		side := b.Target.H
		in := side / s.Task.Scale()
		b.Input = mesh.NewImages(b.Len(), 3, in, in)
		kernel.Run(b.Len(), &anew{d, b, Mesh{level, side}})
	}
	return b
}

// anew degrades a drawn batch once more, on a coarser mesh.
type anew struct {
	drawn  *drawing
	coarse mesh.Batch
	at     Mesh
}

// Do implements kernel.Job: it degrades sample i.
func (a *anew) Do(i int) { a.drawn.degrade(a.coarse, i, a.at) }

// drawing is one Draw, cut into samples.
type drawing struct {
	*Sampler
	batch mesh.Batch
	root  random.Stream
	errs  []error
}

// Do implements kernel.Job: it draws sample i.
func (d *drawing) Do(i int) {
	r := d.root.Child("sample", uint64(i))
	d.batch.Samples[i] = uint64(i)
	d.batch.T[i] = d.Task.Time(&r)
	picture := r.Intn(d.Source.Len())
	d.errs[i] = d.fill(i, func(low, clean []float32) error {
		if low != nil {
			return d.Source.SamplePair(low, clean, picture, d.Side, &r)
		}
		return d.Source.Sample(clean, picture, d.Side, &r)
	})
}

// fill makes sample i of the batch from what get reads: the clean picture, and
// its low-resolution counterpart where the task wants one.
func (d *drawing) fill(i int, get func(low, clean []float32) error) error {
	input, clean := d.batch.Input.Slice(i, i+1).Data, d.batch.Target.Slice(i, i+1).Data
	if d.Task.Scale() != 1 {
		if err := get(input, clean); err != nil {
			return err
		}
		normalise(input, d.Pixels)
		normalise(clean, d.Pixels)
		return nil
	}
	if err := get(nil, clean); err != nil {
		return err
	}
	normalise(clean, d.Pixels)
	d.degrade(d.batch, i, Mesh{0, d.Side})
	return nil
}

// degrade makes the input of sample i from its target, on whatever mesh.
func (d *drawing) degrade(b mesh.Batch, i int, at Mesh) {
	r := d.root.Child("degrade", uint64(i))
	d.Task.Degrade(b.Input.Slice(i, i+1).Data, b.Target.Slice(i, i+1).Data, at, b.T[i], &r)
}

// normalise takes pixels in [0,1], planes of three channels, to (x-mean)/std.
func normalise(x []float32, s metric.Scale) {
	per := len(x) / 3
	for c := range 3 {
		mean, inverse := float32(s.Mean[c%len(s.Mean)]), float32(1/s.Std[c%len(s.Std)]) // one entry may serve all
		for i, v := range x[c*per : (c+1)*per] {
			x[c*per+i] = (v - mean) * inverse
		}
	}
}

// checkSide refuses sides that a task cannot use.
func checkSide(t Task, side int) error {
	if side < 1 || side%t.Scale() != 0 {
		return fmt.Errorf("%s: side %d is no multiple of %d", t.Name(), side, t.Scale())
	}
	return nil
}
