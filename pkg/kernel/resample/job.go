package resample

import (
	"fmt"
	"sync"

	"multiscale/pkg/kernel"
)

// chunkSize is how many pixels are worth handing to another core.
const chunkSize = 1 << 14

// job is one call of a kernel; do treats one plane, or, with whole, any number of them
// as one plane of more rows. The input has h x w pixels and the output oh x ow, also
// where the kernel computes a gradient.
type job struct {
	do           func(j *job, y, x []float32)
	whole        bool
	y, x         []float32
	ySize, xSize int // pixels of a plane
	planes, step int // and planes of a chunk
	h, w, oh, ow int
	factor       int
	rows, cols   axis
}

var jobs = sync.Pool{New: func() any { return new(job) }}

// newJob prepares a kernel from planes of h x w to planes of oh x ow. For a
// gradient the extents keep their meaning and swap is set: y is then the
// gradient of the input.
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
		j.Do(0) // waking another core costs more than this
	} else {
		kernel.Run(chunks, j)
	}
	j.do, j.y, j.x = nil, nil, nil
	jobs.Put(j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) {
	first, last := chunk*j.step, min((chunk+1)*j.step, j.planes)
	at := 1 // planes at a time
	if j.whole {
		at = last - first
	}
	for p := first; p < last; p += at {
		j.do(j, j.y[p*j.ySize:][:at*j.ySize], j.x[p*j.xSize:][:at*j.xSize])
	}
}

// lines are pooled scratch rows.
var lines = sync.Pool{New: func() any { return new([]float32) }}

func line(n int) *[]float32 {
	l := lines.Get().(*[]float32)
	if cap(*l) < n {
		*l = make([]float32, n)
	}
	*l = (*l)[:n]
	return l
}
