// Package harmonic fills missing pixels of images smoothly.
package harmonic

import (
	"math"
	"sync"

	"multiscale/pkg/pixel"
)

// Multigrid ends when the last sweep of a cycle changes no pixel by more than settled, and the correction
// of the next coarser grid none by more than ten times as much, or after maxCycles cycles. For boxes, discs and strokes a cycle reduces the change four to ten times.
const (
	settled   = 1e-5
	maxCycles = 50
)

// Fill sets the pixels of x, of shape (N,C,H,W), for which hole, by pixel of a plane, is true. They
// become the harmonic function whose boundary values are the pixels around them: each one is the
// mean of its four neighbours, or fewer at the image's border. If all pixels are missing, they
// become zero. Calls may run on several goroutines at once, with different x.
func Fill(x pixel.Images, hole []bool) {
	s := solvers.Get().(*solver)
	defer solvers.Put(s)
	if missing := s.prepare(hole, x.H, x.W); missing == 0 || missing == len(hole) {
		if missing > 0 {
			clear(x.Data)
		}
		return
	}
	for i := range x.N * x.C {
		s.fill(x.Data[i*x.Plane():][:x.Plane()])
	}
}

// solver solves Laplace's equation in the holes by multigrid (Brandt 1977). Its buffers are reused.
type solver struct{ levels []level }

var solvers = sync.Pool{New: func() any { return new(solver) }}

// level is one grid of the solver. Level 0 has the pixels; a pixel of a coarser level consists of
// four of the next finer one, and is missing if all of them are.
type level struct {
	h, w int
	hole []bool
	runs []run
	u    []float32 // level 0: the plane; others: the correction, zero outside of holes
	f    []float32 // the right-hand side of 4u - (sum of the neighbours) = f
}

// run is a run of missing pixels in a row: those of columns from to end-1.
type run struct{ row, from, end int }

// prepare sets the levels' holes. It returns the number of missing pixels of level 0.
func (s *solver) prepare(hole []bool, h, w int) int {
	s.levels = s.levels[:0]
	total := 0
	for {
		l := s.grow(h, w)
		if len(s.levels) == 1 {
			copy(l.hole, hole)
		} else {
			s.levels[len(s.levels)-2].coarsen(l.hole, h, w)
		}
		missing := l.find()
		if len(s.levels) == 1 {
			total = missing
		} else if missing == 0 {
			s.levels = s.levels[:len(s.levels)-1]
		}
		if missing == 0 || missing == h*w {
			return total
		}
		h, w = (h+1)/2, (w+1)/2
	}
}

