package resample

import (
	"fmt"
	"sync"

	"multiscale/pkg/kernel"
)

// chunkSize is the number of pixels in a chunk. Fewer are not worth handing to another core.
const chunkSize = 1 << 14

// job is one call of a kernel. do processes one plane, or, if whole, any number of planes as
// if they were a single plane with more rows. The input has h x w pixels and the output
// oh x ow, also if the kernel computes a gradient.
type job struct {
	do           func(j *job, y, x []float32)
	whole        bool
	y, x         []float32
	ySize, xSize int // pixels in a plane
	planes, step int // all planes, and those of a chunk
	h, w, oh, ow int
	factor       int
	rows, cols   axis
}

var jobs = sync.Pool{New: func() any { return new(job) }}

// newJob prepares a kernel from planes of h x w to planes of oh x ow pixels. For a
// gradient the sizes keep their meaning and swap is set: y is then the gradient with
// respect to the input, and x that with respect to the output.
func newJob(do func(j *job, y, x []float32), y, x []float32, planes, h, w, oh, ow int, swap bool) *job {
	j := jobs.Get().(*job)
	j.do, j.whole, j.y, j.x, j.planes = do, false, y, x, planes
	j.h, j.w, j.oh, j.ow = h, w, oh, ow
	j.ySize, j.xSize = oh*ow, h*w
	if swap {
		j.ySize, j.xSize = j.xSize, j.ySize
	}
	if len(y) != planes*j.ySize || len(x) != planes*j.xSize {
		panic(fmt.Sprintf("resample: slices do not fit %d planes of %dx%d and %dx%d", planes, h, w, oh, ow))
	}
	return j
}

func (j *job) run() {
	j.step = max(1, chunkSize/max(j.ySize, j.xSize, 1))
	if chunks := (j.planes + j.step - 1) / j.step; chunks == 1 {
		j.Do(0) // waking another core would take longer
	} else {
		kernel.Run(chunks, j)
	}
	j.do, j.y, j.x = nil, nil, nil
	jobs.Put(j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) {
	first, last := chunk*j.step, min((chunk+1)*j.step, j.planes)
	at := 1 // planes in a call
	if j.whole {
		at = last - first
	}
	for p := first; p < last; p += at {
		j.do(j, j.y[p*j.ySize:][:at*j.ySize], j.x[p*j.xSize:][:at*j.xSize])
	}
}

// lines is a pool of scratch rows.
var lines = sync.Pool{New: func() any { return new([]float32) }}

// line returns a scratch row of n pixels with arbitrary contents.
func line(n int) *[]float32 {
	l := lines.Get().(*[]float32)
	if cap(*l) < n {
		*l = make([]float32, n)
	}
	*l = (*l)[:n]
	return l
}
