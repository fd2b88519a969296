package norm

import (
	"fmt"
	"sync"

	"multiscale/pkg/kernel"
)

// Shape is the shape of the input (N, C, HW) and the number of groups into which
// its channels are divided. Groups divides C.
type Shape struct{ N, C, HW, Groups int }

func (s Shape) size() int { return s.N * s.C * s.HW }

// Forward writes y = act(gamma*(x-mean)*rstd + beta) with the mean and the
// biased variance of each group of each sample, and rstd = 1/sqrt(variance+eps).
// x and y are (N,C,HW). gamma and beta are (C); nil stands for 1 and 0. mean and
// rstd (N,Groups) are written for Backward. y may be x.
//
// It panics if a slice has the wrong length.
func Forward(y, x, gamma, beta []float32, s Shape, eps float32, act kernel.Activation, mean, rstd []float32) {
	check(s, gamma, beta, mean, rstd, len(y), len(x))
	j := newJob(gamma, beta, act, mean, rstd)
	j.y, j.x, j.eps = y, x, float64(eps)
	j.plan(s, gamma == nil && beta == nil)
	j.run(&forwardPhases)
	j.release()
}

// Backward writes the gradients with respect to x (gx) and, unless they are nil,
// gamma (gGamma) and beta (gBeta), from gy, the gradient with respect to y. x,
// gamma, beta, mean and rstd are those of Forward; other intermediate values are
// recomputed. gx may be gy.
//
// It panics if a slice has the wrong length.
func Backward(gx, gGamma, gBeta, gy, x, gamma, beta []float32, s Shape, act kernel.Activation, mean, rstd []float32) {
	check(s, gamma, beta, mean, rstd, len(gx), len(gy), len(x))
	check(s, gGamma, gBeta, mean, rstd)
	j := newJob(gamma, beta, act, mean, rstd)
	j.y, j.x, j.gy = gx, x, gy
	j.affine = gGamma != nil || gBeta != nil
	j.plan(s, gamma == nil && beta == nil && !j.affine)
	for g, v := range rstd {
		j.deviation[2*g], j.deviation[2*g+1] = float64(v), 0
	}
	j.run(&backwardPhases)
	j.affineGradients(gGamma, gBeta)
	j.release()
}

func check(s Shape, gamma, beta, mean, rstd []float32, lengths ...int) {
	bad := s.Groups <= 0 || s.C%max(s.Groups, 1) != 0 || len(mean) != s.N*s.Groups || len(rstd) != s.N*s.Groups ||
		gamma != nil && len(gamma) != s.C || beta != nil && len(beta) != s.C
	for _, n := range lengths {
		bad = bad || n != s.size()
	}
	if bad {
		panic(fmt.Sprintf("norm: slices do not fit the shape %+v", s))
	}
}

// The division of the work. All sizes are in elements.
const (
	chunkSize    = 1 << 14 // of a chunk of a split group: enough work to hand to another core
	splitSize    = 1 << 17 // larger groups are split: they would not stay in the cache between two passes
	togetherSize = 1 << 18 // of the split groups that share two rounds: the second round finds them in the cache
	fewGroups    = 8       // fewer groups than this cannot be distributed evenly unless they are split
	batchSize    = 1 << 12 // of a batch of small groups
)

// job is one Forward or Backward. The channels of a group are rows of equal width.
//
// Groups are usually processed in batches of one or more whole groups. A batch is a
// chunk, which goes through all phases. The statistics of a single group are a long chain
// of dependent operations, whereas those of several groups overlap; and the rows of a
// batch are processed in one call.
//
// If groups are large or few, each is split into parts of some rows. A few groups at a
// time are then processed in two rounds of chunks: reading and writing.
type job struct {
	y, x, gy, gamma, beta, mean, rstd []float32

	channels, perGroup, groups int // channels; channels of a group; groups of a sample
	rows, width                int // of a group
	total                      int // groups of all samples
	eps                        float64
	act                        kernel.Activation
	affine                     bool // gGamma or gBeta are wanted
	parts, partRows            int  // parts of a split group and their rows; parts is 0 without a split
	batchGroups                int  // groups of a batch

	phases        *phases
	round         int
	from, to      int // groups of the current rounds
	gGamma, gBeta []float32
	adding        bool      // Do adds the sums of the samples, for gGamma and gBeta
	sums          []float64 // two for each row (backward) or part (forward)
	deviation     []float64 // two for each group: rstd, and the rounding error of mean
	totals        []float64 // two for each group (backward)
	tilt, offset  []float32 // of each group (backward)
}

// phases are the steps of processing groups. read processes rows [lo, hi), conclude
// combines the results for all rows of groups [from, to), and write computes rows
// [lo, hi) of the output. Rows are counted over all groups.
type phases struct {
	read     func(c *core, lo, hi int)
	conclude func(j *job, from, to int)
	write    func(c *core, lo, hi int)
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(gamma, beta []float32, act kernel.Activation, mean, rstd []float32) *job {
	j := jobs.Get().(*job)
	j.gamma, j.beta, j.mean, j.rstd, j.act = gamma, beta, mean, rstd, act
	return j
}

// plan divides the work. uniform means that the channels of a group need no separate
// parameters or sums: then a group that is not split is one long row.
func (j *job) plan(s Shape, uniform bool) {
	j.channels, j.groups, j.perGroup = s.C, s.Groups, s.C/s.Groups
	j.rows, j.width, j.total = j.perGroup, s.HW, s.N*s.Groups
	size := j.rows * j.width
	split := size > splitSize || j.total < fewGroups && size > chunkSize
	j.parts, j.partRows = 0, j.rows
	j.batchGroups = max(1, batchSize/max(size, 1))
	switch {
	case split:
		j.partRows = max(1, chunkSize/j.width)
		j.parts = (j.rows + j.partRows - 1) / j.partRows
	case uniform:
		j.rows, j.partRows, j.width = 1, 1, size
	}
	j.sums, j.totals, j.deviation = resize(j.sums, 2*j.total*j.rows), resize(j.totals, 2*j.total), resize(j.deviation, 2*j.total)
	j.tilt, j.offset = resize(j.tilt, j.total), resize(j.offset, j.total)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func (j *job) release() {
	j.y, j.x, j.gy, j.gamma, j.beta, j.mean, j.rstd = nil, nil, nil, nil, nil, nil, nil
	jobs.Put(j)
}

// run takes all groups through the phases.
func (j *job) run(p *phases) {
	j.phases = p
	if j.parts == 0 {
		j.do((j.total + j.batchGroups - 1) / j.batchGroups)
		return
	}
	together := max(1, togetherSize/(j.rows*j.width))
	for j.from = 0; j.from < j.total; j.from = j.to {
		j.to = min(j.total, j.from+together)
		j.round = 0
		j.do((j.to - j.from) * j.parts)
		p.conclude(j, j.from, j.to)
		j.round = 1
		j.do((j.to - j.from) * j.parts)
	}
}

func (j *job) do(chunks int) {
	if chunks == 1 {
		j.Do(0)
		return
	}
	kernel.Run(chunks, j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) {
	c := j.Local()
	c.Do(chunk)
	j.Done(c)
}
