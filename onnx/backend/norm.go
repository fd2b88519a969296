package backend

import (
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// standardise writes scale(i)*(x-mean)/sqrt(variance+eps) + shift(i) of one run.
func standardise(y, x []float32, eps float64, affine func(i int) (scale, shift float64)) {
	mean := 0.0
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	variance := 0.0
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d
	}
	r := 1 / math.Sqrt(variance/float64(len(x))+eps)
	for i, v := range x {
		scale, shift := affine(i)
		y[i] = float32((float64(v)-mean)*r*scale + shift)
	}
}

// instanceNormalization standardises each plane.
func instanceNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	if !n.operands(3, 3) || !n.float(0, 1, 2) {
		return nil
	}
	x := n.in[0].shape
	if len(x) < 3 || !slices.Equal(n.in[1].shape, x[1:2]) || !slices.Equal(n.in[2].shape, x[1:2]) {
		n.fail("shapes %v do not fit", n.shapes())
		return nil
	}
	channels, plane := x[1], count(x[2:])
	return single(tensor.Float32, x, func(out any, in []any) {
		y, x, scale, shift := floats(out), floats(in[0]), floats(in[1]), floats(in[2])
		parallel(len(y)/plane, plane, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				c := i % channels
				standardise(y[i*plane:(i+1)*plane], x[i*plane:(i+1)*plane], eps, func(int) (float64, float64) {
					return float64(scale[c]), float64(shift[c])
				})
			}
		})
	})
}

// layerNormalization standardises over the axes from axis on.
func layerNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	only(n, "stash_type", int64(1))
	from := n.integer("axis", -1)
	if !n.operands(2, 3) || !n.float(0, 1, 2) {
		return nil
	}
	x := n.in[0].shape
	from = n.axis(from, len(x))
	inner := x[from:]
	for i := 1; i < len(n.in); i++ {
		if n.has(i) && !slices.Equal(n.in[i].shape, inner) {
			n.fail("operand %d has shape %v, want %v", i, n.in[i].shape, inner)
		}
	}
	run := count(inner)
	return single(tensor.Float32, x, func(out any, in []any) {
		y, x, scale := floats(out), floats(in[0]), floats(in[1])
		var shift []float32
		if len(in) > 2 {
			shift = floats(in[2])
		}
		parallel(len(y)/run, run, func(lo, hi int) {
			for r := lo; r < hi; r++ {
				standardise(y[r*run:(r+1)*run], x[r*run:(r+1)*run], eps, func(i int) (float64, float64) {
					if shift == nil {
						return float64(scale[i]), 0
					}
					return float64(scale[i]), float64(shift[i])
				})
			}
		})
	})
}

// batchNormalization applies stored statistics.
func batchNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	n.ignore("momentum")
	only(n, "training_mode", int64(0))
	if !n.operands(5, 5) || !n.float(0, 1, 2, 3, 4) {
		return nil
	}
	x := n.in[0].shape
	for _, s := range n.shapes()[1:] {
		if len(x) < 2 || !slices.Equal(s, x[1:2]) {
			n.fail("shapes %v do not fit", n.shapes())
			return nil
		}
	}
	channels, plane := x[1], count(x[2:])
	return single(tensor.Float32, x, func(out any, in []any) {
		y, x, scale, shift, mean, variance := floats(out), floats(in[0]), floats(in[1]), floats(in[2]), floats(in[3]), floats(in[4])
		parallel(len(y), 1, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				c := i / plane % channels
				r := float64(scale[c]) / math.Sqrt(float64(variance[c])+eps)
				y[i] = float32((float64(x[i])-float64(mean[c]))*r + float64(shift[c]))
			}
		})
	})
}

// softmax is exp(x)/sum(exp(x)) along one axis.
func softmax(n *node) []result {
	axis := n.integer("axis", -1)
	if !n.operands(1, 1) || !n.float(0) {
		return nil
	}
	x := n.in[0].shape
	axis = n.axis(axis, len(x))
	if n.err != nil {
		return nil
	}
	length, step := x[axis], count(x[axis+1:])
	return single(tensor.Float32, x, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		parallel(len(y)/length, 8*length, func(lo, hi int) {
			for r := lo; r < hi; r++ {
				from := r/step*step*length + r%step
				largest := math.Inf(-1)
				for i := range length {
					largest = max(largest, float64(x[from+i*step]))
				}
				sum := 0.0
				for i := range length {
					sum += math.Exp(float64(x[from+i*step]) - largest)
				}
				for i := range length {
					y[from+i*step] = float32(math.Exp(float64(x[from+i*step])-largest) / sum)
				}
			}
		})
	})
}

// reduce sums or averages over axes.
func reduce(mean bool) operator {
	return func(n *node) []result {
		keep := n.integer("keepdims", 1) != 0
		nothing := n.integer("noop_with_empty_axes", 0) != 0
		if !n.operands(1, 2) || !n.float(0) {
			return nil
		}
		x := n.in[0].shape
		axes, _ := n.axes(1, len(x))
		if n.err != nil {
			return nil
		}
		if len(axes) == 0 && nothing {
			return relabelled(n, x)
		}
		// The result's axes come first, then those that are summed over.
		var shape, kept, summed, keptMove, summedMove []int
		own := strides(x)
		for i, d := range x {
			if len(axes) == 0 || slices.Contains(axes, i) {
				summed, summedMove = append(summed, d), append(summedMove, own[i])
				if keep {
					shape = append(shape, 1)
				}
				continue
			}
			kept, keptMove, shape = append(kept, d), append(keptMove, own[i]), append(shape, d)
		}
		depth := count(summed)
		return single(tensor.Float32, shape, func(out any, in []any) {
			y, x := floats(out), floats(in[0])
			parallel(len(y), depth, func(lo, hi int) {
				at, inner := make([]int, len(kept)), make([]int, len(summed))
				for i := lo; i < hi; i++ {
					unravel(at, i, kept)
					from := dot(at, keptMove)
					sum := 0.0
					for j := range depth {
						unravel(inner, j, summed)
						sum += float64(x[from+dot(inner, summedMove)])
					}
					if mean {
						sum /= float64(depth)
					}
					y[i] = float32(sum)
				}
			})
		})
	}
}

// globalAveragePool is the mean of each plane.
func globalAveragePool(n *node) []result {
	if !n.operands(1, 1) || !n.float(0) {
		return nil
	}
	x := n.in[0].shape
	if len(x) < 3 {
		n.fail("shape %v is not that of an image", x)
		return nil
	}
	shape := append([]int{}, x...)
	for i := range shape[2:] {
		shape[2+i] = 1
	}
	plane := count(x[2:])
	return single(tensor.Float32, shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		for i := range y {
			sum := 0.0
			for _, v := range x[i*plane : (i+1)*plane] {
				sum += float64(v)
			}
			y[i] = float32(sum / float64(plane))
		}
	})
}
