package backend

import (
	"math"
	"slices"

	"multiscale/onnx"
)

// reduction reduces elements to one: begin with start, add each, finish with their number.
type reduction struct {
	start   float64
	add     func(sum, x float64) float64
	finish  func(sum float64, n int) float64
	integer func(sum, x int64) int64 // add for integers; nil if they are not supported
	first   int64                    // start for integers
	// shifted subtracts the largest element from all and adds it to the result, so that exponentials stay finite.
	shifted bool
}

func same(sum float64, _ int) float64 { return sum }

var (
	sum        = reduction{add: func(s, x float64) float64 { return s + x }, finish: same, integer: func(s, x int64) int64 { return s + x }}
	average    = reduction{add: func(s, x float64) float64 { return s + x }, finish: func(s float64, n int) float64 { return s / float64(n) }}
	product    = reduction{start: 1, first: 1, add: func(s, x float64) float64 { return s * x }, finish: same, integer: func(s, x int64) int64 { return s * x }}
	maximum    = reduction{start: math.Inf(-1), first: math.MinInt64, add: func(s, x float64) float64 { return max(s, x) }, finish: same, integer: func(s, x int64) int64 { return max(s, x) }}
	minimum    = reduction{start: math.Inf(1), first: math.MaxInt64, add: func(s, x float64) float64 { return min(s, x) }, finish: same, integer: func(s, x int64) int64 { return min(s, x) }}
	absolutes  = reduction{add: func(s, x float64) float64 { return s + math.Abs(x) }, finish: same}
	squares    = reduction{add: func(s, x float64) float64 { return s + x*x }, finish: same}
	norm       = reduction{add: func(s, x float64) float64 { return s + x*x }, finish: func(s float64, _ int) float64 { return math.Sqrt(s) }}
	logarithm  = reduction{add: func(s, x float64) float64 { return s + x }, finish: func(s float64, _ int) float64 { return math.Log(s) }}
	logSumExps = reduction{add: func(s, x float64) float64 { return s + math.Exp(x) }, finish: func(s float64, _ int) float64 { return math.Log(s) }, shifted: true}
)

// reduce makes the operator of a reduction over axes.
func reduce(how reduction) operator {
	return func(n *node) []result {
		keep := n.integer("keepdims", 1) != 0
		nothing := n.integer("noop_with_empty_axes", 0) != 0
		n.operands(1, 2)
		d := n.in[0].dtype
		if !isFloat(d) && (how.integer == nil || d == onnx.Bool) {
			n.fail("operand 0 holds %v, want a floating-point type", d)
		}
		x := n.in[0].shape
		axes, _ := n.axes(1, len(x))
		if len(axes) == 0 && nothing {
			return relabelled(n, x)
		}
		l := newReducing(x, axes, keep)
		return n.like(l.shape, func(out any, in []any) {
			switch y := out.(type) {
			case []float32:
				x := floats(in[0])
				l.run(len(y), func(i, from int, each func(f func(p int))) {
					shift := 0.0
					if how.shifted {
						shift = math.Inf(-1)
						each(func(p int) { shift = max(shift, float64(x[from+p])) })
						if math.IsInf(shift, 0) {
							shift = 0
						}
					}
					s := how.start
					each(func(p int) { s = how.add(s, float64(x[from+p])-shift) })
					y[i] = float32(how.finish(s, l.depth) + shift)
				})
			case []int64:
				x := in[0].([]int64)
				l.run(len(y), func(i, from int, each func(f func(p int))) {
					y[i] = how.first
					each(func(p int) { y[i] = how.integer(y[i], x[from+p]) })
				})
			}
		})
	}
}

// reducing is the loop of a reduction over the kept axes and, inside, over the summed axes.
type reducing struct {
	shape            []int // of the result
	kept, keptMove   []int // lengths and strides
	summed, sumsMove []int // lengths and strides
	depth            int   // elements per result
}