// grow appends a level of h by w pixels.
func (s *solver) grow(h, w int) *level {
	n := len(s.levels)
	if n < cap(s.levels) {
		s.levels = s.levels[:n+1]
	} else {
		s.levels = append(s.levels, level{})
	}
	l := &s.levels[n]
	l.h, l.w, l.hole = h, w, resize(l.hole, h*w)
	if n > 0 {
		l.u = resize(l.u, h*w)
	}
	l.f = resize(l.f, h*w)
	clear(l.f)
	return l
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// coarsen sets hole, of h by w pixels: those of which all pixels of l are missing.
func (l *level) coarsen(hole []bool, h, w int) {
	for i := range hole {
		hole[i] = true
	}
	for row := range l.h {
		for column, missing := range l.hole[row*l.w:][:l.w] {
			if !missing {
				hole[row/2*w+column/2] = false
			}
		}
	}
}

// find sets the runs, and returns the number of missing pixels.
func (l *level) find() (missing int) {
	l.runs = l.runs[:0]
	for row := range l.h {
		line := l.hole[row*l.w:][:l.w]
		for j := 0; j < l.w; j++ {
			if !line[j] {
				continue
			}
			r := run{row: row, from: j}
			for j < l.w && line[j] {
				j++
			}
			r.end = j
			missing += r.end - r.from
			l.runs = append(l.runs, r)
		}
	}
	return missing
}

// fill fills the holes of a plane.
func (s *solver) fill(x []float32) {
	l := &s.levels[0]
	l.u = x
	sum, n := 0.0, 0
	for i, missing := range l.hole {
		if !missing {
			sum, n = sum+float64(x[i]), n+1
		}
	}
	for _, r := range l.runs {
		for i := r.row*l.w + r.from; i < r.row*l.w+r.end; i++ {
			x[i] = float32(sum / float64(n))
		}
	}
	for range maxCycles {
		if s.cycle(0) <= settled {
			break
		}
	}
	l.u = nil
}

// cycle runs a V-cycle from level i on. It returns the largest change of a pixel in its last sweep, or a tenth
// of the largest correction if that is more: a sweep hardly changes a smooth error.
func (s *solver) cycle(i int) float32 {
	l := &s.levels[i]
	if i+1 == len(s.levels) {
		for range 7 {
			l.sweep()
		}
		return l.sweep()
	}
	l.sweep()
	l.sweep()
	coarse := &s.levels[i+1]
	l.restrict(coarse)
	clear(coarse.u)
	s.cycle(i + 1)
	largest := l.correct(coarse)
	l.sweep()
	return max(l.sweep(), largest/10)
}

// lines returns the row, and the ones above and below it, or the row itself at the border, where
// the derivative across it is zero.
func (l *level) lines(row int) (above, line, below []float32) {
	at := func(row int) []float32 { return l.u[row*l.w:][:l.w] }
	return at(max(row-1, 0)), at(row), at(min(row+1, l.h-1))
}

// sweep is a sweep of Gauss and Seidel in the order of a chessboard. It returns the largest change.
func (l *level) sweep() (largest float32) {
	for colour := range 2 {
		for _, r := range l.runs {
			above, line, below := l.lines(r.row)
			f := l.f[r.row*l.w:][:l.w]
			for j := r.from + (r.row+r.from+colour)%2; j < r.end; j += 2 {
				v := float32(0.25 * ((above[j] + below[j]) + (line[max(j-1, 0)] + line[min(j+1, l.w-1)]) + f[j]))
				largest = max(largest, float32(math.Abs(float64(v-line[j]))))
				line[j] = v
			}
		}
	}
	return largest
}

// restrict sets the coarse right-hand side to the sums of four residuals: the coarse grid has four
// times the square of the distance. Where a pixel of the coarse grid has two, since this grid is a line, they
// count twice.
func (l *level) restrict(coarse *level) {
	clear(coarse.f)
	weight := float32(1)
	if l.h == 1 || l.w == 1 {
		weight = 2
	}
	for _, r := range l.runs {
		above, line, below := l.lines(r.row)
		f, to := l.f[r.row*l.w:][:l.w], coarse.f[r.row/2*coarse.w:][:coarse.w]
		for j := r.from; j < r.end; j++ {
			residual := f[j] + ((above[j] + below[j]) + (line[max(j-1, 0)] + line[min(j+1, l.w-1)])) - float32(4*line[j])
			to[j/2] += float32(weight * residual)
		}
	}
}

// correct adds the coarse correction, by bilinear interpolation, to the missing pixels. It returns the largest one.
func (l *level) correct(coarse *level) (largest float32) {
	for _, r := range l.runs {
		near := coarse.u[r.row/2*coarse.w:][:coarse.w]
		next := min(max(r.row/2+2*(r.row%2)-1, 0), coarse.h-1)
		far := coarse.u[next*coarse.w:][:coarse.w]
		line := l.u[r.row*l.w:][:l.w]
		for j := r.from; j < r.end; j++ {
			a, b := j/2, min(max(j/2+2*(j%2)-1, 0), coarse.w-1)
			v := float32(0.5625*near[a]) + float32(0.1875*near[b]) + float32(0.1875*far[a]) + float32(0.0625*far[b])
			largest = max(largest, float32(math.Abs(float64(v))))
			line[j] += v
		}
	}
	return largest
}
