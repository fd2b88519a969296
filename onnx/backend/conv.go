package backend

import "slices"

// pixels is the number of output pixels in one part of a convolution. gonum's matrix product
// is fastest on rows that fit into the first-level cache.
const pixels = 192

// maxDepth bounds the number of elements of a kernel, which is also the length of a column.
const maxDepth = 1 << 20

// conv computes a convolution as a matrix product of the kernels with the image's columns (im2col).
func conv(n *node) []result {
	groups := n.integer("group", 1)
	n.floatOperands(2, 3)
	x, k := n.in[0].shape, n.in[1].shape
	if len(x) < 3 || len(x) != len(k) || groups < 1 || k[0]%groups != 0 || x[1] != k[1]*groups {
		n.fail("kernels of shape %v do not fit an image of shape %v in %d groups", k, x, groups)
	}
	if n.has(2) && !slices.Equal(n.in[2].shape, []int{k[0]}) {
		n.fail("bias of shape %v, want [%d]", n.in[2].shape, k[0])
	}
	w := n.window(x[2:], k[2:], false)
	in, out := x[1]/groups, k[0]/groups // channels per group
	depth := in * volume(w.kernel)
	if depth > maxDepth {
		n.fail("kernels of %d elements are %w", depth, ErrTooLarge)
	}
	n.work(append(w.shape(x[0], k[0]), depth)...)
	area, plane := volume(w.out), volume(w.in)
	blocks := (area + pixels - 1) / pixels
	return n.like(w.shape(x[0], k[0]), func(result any, data []any) {
		y, x, kernels, bias := floats(result), floats(data[0]), floats(data[1]), []float32(nil)
		if len(data) > 2 {
			bias = floats(data[2])
		}
		work := len(y) / (out * area) * blocks // one part per image, group and block
		parallel(work, grain, func(lo, hi int) {
			var buffer []float32
			for i := lo; i < hi; i++ {
				image, from := i/blocks, i%blocks*pixels
				to := min(area, from+pixels)
				group := image % groups
				src := x[image*in*plane:]
				dst := y[image*out*area:]
				for o := range out {
					row := dst[o*area+from : o*area+to]
					for p := range row {
						row[p] = 0
						if bias != nil {
							row[p] = bias[group*out+o]
						}
					}
				}
				columns, stride := src[from:], plane
				if !w.plain() {
					if buffer == nil {
						buffer = make([]float32, depth*pixels)
					}
					columns, stride = buffer, to-from
					for r := range depth {
						c, k := r/volume(w.kernel), at(r%volume(w.kernel), w.kernel)
						w.columns(buffer[r*stride:(r+1)*stride], src[c*plane:(c+1)*plane], k, from, to)
					}
				}
				multiply(dst[from:], kernels[group*out*depth:], columns, out, to-from, depth, area, depth, stride, false, false, 1, 1)
			}
		})
	})
}

// convTranspose is the adjoint of a convolution: each input pixel adds a multiple of the kernel to the output.
func convTranspose(n *node) []result {
	groups := n.integer("group", 1)
	n.floatOperands(2, 3)
	x, k := n.in[0].shape, n.in[1].shape
	if len(x) < 3 || len(x) != len(k) || groups < 1 || x[1] != k[0] || k[0]%groups != 0 {
		n.fail("kernels of shape %v do not fit an image of shape %v in %d groups", k, x, groups)
	}
	if n.has(2) && !slices.Equal(n.in[2].shape, []int{k[1] * groups}) {
		n.fail("bias of shape %v, want [%d]", n.in[2].shape, k[1]*groups)
	}
	w := n.transposedWindow(x[2:], k[2:])
	in, out := k[0]/groups, k[1] // channels per group
	taps, plane := volume(w.kernel), volume(w.in)
	n.work(x[0], out*groups, in, taps, plane)
	width, rows := w.out[2], w.out[0]*w.out[1]
	return n.like(w.shape(x[0], out*groups), func(result any, data []any) {
		y, x, kernels, bias := floats(result), floats(data[0]), floats(data[1]), []float32(nil)
		if len(data) > 2 {
			bias = floats(data[2])
		}
		parallel(len(y)/width, in*taps*w.in[2], func(lo, hi int) {
			sums := make([]float64, width)
			for i := lo; i < hi; i++ { // one row of the output
				image, channel, row := i/rows/(out*groups), i/rows%(out*groups), i%rows
				clear(sums)
				if bias != nil {
					for p := range sums {
						sums[p] = float64(bias[channel])
					}
				}
				for c := channel / out * in; c < (channel/out+1)*in; c++ {
					src := x[(image*in*groups+c)*plane:][:plane]
					w.spread(sums, src, kernels[(c*out+channel%out)*taps:][:taps], row)
				}
				for p, s := range sums {
					y[i*width+p] = float32(s)
				}
			}
		})
	})
}

