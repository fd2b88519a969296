package kernel

// Loop is a loop over independent items, such as planes or pixels, that all cores share.
// A is the type of its arguments. After the first few calls, a call allocates nothing.
type Loop[A any] struct {
	do   func(a *A, lo, hi int)
	free Free[loopJob[A]]
}

// NewLoop returns a loop that calls do for ranges [lo,hi) of items. The result for an item
// must not depend on the range.
func NewLoop[A any](do func(a *A, lo, hi int)) *Loop[A] { return &Loop[A]{do: do} }

// loopWork is the number of elements in a chunk. Handing fewer to another core takes longer
// than processing them.
const loopWork = 1 << 14

// loopJob is one call of a Loop.
type loopJob[A any] struct {
	do      func(a *A, lo, hi int)
	args    A
	n, step int
}

// Run loops over n items. work is the number of elements that an item processes; it
// determines the number of items in a chunk.
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
