package task

import (
	"fmt"
	"sync"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Sampler draws training batches of a task from a data set; it is the
// mge.Sampler of training. Every batch is a function of the seed, the
// iteration and the level alone.
type Sampler struct {
	Task        Task
	Source      dataset.PairSource
	Pixels      pixel.Scale
	Side        int // of the target on the finest mesh
	Restriction mesh.Restriction
	// DegradeCoarse degrades the restricted clean picture anew on each mesh,
	// instead of restricting the degraded one: an ablation.
	DegradeCoarse bool
	Seed          uint64

	finest spare
}

// Draw implements mge.Sampler: n pictures drawn independently over the whole
// data set, degraded on the finest mesh and restricted. No more than one sample
// a core is on the finest mesh at a time.
func (s *Sampler) Draw(iteration, level, n int, coarse bool) (fine, coarser mesh.Batch, err error) {
	d := &drawing{Sampler: s, level: level, pixels: normaliserOf(s.Pixels), errs: make([]error, n)}
	d.root = random.New(s.Seed).Child("batch", uint64(iteration), uint64(level))
	d.stride, d.cleanStride = 1, 1
	if s.Restriction == mesh.Nearest && s.Task.Scale() == 1 {
		d.stride = 1 << level
		if _, local := s.Task.(Local); local || s.DegradeCoarse {
			d.cleanStride = d.stride
		}
	}
	d.fine = s.allocate(n, level)
	if coarse {
		d.coarse = s.allocate(n, level+1)
		d.coarse.T, d.coarse.Samples = d.fine.T, d.fine.Samples
	}
	kernel.Run(n, d)
	for _, err := range d.errs {
		if err != nil {
			return fine, coarser, err
		}
	}
	return d.fine, d.coarse, nil
}

// allocate returns an empty batch on the mesh of a level.
func (s *Sampler) allocate(n, level int) mesh.Batch {
	side := mesh.Side(s.Side, level)
	in := mesh.Side(s.Side/s.Task.Scale(), level)
	return mesh.Batch{
		Input:   pixel.NewImages(n, 3, in, in),
		T:       make([]float32, n),
		Target:  pixel.NewImages(n, 3, side, side),
		Samples: make([]uint64, n),
	}
}

// drawing is one Draw, cut into samples.
type drawing struct {
	*Sampler
	level        int
	fine, coarse mesh.Batch // on the meshes of level and, if asked for, level+1
	root         random.Stream
	pixels       normaliser
	// Restriction to the nearest pixel looks at few of the finest mesh: at those
	// of rows and columns that are multiples of stride, for which the clean picture
	// is needed in those that are multiples of cleanStride.
	stride, cleanStride int
	errs                []error
}

// Do implements kernel.Job: it draws sample i.
func (d *drawing) Do(i int) {
	r := d.root.Child("sample", uint64(i))
	t := d.Task.Time(&r)
	d.fine.Samples[i], d.fine.T[i] = uint64(i), t
	picture := r.Intn(d.Source.Len())
	sample, whole := d.fine.Slice(i, i+1), d.level > 0
	if whole {
		sample = d.finest.get(d.Sampler)
		sample.T[0] = t
	}
	d.errs[i] = d.fill(i, sample, func(low, clean []float32) error {
		if low != nil {
			return d.Source.SamplePair(low, clean, picture, d.Side, &r)
		}
		return d.Source.Sample(clean, picture, d.Side, d.cleanStride, &r)
	})
	if d.errs[i] != nil {
		return
	}
	at := d.fine.Slice(i, i+1)
	if whole {
		d.restrict(i, at, sample, d.level, d.level)
		d.finest.put(sample)
	}
	if d.coarse.Len() > 0 {
		d.restrict(i, d.coarse.Slice(i, i+1), at, 1, d.level+1)
	}
}

// restrict takes sample i from a mesh to one that is coarser by some levels, of
// the given level.
func (d *drawing) restrict(i int, to, from mesh.Batch, levels, level int) {
	d.Restriction.RestrictTo(to.Target, from.Target, levels)
	if d.DegradeCoarse {
		d.degrade(i, to, Mesh{Level: level, Side: to.Target.H})
		return
	}
	d.Restriction.RestrictTo(to.Input, from.Input, levels)
}

// fill makes sample i on the finest mesh from what get reads: the clean picture,
// and its low-resolution counterpart where the task wants one.
func (d *drawing) fill(i int, b mesh.Batch, get func(low, clean []float32) error) error {
	input, clean := b.Input.Data, b.Target.Data
	if d.Task.Scale() != 1 {
		if err := get(input, clean); err != nil {
			return err
		}
		d.pixels.apply(input, b.Input.W, 1)
		d.pixels.apply(clean, d.Side, 1)
		return nil
	}
	if err := get(nil, clean); err != nil {
		return err
	}
	d.pixels.apply(clean, d.Side, d.cleanStride)
	if d.level == 0 || !d.DegradeCoarse {
		d.degrade(i, b, Mesh{Side: d.Side, Stride: d.stride})
	}
	return nil
}

// degrade makes the input of sample i, alone in b, from its target.
func (d *drawing) degrade(i int, b mesh.Batch, at Mesh) {
	r := d.root.Child("degrade", uint64(i))
	d.Task.Degrade(b.Input.Data, b.Target.Data, at, b.T[0], &r)
}

// spare keeps samples on the finest mesh for further use.
type spare struct{ sync.Pool }

func (p *spare) get(s *Sampler) mesh.Batch {
	if b, ok := p.Get().(*mesh.Batch); ok {
		return *b
	}
	return s.allocate(1, 0)
}

func (p *spare) put(b mesh.Batch) { p.Put(&b) }

// normaliser takes pixels in [0,1], planes of three channels, to (x-mean)/std.
type normaliser struct{ below, inverse []float32 } // of each channel: -mean, 1/std

func normaliserOf(s pixel.Scale) normaliser {
	n := normaliser{make([]float32, 3), make([]float32, 3)}
	for c := range 3 {
		// One entry may serve all.
		n.below[c], n.inverse[c] = -float32(s.Mean[c%len(s.Mean)]), float32(1/s.Std[c%len(s.Std)])
	}
	return n
}

// apply does so in rows of the given width, where their numbers and those of columns
// are multiples of stride.
func (n normaliser) apply(x []float32, width, stride int) {
	per := len(x) / 3
	for c, inverse := range n.inverse {
		if n.below[c] == 0 && inverse == 1 {
			continue // pixels stay as they are
		}
		for at := 0; at < per; at += stride * width {
			row := x[c*per+at:][:width]
			for i := 0; i < len(row); i += stride {
				row[i] = (row[i] + n.below[c]) * inverse
			}
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