// transposedWindow returns the window of the convolution whose adjoint is computed, with in and out exchanged: in is the
// shape that is read, out the shape that is written.
func (n *node) transposedWindow(in, kernel []int) (w window) {
	extra, asked := n.integers("output_padding"), n.integers("output_shape")
	m := n.moves(len(in), kernel)
	if extra == nil {
		extra = make([]int, len(in))
	}
	if len(asked) == len(in)+2 { // some exporters include batch and channels
		asked = asked[2:]
	}
	if len(extra) != len(in) || (asked != nil && len(asked) != len(in)) {
		n.fail("output_padding=%v, output_shape=%v for %d spatial dimensions", extra, asked, len(in))
	}
	w.rank = len(in)
	for i := range spatial {
		w.in[i], w.out[i], w.kernel[i], w.stride[i], w.dilation[i] = 1, 1, 1, 1, 1
	}
	for i, d := range in {
		if d < 1 || d > maxElements || extra[i] < 0 || extra[i] > maxElements {
			n.fail("output_padding=%v is not valid for an image of %v", extra, in)
		}
		full := m.strides[i]*(d-1) + extra[i] + m.dilations[i]*(m.kernel[i]-1) + 1
		before, after := m.pads[i], m.pads[w.rank+i]
		switch {
		case asked != nil:
			before, after = halves(max(0, full-asked[i]), m.pad == "SAME_UPPER")
		case m.pad == "SAME_UPPER" || m.pad == "SAME_LOWER":
			before, after = halves(max(0, full-m.strides[i]*d), m.pad == "SAME_UPPER")
		case m.pad == "VALID":
			before, after = 0, 0
		}
		out := full - before - after
		switch {
		case asked != nil:
			out = asked[i]
		case m.pad == "SAME_UPPER" || m.pad == "SAME_LOWER":
			out = m.strides[i] * d
		}
		if out < 1 {
			n.fail("nothing is left of an image of %v with pads %v", in, m.pads)
		}
		k := spatial - w.rank + i
		w.in[k], w.out[k], w.kernel[k], w.stride[k], w.dilation[k] = d, out, m.kernel[i], m.strides[i], m.dilations[i]
		w.before[k], w.after[k] = before, after
	}
	return w
}

// spread adds to a row of the output the products of one input plane with the kernel.
func (w window) spread(sums []float64, src, kernel []float32, row int) {
	for k0 := range w.kernel[0] {
		z, ok := w.origin(row/w.out[1], k0, 0)
		if !ok {
			continue
		}
		for k1 := range w.kernel[1] {
			y, ok := w.origin(row%w.out[1], k1, 1)
			if !ok {
				continue
			}
			line := src[(z*w.in[1]+y)*w.in[2]:][:w.in[2]]
			for k2 := range w.kernel[2] {
				weight := float64(kernel[(k0*w.kernel[1]+k1)*w.kernel[2]+k2])
				to := k2*w.dilation[2] - w.before[2]
				for _, v := range line {
					if to >= 0 && to < len(sums) {
						sums[to] += weight * float64(v)
					}
					to += w.stride[2]
				}
			}
		}
	}
}

// origin returns the input position along axis a that kernel element k maps to output position o, and whether there is
// one.
func (w window) origin(o, k, a int) (int, bool) {
	p := o + w.before[a] - k*w.dilation[a]
	return p / w.stride[a], p >= 0 && p%w.stride[a] == 0 && p/w.stride[a] < w.in[a]
}