// newReducing returns the loop of a reduction over axes, or over all axes if there are none.
func newReducing(x, axes []int, keep bool) (l reducing) {
	own := strides(x)
	for i, d := range x {
		if len(axes) == 0 || slices.Contains(axes, i) {
			l.summed, l.sumsMove = append(l.summed, d), append(l.sumsMove, own[i])
			if keep {
				l.shape = append(l.shape, 1)
			}
			continue
		}
		l.kept, l.keptMove, l.shape = append(l.kept, d), append(l.keptMove, own[i]), append(l.shape, d)
	}
	l.depth = count(l.summed)
	return l
}

// run calls f for every result i. from is the offset of its first element; each calls its argument with the
// elements' offsets from there, in C order.
func (l reducing) run(results int, f func(i, from int, each func(f func(p int)))) {
	parallel(results, l.depth, func(lo, hi int) {
		at, inner := make([]int, len(l.kept)), make([]int, len(l.summed))
		for i := lo; i < hi; i++ {
			unravel(at, i, l.kept)
			f(i, dot(at, l.keptMove), func(visit func(p int)) {
				for j := range l.depth {
					unravel(inner, j, l.summed)
					visit(dot(inner, l.sumsMove))
				}
			})
		}
	})
}

// argument returns the index of the largest or smallest element along an axis: the first one, or the last one of
// equal elements.
func argument(smallest bool) operator {
	return func(n *node) []result {
		axis, keep := n.integer("axis", 0), n.integer("keepdims", 1) != 0
		last := n.integer("select_last_index", 0) != 0
		n.operands(1, 1)
		x := n.in[0].shape
		axis = n.axis(axis, len(x))
		if n.in[0].dtype == onnx.Bool || x[axis] == 0 {
			n.fail("%v of shape %v has no largest element", n.in[0].dtype, x)
		}
		l := newReducing(x, []int{axis}, keep)
		return single(onnx.Int64, l.shape, func(out any, in []any) {
			y := out.([]int64)
			compare := func(a, b int) float64 { return float64(floats(in[0])[a]) - float64(floats(in[0])[b]) }
			if x, ok := in[0].([]int64); ok {
				compare = func(a, b int) float64 { return float64(x[a]) - float64(x[b]) }
			}
			l.run(len(y), func(i, from int, each func(f func(p int))) {
				best, k := -1, int64(0)
				each(func(p int) {
					c := 1.0
					if best >= 0 {
						c = compare(from+p, best)
					}
					if smallest && best >= 0 {
						c = -c
					}
					if c > 0 || c == 0 && last {
						best, y[i] = from+p, k
					}
					k++
				})
			})
		})
	}
}

// cumSum computes cumulative sums along an axis.
func cumSum(n *node) []result {
	exclusive, reverse := n.integer("exclusive", 0) != 0, n.integer("reverse", 0) != 0
	n.operands(2, 2)
	x, axes := n.in[0].shape, n.constant(1)
	if len(axes) != 1 || n.in[0].dtype == onnx.Bool {
		n.fail("axis %v of %v", axes, n.in[0].dtype)
	}
	axis := n.axis(axes[0], len(x))
	length, step := x[axis], count(x[axis+1:])
	l := running{max(1, length), step, exclusive, reverse}
	return n.like(x, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			accumulate(l, y, floats(in[0]))
		case []int64:
			accumulate(l, y, in[0].([]int64))
		}
	})
}

// running describes cumulative sums along an axis.
type running struct {
	length, step       int
	exclusive, reverse bool
}

func accumulate[T float32 | int64](l running, y, x []T) {
	for r := range len(y) / l.length {
		from := r/l.step*l.step*l.length + r%l.step
		var sum T
		for i := range l.length {
			p := from + i*l.step
			if l.reverse {
				p = from + (l.length-1-i)*l.step
			}
			if y[p] = sum + x[p]; l.exclusive {
				y[p] = sum
			}
			sum += x[p]
		}
	}
}
