package task

import (
	"errors"
	"fmt"
	"sync"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Sampler draws training batches of a task from a data set. It is the mge.Sampler of training. A
// batch is a function of the seed, the iteration and the level.
type Sampler struct {
	Task        Task // must be complete; see Task.Complete
	Source      *dataset.Gallery
	Channels    int
	Scale       pixel.Scale
	Side        int // side in pixels of the target on the finest mesh
	Restriction mesh.Restriction
	// DegradeCoarse degrades the restricted clean image on each mesh, instead of restricting the
	// degraded image. This is an ablation.
	DegradeCoarse bool
	// Augment applies symmetries to training samples on the finest mesh before they are degraded.
	// Both pictures of a pair get the same ones.
	Augment []dataset.Augmentation
	Seed    uint64

	finest spare
}

// NewSampler returns a sampler of a set's training images with the given side on the finest mesh
// and the task's default restriction.
func NewSampler(t Task, set *dataset.Set, side int, seed uint64) *Sampler {
	return &Sampler{
		Task: t, Source: set.Train, Channels: set.Channels, Scale: t.ScaleOf(set), Side: side,
		Restriction: t.Restriction, Seed: seed,
	}
}

// Draw implements mge.Sampler. Images are drawn independently from the whole data set, degraded on
// the finest mesh and restricted. To save memory, at most one sample per core is on the finest mesh
// at a time.
func (s *Sampler) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	from, to := r.Range()
	level, n := r.Level, to-from
	d := &drawing{Sampler: s, request: r, level: level, from: from, errs: make([]error, n)}
	d.root = random.New(s.Seed).Child("batch", uint64(r.Iteration), uint64(level))
	_, picks := s.Restriction.(mesh.Picker)
	d.picks = picks && s.Task.Pointwise && !s.Task.Paired() && s.Task.Scale == 1 && !s.DegradeCoarse
	d.fine = s.allocate(n, level)
	if r.Coarse {
		d.coarse = s.allocate(n, level+1)
		d.coarse.T, d.coarse.Samples = d.fine.T, d.fine.Samples
	}
	kernel.Run(n, d)
	return d.fine, d.coarse, errors.Join(d.errs...)
}

// allocate returns a batch of n zero samples on the mesh of a level.
func (s *Sampler) allocate(n, level int) mesh.Batch {
	side := mesh.Side(s.Side, level)
	in := mesh.Side(s.Side/s.Task.Scale, level)
	return mesh.Batch{
		Input:   pixel.NewImages(n, s.Channels, in, in),
		T:       make([]float32, n*s.Task.NumConditions),
		Target:  pixel.NewImages(n, s.Channels, side, side),
		Samples: make([]uint64, n),
	}
}

// drawing is one call of Draw, a kernel.Job with a chunk for each sample.
type drawing struct {
	*Sampler
	request      mesh.Request
	level        int
	from         int        // number of the first sample in the whole batch
	fine, coarse mesh.Batch // on the meshes of level and, if requested, level+1
	root         random.Stream
	picks        bool // whether only the pixels that the restriction keeps are degraded
	errs         []error
}

// Do implements kernel.Job: it draws sample i.
func (d *drawing) Do(i int) { d.errs[i] = d.draw(i) }

func (d *drawing) draw(i int) error {
	r := d.root.Child("sample", uint64(d.from+i))
	d.fine.Samples[i] = uint64(d.from + i)
	at := d.fine.Slice(i, i+1)
	if d.Task.Conditions != nil {
		d.Task.Conditions(at.T, &r)
	}
	image := r.Intn(d.Source.Len())
	sample := at
	if d.level > 0 {
		sample = d.finest.get(d.Sampler)
		defer d.finest.put(sample)
	}
	var err error
	if d.Task.Paired() {
		err = d.Source.SamplePair(sample.Input.Data, sample.Target.Data, image, d.Side, d.Task.Scale, &r)
	} else {
		err = d.Source.Sample(sample.Target.Data, image, d.Side, &r)
	}
	if err != nil {
		return err
	}
	if len(d.Augment) > 0 {
		d.augment(sample, r.Child("augment"))
	}
	if d.level > 0 && d.request.Cropped(d.from+i) {
		if err := d.crop(i, at, sample, &r); err != nil {
			return err
		}
	} else if err := d.finish(i, at, sample); err != nil {
		return err
	}
	if d.coarse.Len() > 0 {
		return d.restrict(i, d.coarse.Slice(i, i+1), at, 1, d.level+1)
	}
	return nil
}

// augment applies the same random symmetries to the pictures of a sample.
func (d *drawing) augment(sample mesh.Batch, r random.Stream) {
	target := dataset.Square{Planes: sample.Target.Data, Side: d.Side}
	if d.Task.Paired() {
		dataset.Augment(d.Augment, r, target, dataset.Square{Planes: sample.Input.Data, Side: d.Side / d.Task.Scale})
	} else {
		dataset.Augment(d.Augment, r, target)
	}
}

// finish sets at, sample i on its mesh, from sample, the pixels in [0,1] on the finest mesh.
func (d *drawing) finish(i int, at, sample mesh.Batch) error {
	if d.picks {
		if d.level > 0 {
			mesh.RestrictTo(d.Restriction, at.Target, sample.Target, d.level)
		}
		d.Scale.Normalise(at.Target)
		return d.degrade(i, d.Task.Degrade, at, Grid{Step: 1 << d.level, H: d.Side, W: d.Side})
	}
	sample.T = at.T
	d.Scale.Normalise(sample.Target)
	if d.Task.Paired() {
		d.Scale.Normalise(sample.Input)
	} else if d.level == 0 || !d.DegradeCoarse {
		if err := d.degrade(i, d.Task.Degrade, sample, On(0, sample.Input)); err != nil {
			return err
		}
	}
	if d.level == 0 {
		return nil
	}
	return d.restrict(i, at, sample, d.level, d.level)
}

// restrict sets to, sample i on the mesh of the given level, from the same sample on a mesh that is
// finer by a number of levels.
func (d *drawing) restrict(i int, to, from mesh.Batch, levels, level int) error {
	mesh.RestrictTo(d.Restriction, to.Target, from.Target, levels)
	degrade := d.Task.Degrade
	if degrade == nil && d.Task.Scale != 1 {
		degrade = half
	}
	if d.DegradeCoarse && degrade != nil {
		return d.degrade(i, degrade, to, On(level, to.Input))
	}
	mesh.RestrictTo(d.Restriction, to.Input, from.Input, levels)
	return nil
}

// degrade makes the input of sample i from its target. b has only this sample.
func (d *drawing) degrade(i int, how Degrade, b mesh.Batch, at Grid) error {
	r := d.root.Child("degrade", uint64(d.from+i))
	if err := how(b.Input, b.Target, at, b.T, &r); err != nil {
		return fmt.Errorf("task %s: %w", d.Task.Name, err)
	}
	return nil
}

// spare keeps the memory of samples on the finest mesh.
type spare struct{ sync.Pool }

func (p *spare) get(s *Sampler) mesh.Batch {
	if b, ok := p.Get().(*mesh.Batch); ok {
		return *b
	}
	return s.allocate(1, 0)
}

func (p *spare) put(b mesh.Batch) { p.Put(&b) }

// checkSide returns an error for a side that is not a positive multiple of the task's Scale.
func checkSide(t Task, side int) error {
	if side < 1 || side%t.Scale != 0 {
		return fmt.Errorf("%s: side %d is no multiple of %d", t.Name, side, t.Scale)
	}
	return nil
}
