package kernel

// Loop is a loop over independent items, such as planes or pixels, that all cores share.
// A is its arguments. A call allocates nothing once there have been a few.
type Loop[A any] struct {
	do   func(a *A, lo, hi int)
	free Free[loopJob[A]]
}

// NewLoop returns a loop that calls do for runs [lo,hi) of items. do must give the same
// result for an item in any run.
func NewLoop[A any](do func(a *A, lo, hi int)) *Loop[A] { return &Loop[A]{do: do} }

// loopWork is the work of a chunk: less takes longer to hand to another core than to do.
const loopWork = 1 << 14

// loopJob is one call of a Loop.
type loopJob[A any] struct {
	do      func(a *A, lo, hi int)
	args    A
	n, step int
}

// Run loops over n items. work is the number of elements that an item takes; it decides
// the number of items of a chunk.
func (l *Loop[A]) Run(n, work int, args A) {
	j := l.free.Get()
	j.do, j.args, j.n, j.step = l.do, args, n, max(1, loopWork/max(1, work))
	if n <= j.step {
		if n > 0 {
			l.do(&j.args, 0, n)
		}
	} else {
		Run((n+j.step-1)/j.step, j)
	}
	var none A
	j.args = none
	l.free.Put(j)
}

// Do implements Job.
func (j *loopJob[A]) Do(chunk int) {
	lo := chunk * j.step
	j.do(&j.args, lo, min(lo+j.step, j.n))
}
