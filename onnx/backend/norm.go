package backend

import (
	"math"
	"slices"

	"multiscale/onnx"
)

// moments returns mean and 1/sqrt(variance+eps) of x.
func moments(x []float32, eps float64) (mean, inverse float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	variance := 0.0
	for _, v := range x {
		d := float64(v) - mean
		variance += float64(d * d)
	}
	return mean, 1 / math.Sqrt(variance/float64(len(x))+eps)
}

// standardise normalises each run of x to mean 0 and variance 1. Then it multiplies element i of run r by an entry of
// scale and adds one of shift: those with index place(r, i).
func standardise(y, x []float32, run int, eps float64, scale, shift []float32, place func(r, i int) int) {
	parallel(len(y)/run, run, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			from, to := x[r*run:(r+1)*run], y[r*run:(r+1)*run]
			mean, inverse := moments(from, eps)
			for i, v := range from {
				k := place(r, i)
				to[i] = float32(float64((float64(v)-mean)*inverse*float64(scale[k])) + float64(shift[k]))
			}
		}
	})
}

// instanceNormalization standardises each plane.
func instanceNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	n.floatOperands(3, 3)
	x := n.in[0].shape
	if len(x) < 3 || !slices.Equal(n.in[1].shape, x[1:2]) || !slices.Equal(n.in[2].shape, x[1:2]) {
		n.fail("shapes %v do not fit", n.shapes())
	}
	channels, plane := x[1], count(x[2:])
	return n.like(x, func(out any, in []any) {
		standardise(floats(out), floats(in[0]), plane, eps, floats(in[1]), floats(in[2]), func(r, _ int) int { return r % channels })
	})
}

// layerNormalization standardises over the axes from axis on. Results 1 and 2 are the means and the inverse standard
// deviations.
func layerNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	only(n, "stash_type", int64(1))
	from := n.integer("axis", -1)
	n.floatOperands(2, 3)
	x := n.in[0].shape
	from = n.axis(from, len(x))
	inner := x[from:]
	affine := make([]loop, 3) // loops over a run, for operands 1 and 2
	for i := 1; i < len(n.in); i++ {
		if !n.has(i) {
			continue
		}
		if shape, err := broadcast(inner, n.in[i].shape); err != nil || !slices.Equal(shape, inner) {
			n.fail("operand %d of shape %v does not broadcast to %v", i, n.in[i].shape, inner)
		}
		affine[i] = loop{shape: inner, strides: [][]int{strides(inner), stretch(n.in[i].shape, inner)}}
	}
	run := count(inner)
	y := n.like(x, func(out any, in []any) {
		scale, shift := make([]float32, run), make([]float32, run)
		affine[1].move(scale, in[1])
		if len(in) > 2 && in[2] != nil {
			affine[2].move(shift, in[2])
		}
		standardise(floats(out), floats(in[0]), run, eps, scale, shift, func(_, i int) int { return i })
	})
	kept := slices.Clone(x)
	for i := from; i < len(kept); i++ {
		kept[i] = 1
	}
	statistic := func(pick func(mean, inverse float64) float64) []result {
		return single(onnx.Float32, kept, func(out any, in []any) {
			x := floats(in[0])
			for r := range floats(out) {
				floats(out)[r] = float32(pick(moments(x[r*run:(r+1)*run], eps)))
			}
		})
	}
	return slices.Concat(y,
		statistic(func(mean, _ float64) float64 { return mean }),
		statistic(func(_, inverse float64) float64 { return inverse }))
}

// groupNormalization standardises groups of channels. Scale and shift have one entry per group up to opset 20, and one
// per channel from opset 21.
func groupNormalization(n *node) []result {
	eps := float64(n.number("epsilon", 1e-5))
	only(n, "stash_type", int64(1))
	groups := n.integer("num_groups", 0)
	n.floatOperands(3, 3)
	x := n.in[0].shape
	if len(x) < 2 || groups < 1 || x[1]%groups != 0 {
		n.fail("%d groups do not fit shape %v", groups, x)
	}
	each := 1 // channels that share scale and shift
	if n.opset < 21 {
		each = x[1] / groups
	}
	for _, s := range n.shapes()[1:] {
		if !slices.Equal(s, []int{x[1] / each}) {
			n.fail("shapes %v do not fit", n.shapes())
		}
	}
	channels, plane := x[1]/groups, count(x[2:])
	run := channels * plane
	return n.like(x, func(out any, in []any) {
		standardise(floats(out), floats(in[0]), run, eps, floats(in[1]), floats(in[2]), func(r, i int) int { return (r%groups*channels + i/plane) / each })
	})
}

