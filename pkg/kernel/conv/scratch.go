package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// work is a job whose chunks need a scratch.
type work interface {
	do(s *scratch, chunk int)
}

// run does all chunks of w. Each core has a scratch.
func run(chunks int, w work) {
	r := newRunner(w)
	kernel.Run(chunks, r)
	r.release()
}

// running is work in progress.
type running struct {
	runner  *runner
	pending kernel.Pending
}

// start begins a run that wait completes.
func start(chunks int, w work) running {
	r := newRunner(w)
	return running{r, kernel.Start(chunks, r)}
}

func (r running) wait() {
	r.pending.Wait()
	r.runner.release()
}

// runner implements kernel.Local for work: it provides a scratch for each core.
type runner struct{ work work }

var runners kernel.Free[runner]

func newRunner(w work) *runner {
	r := runners.Get()
	r.work = w
	return r
}

func (r *runner) release() {
	r.work = nil
	runners.Put(r)
}

// Do implements kernel.Job.
func (r *runner) Do(chunk int) {
	s := r.Local()
	s.Do(chunk)
	r.Done(s)
}

// Local implements kernel.Local.
func (r *runner) Local() kernel.Job {
	s := scratches.Get()
	s.work = r.work
	return s
}

// Done implements kernel.Local.
func (r *runner) Done(s kernel.Job) { s.(*scratch).release() }

// scratch is the memory that one core needs for chunks of work.
type scratch struct {
	work work

	product   lanes.Product
	rest      lanes.Product // the last rows, which do not fill a group
	gather    lanes.Gather
	scatter   lanes.Scatter
	transform lanes.Transform
	total     lanes.Total

	window, second window
	table          []int32   // packed offsets of taps
	sums           []float32 // results of a product, as pixels in lanes
	bias           []float32
	segments       []lanes.Segment
	pixels         []pixel

	spectrum, other, products []float32 // Winograd's domain
	partial                   []float32 // sums of a gradient's block
	routes                    [lanes.Maps]route
	sources, targets          listed
	taps, rows                listed // of weights
}

var scratches kernel.Free[scratch]

// Do implements kernel.Job.
func (s *scratch) Do(chunk int) { s.work.do(s, chunk) }

// release returns s to the free list. It clears the slices that belong to callers, which
// would keep the activations of a whole model alive until the next convolution.
func (s *scratch) release() {
	s.work = nil
	for _, p := range []*lanes.Product{&s.product, &s.rest} {
		p.A, p.B, p.C = nil, nil, nil
	}
	s.gather.Src, s.gather.Dst = nil, nil
	s.scatter.Src, s.scatter.Dst, s.scatter.Bias, s.scatter.Residual = nil, nil, nil, nil
	s.transform.Src, s.transform.Dst = nil, nil
	s.total.Src = nil
	scratches.Put(s)
}

// grow returns a slice of n elements with arbitrary contents; it reuses v if v is
// large enough. A new slice gets at least 64 KB: slices of that size start at a page,
// so that vectors do not straddle cache lines.
func grow(v []float32, n int) []float32 {
	if cap(v) < n {
		return make([]float32, n, max(n, 1<<14))
	}
	return v[:n]
}

// growInts is grow without a minimum size, for tables and segments.
func growInts[T int | int32 | lanes.Segment](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}
