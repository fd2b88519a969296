package backend

import (
	"math"

	"multiscale/onnx"
)

// averagePool returns the mean of each window, without or with the padding.
func averagePool(n *node) []result {
	withPadding := n.integer("count_include_pad", 0) != 0
	return n.pool(func(plane []float32, w window, o [spatial]int) float32 {
		sum, seen := 0.0, 0
		padded := w.each(o, func(i int) { sum, seen = sum+float64(plane[i]), seen+1 })
		if withPadding {
			seen = padded
		}
		return float32(sum / float64(max(1, seen)))
	})
}

// lpPool returns the p-norm of each window.
func lpPool(n *node) []result {
	p := float64(n.integer("p", 2))
	return n.pool(func(plane []float32, w window, o [spatial]int) float32 {
		sum := 0.0
		w.each(o, func(i int) { sum += math.Pow(math.Abs(float64(plane[i])), p) })
		return float32(math.Pow(sum, 1/p))
	})
}

// windows returns the windows of pooling in a plane of operand 0, and the shape of the
// result.
func (n *node) windows() (w window, shape []int) {
	x := n.in[0].shape
	if len(x) < 3 || len(x) > 2+spatial {
		n.fail("shape %v is not that of images with 1 to %d spatial dimensions", x, spatial)
	}
	w = n.window(x[2:], nil, n.integer("ceil_mode", 0) != 0)
	shape = w.shape(x[0], x[1])
	n.work(append(w.kernel[:], shape...)...)
	return w, shape
}

// pool reduces each window of a plane to a number.
func (n *node) pool(reduce func(plane []float32, w window, o [spatial]int) float32) []result {
	n.floatOperands(1, 1)
	w, shape := n.windows()
	return n.like(shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		area, plane := volume(w.out), volume(w.in)
		parallel(len(y), volume(w.kernel), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				y[i] = reduce(x[i/area*plane:(i/area+1)*plane], w, at(i%area, w.out))
			}
		})
	})
}

// maxPool returns the maximum of each window. Result 1 has the positions of the maxima in the whole of operand 0.
func maxPool(n *node) []result {
	columnMajor := n.integer("storage_order", 0) != 0
	n.operands(1, 1)
	w, shape := n.windows()
	if n.in[0].dtype == onnx.Bool {
		n.fail("truth values have no maximum")
	}
	area, plane := volume(w.out), volume(w.in)
	// best calls f for each result i with the position p of the largest element, or -1 if the window
	// has only padding.
	best := func(in any, elements int, f func(i, p int)) {
		less := func(a, b int) bool { return in.([]float32)[a] < in.([]float32)[b] }
		if x, ok := in.([]int64); ok {
			less = func(a, b int) bool { return x[a] < x[b] }
		}
		parallel(elements, volume(w.kernel), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				largest, start := -1, i/area*plane
				w.each(at(i%area, w.out), func(p int) {
					if largest < 0 || less(largest, start+p) {
						largest = start + p
					}
				})
				f(i, largest)
			}
		})
	}
	largest := n.like(shape, func(out any, in []any) {
		switch y := out.(type) {
		case []float32:
			x := floats(in[0])
			best(x, len(y), func(i, p int) {
				if y[i] = float32(math.Inf(-1)); p >= 0 {
					y[i] = x[p]
				}
			})
		case []int64:
			x := in[0].([]int64)
			best(x, len(y), func(i, p int) {
				if y[i] = math.MinInt64; p >= 0 {
					y[i] = x[p]
				}
			})
		}
	})
	positions := single(onnx.Int64, shape, func(out any, in []any) {
		y := out.([]int64)
		best(in[0], len(y), func(i, p int) {
			if columnMajor && p >= 0 {
				c := at(p%plane, w.in)
				p = p/plane*plane + (c[2]*w.in[1]+c[1])*w.in[0] + c[0]
			}
			y[i] = int64(p)
		})
	})
	return append(largest, positions...)
}

// global reduces each plane to one number.
func global(f func(plane []float32) float64) operator {
	return func(n *node) []result {
		n.floatOperands(1, 1)
		x := n.in[0].shape
		if len(x) < 3 {
			n.fail("shape %v is not that of an image", x)
		}
		shape := append([]int{}, x...)
		for i := range shape[2:] {
			shape[2+i] = 1
		}
		plane := count(x[2:])
		return n.like(shape, func(out any, in []any) {
			y, x := floats(out), floats(in[0])
			for i := range y {
				y[i] = float32(f(x[i*plane : (i+1)*plane]))
			}
		})
	}
}

func mean(plane []float32) float64 {
	sum := 0.0
	for _, v := range plane {
		sum += float64(v)
	}
	return sum / float64(len(plane))
}

func largest(plane []float32) float64 {
	best := math.Inf(-1)
	for _, v := range plane {
		best = max(best, float64(v))
	}
	return best
}