// batchNormalization applies stored statistics or, in training mode, those of the batch.
func batchNormalization(n *node) []result {
	eps, momentum := float64(n.number("epsilon", 1e-5)), float64(n.number("momentum", 0.9))
	training := n.integer("training_mode", 0) != 0
	if n.opset < 9 {
		only(n, "spatial", int64(1))
	}
	n.notTraining()
	n.floatOperands(5, 5)
	x := n.in[0].shape
	for _, s := range n.shapes()[1:] {
		if len(x) < 2 || !slices.Equal(s, x[1:2]) {
			n.fail("shapes %v do not fit", n.shapes())
		}
	}
	channels, plane := x[1], count(x[2:])
	// statistics returns mean and variance of a channel.
	statistics := func(x []float32, c int) (mean, variance float64) {
		runs := len(x) / plane / channels
		each := func(f func(v float64)) {
			for r := range runs {
				for _, v := range x[(r*channels+c)*plane:][:plane] {
					f(float64(v))
				}
			}
		}
		each(func(v float64) { mean += v })
		mean /= float64(runs * plane)
		each(func(v float64) { variance += (v - mean) * (v - mean) })
		return mean, variance / float64(runs*plane)
	}
	results := n.like(x, func(out any, in []any) {
		y, x, scale, shift := floats(out), floats(in[0]), floats(in[1]), floats(in[2])
		factor, mean := make([]float64, channels), make([]float64, channels)
		for c := range channels {
			m, variance := float64(floats(in[3])[c]), float64(floats(in[4])[c])
			if training {
				m, variance = statistics(x, c)
			}
			mean[c], factor[c] = m, float64(scale[c])/math.Sqrt(variance+eps)
		}
		parallel(len(y), 1, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				c := i / plane % channels
				y[i] = float32((float64(x[i])-mean[c])*factor[c] + float64(shift[c]))
			}
		})
	})
	if !training {
		return results
	}
	running := func(operand int, pick func(mean, variance float64) float64) []result {
		return single(n.in[operand].dtype, x[1:2], func(out any, in []any) {
			for c, old := range floats(in[operand]) {
				floats(out)[c] = float32(momentum*float64(old) + (1-momentum)*pick(statistics(floats(in[0]), c)))
			}
		})
	}
	return slices.Concat(results,
		running(3, func(mean, _ float64) float64 { return mean }),
		running(4, func(_, variance float64) float64 { return variance }))
}

// softmax is exp(x)/sum(exp(x)) along one axis, or its logarithm. Up to opset 12 the sum is over all axes from axis on.
func softmax(logarithm bool) operator {
	return func(n *node) []result {
		axis := -1
		if n.opset < 13 {
			axis = 1
		}
		axis = n.integer("axis", axis)
		n.floatOperands(1, 1)
		x := n.in[0].shape
		axis = n.axis(axis, len(x))
		length, step := x[axis], count(x[axis+1:])
		if n.opset < 13 {
			length, step = length*step, 1
		}
		return n.like(x, func(out any, in []any) {
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
						v := float64(x[from+i*step]) - largest
						if logarithm {
							y[from+i*step] = float32(v - math.Log(sum))
						} else {
							y[from+i*step] = float32(math.Exp(v) / sum)
						}
					}
				}
			})
		})
	}
}

// lpNormalization divides by the 1-norm or 2-norm along an axis.
func lpNormalization(n *node) []result {
	axis, p := n.integer("axis", -1), n.integer("p", 2)
	n.floatOperands(1, 1)
	x := n.in[0].shape
	axis = n.axis(axis, len(x))
	if p != 1 && p != 2 {
		n.fail("p=%d is not supported", p)
	}
	length, step := x[axis], count(x[axis+1:])
	return n.like(x, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		for r := range len(y) / length {
			from := r/step*step*length + r%step
			sum := 0.0
			for i := range length {
				sum += math.Pow(math.Abs(float64(x[from+i*step])), float64(p))
			}
			norm := math.Pow(sum, 1/float64(p))
			for i := range length {
				if y[from+i*step] = 0; norm > 0 {
					y[from+i*step] = float32(float64(x[from+i*step]) / norm)
				}
			}
		}
	})
}
