package norm

import (
	"fmt"
	"math"
	"sync"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

// Shape is the extent of the input (N, C, HW) and the number of groups that
// its channels are normalised in. Groups divides C.
type Shape struct{ N, C, HW, Groups int }

func (s Shape) size() int { return s.N * s.C * s.HW }

// Forward writes y = act(gamma*(x-mean)*rstd + beta) with the mean and the
// biased variance of each group of each sample, rstd = 1/sqrt(variance+eps).
// x and y have N*C*HW elements; gamma and beta have C, or are nil for 1 and 0.
// mean and rstd receive N*Groups values for Backward. y may be x.
//
// It panics if a slice has the wrong length.
func Forward(y, x, gamma, beta []float32, s Shape, eps float32, act kernel.Activation, mean, rstd []float32) {
	check(s, gamma, beta, mean, rstd, len(y), len(x))
	j := newJob(s, gamma, beta, act, mean, rstd)
	j.y, j.x, j.eps = y, x, float64(eps)
	j.run(moments, normalize)
	j.release()
}

// Backward writes the gradients of Forward with respect to x and, where they
// are not nil, gamma and beta, given the gradient gy with respect to y. x,
// gamma, beta, mean and rstd are as in and after Forward; what else is needed
// is computed again. gx may be gy.
//
// It panics if a slice has the wrong length.
func Backward(gx, gGamma, gBeta, gy, x, gamma, beta []float32, s Shape, act kernel.Activation, mean, rstd []float32) {
	check(s, gamma, beta, mean, rstd, len(gx), len(gy), len(x))
	check(s, gGamma, gBeta, mean, rstd)
	j := newJob(s, gamma, beta, act, mean, rstd)
	j.y, j.x, j.gy = gx, x, gy
	j.affine = gGamma != nil || gBeta != nil
	j.plan(s, gamma == nil && beta == nil && !j.affine)
	j.run(gradients, combine)
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

// Sizes, in elements, that the work is cut by.
const (
	chunkSize = 1 << 14 // work worth handing to another core
	splitSize = 1 << 17 // a group beyond this leaves the cache between two passes anyway
	fewGroups = 8       // too few to share out evenly as they are
)

// job is one Forward or Backward. The channels of a group are rows of one
// width. Groups are either done whole, several to a chunk, or, when they are
// large or few, split into parts of some rows each, with two rounds of chunks.
type job struct {
	y, x, gy, gamma, beta, mean, rstd []float32

	channels, perGroup, groups  int // channels; channels of a group; groups of a sample
	rows, width                 int // of a group
	total                       int // groups of all samples
	eps                         float64
	act                         kernel.Activation
	affine                      bool
	parts, partRows, chunkGroup int // parts of a group and their rows, or groups of a chunk

	first, second phase
	round         int
	sums          []float64 // two for each row (backward) or part (forward)
	scale, shift  []float32 // for each row
}

// phase does rows [lo, hi) of a group.
type phase func(j *job, group, lo, hi int)

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(s Shape, gamma, beta []float32, act kernel.Activation, mean, rstd []float32) *job {
	j := jobs.Get().(*job)
	j.gamma, j.beta, j.mean, j.rstd, j.act = gamma, beta, mean, rstd, act
	j.plan(s, gamma == nil && beta == nil)
	return j
}

// plan cuts the work. A group whose channels need not be told apart and that
// stays whole is one long row.
func (j *job) plan(s Shape, uniform bool) {
	j.channels, j.groups, j.perGroup = s.C, s.Groups, s.C/s.Groups
	j.rows, j.width, j.total = j.perGroup, s.HW, s.N*s.Groups
	size := j.rows * j.width
	split := size > splitSize || j.total < fewGroups && size > chunkSize
	j.parts, j.partRows, j.chunkGroup = 0, 0, max(1, chunkSize/max(size, 1))
	switch {
	case split:
		j.partRows = max(1, chunkSize/j.width)
		j.parts = (j.rows + j.partRows - 1) / j.partRows
	case uniform:
		j.rows, j.width = 1, size
	}
	n := j.total * j.rows
	j.sums = resize(j.sums, 2*n)
	j.scale, j.shift = resize(j.scale, n), resize(j.shift, n)
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

// run does the first phase on all rows of each group and then the second.
func (j *job) run(first, second phase) {
	j.first, j.second = first, second
	if j.parts == 0 {
		j.do((j.total + j.chunkGroup - 1) / j.chunkGroup)
		return
	}
	for j.round = range 2 {
		j.do(j.total * j.parts)
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
	if j.parts == 0 {
		for g := chunk * j.chunkGroup; g < min((chunk+1)*j.chunkGroup, j.total); g++ {
			j.first(j, g, 0, j.rows)
			j.second(j, g, 0, j.rows)
		}
		return
	}
	if j.round == 1 { // backwards: what the first round left in the cache comes first
		chunk = j.total*j.parts - 1 - chunk
	}
	g, lo := chunk/j.parts, chunk%j.parts*j.partRows
	hi := min(lo+j.partRows, j.rows)
	if j.round == 0 {
		j.first(j, g, lo, hi)
	} else {
		j.second(j, g, lo, hi)
	}
}

// data is rows [lo, hi) of a group in an array of the input's shape.
func (j *job) data(x []float32, group, lo, hi int) []float32 {
	return x[(group*j.rows+lo)*j.width : (group*j.rows+hi)*j.width]
}

// moments leaves the two moments of the rows in the sums of the first.
func moments(j *job, group, lo, hi int) {
	at := 2 * (group*j.rows + lo)
	j.sums[at], j.sums[at+1] = vector.Moments(j.data(j.x, group, lo, hi))
}

// normalize is the second phase of Forward. Each part of a group computes the
// same mean and variance; the first saves them.
func normalize(j *job, group, lo, hi int) {
	var sum, squares float64
	step := max(j.partRows, 1)
	if j.parts == 0 {
		step = j.rows
	}
	for r := 0; r < j.rows; r += step {
		at := 2 * (group*j.rows + r)
		sum += j.sums[at]
		squares += j.sums[at+1]
	}
	n := float64(j.rows * j.width)
	mean := sum / n
	rstd := 1 / math.Sqrt(max(squares/n-mean*mean, 0)+j.eps)
	if lo == 0 {
		j.mean[group], j.rstd[group] = float32(mean), float32(rstd)
	}
	scale, shift := j.coefficients(group, lo, hi, rstd, mean-float64(float32(mean)))
	y, x := j.data(j.y, group, lo, hi), j.data(j.x, group, lo, hi)
	switch m := float32(mean); j.act.Kind {
	case kernel.SiLU:
		vector.NormalizeSiLU(y, x, j.width, m, scale, shift)
	default:
		vector.NormalizeLeaky(y, x, j.width, m, scale, shift, leakySlope(j.act))
		if j.act.Kind == kernel.Tanh {
			vector.Tanh(y, y)
		}
	}
}

// coefficients returns scale and shift of the rows so that the output before
// the activation is (x-float32(mean))*scale + shift; rest is what rounding the
// mean to float32 left over.
func (j *job) coefficients(group, lo, hi int, rstd, rest float64) (scale, shift []float32) {
	at, c := group*j.rows, group%j.groups*j.perGroup
	scale, shift = j.scale[at+lo:at+hi], j.shift[at+lo:at+hi]
	for i := range scale {
		gamma, beta := 1.0, 0.0
		if j.gamma != nil {
			gamma = float64(j.gamma[c+lo+i])
		}
		if j.beta != nil {
			beta = float64(j.beta[c+lo+i])
		}
		scale[i] = float32(gamma * rstd)
		shift[i] = float32(beta - rest*gamma*rstd)
	}
	return scale, shift
}

// leakySlope is the slope below zero of the activations that are linear on
// both sides; the identity's is also used before a tanh.
func leakySlope(act kernel.Activation) float32 {
	switch act.Kind {
	case kernel.ReLU:
		return 0
	case kernel.LeakyReLU:
		return act.Slope
	}
	return 1
}
