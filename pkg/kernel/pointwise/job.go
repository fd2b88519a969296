package pointwise

import (
	"sync"

	"multiscale/pkg/kernel"
)

// chunkSize is the number of elements in a chunk. Fewer are not worth handing to another
// core.
const chunkSize = 1 << 14

// maxInputs is the number of inputs that Sum adds in one pass.
const maxInputs = 8

// job is one call of a kernel; do processes the elements (or rows) [lo, hi).
type job struct {
	do   func(j *job, lo, hi int)
	n    int // elements or rows
	step int // elements or rows of a chunk

	y, x, z, w []float32
	xs         [maxInputs][]float32
	a, b       float32
	width      int // of rows
	cut        int // elements in the first part of a row (Concat, Split), inputs (Sum), parts of a sample (Dropout)
	act        kernel.Activation
	sums       []float64 // one for each chunk
	moments    []float64 // two for each sum
	more       extra
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(do func(j *job, lo, hi int), y, x []float32) *job {
	j := jobs.Get().(*job)
	j.do, j.y, j.x = do, y, x
	return j
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) {
	lo := chunk * j.step
	j.do(j, lo, min(lo+j.step, j.n))
}

// elements runs the job over n elements and returns it to the pool.
func (j *job) elements(n int) {
	j.run(n, chunkSize)
	j.release()
}

// byRows runs the job over n rows of the given width and returns it to the pool.
func (j *job) byRows(n, width int) {
	j.width = width
	j.run(n, max(1, chunkSize/max(width, 1)))
	j.release()
}

// total runs the job over n elements and returns the sum over the chunks, added in
// order. Each chunk must store its sum in j.sums[lo/step].
func (j *job) total(n int) float64 {
	chunks := (n + chunkSize - 1) / chunkSize
	if cap(j.sums) < chunks {
		j.sums, j.moments = make([]float64, chunks), make([]float64, 2*chunks)
	}
	j.sums = j.sums[:chunks]
	j.run(n, chunkSize)
	var total float64
	for _, s := range j.sums {
		total += s
	}
	j.release()
	return total
}

func (j *job) run(n, step int) {
	j.n, j.step = n, step
	if n <= step { // waking another core would take longer
		if n > 0 {
			j.Do(0)
		}
		return
	}
	kernel.Run((n+step-1)/step, j)
}

func (j *job) release() {
	j.y, j.x, j.z, j.w, j.do = nil, nil, nil, nil, nil
	j.xs, j.more = [maxInputs][]float32{}, extra{}
	jobs.Put(j)
}

// same panics if the slices differ in length.
func same(name string, n int, lengths ...int) {
	for _, m := range lengths {
		if m != n {
			panic("pointwise: " + name + ": slices of different lengths")
		}
	}
}
