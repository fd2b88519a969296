package backend

import "slices"

// spatial is the largest number of spatial dimensions. Windows with fewer have leading dimensions of length one.
const spatial = 3

// window describes how the kernel of a convolution or pooling moves over a volume. Fields are indexed by spatial axis,
// innermost last.
type window struct {
	rank     int // of the window, 1 to 3
	in, out  [spatial]int
	kernel   [spatial]int
	stride   [spatial]int
	dilation [spatial]int
	before   [spatial]int // padding
	after    [spatial]int
}

// moves has the attributes that all windows have.
type moves struct {
	kernel, strides, dilations, pads []int
	pad                              string // auto_pad
}

// moves reads the attributes. If kernel is nil, the attribute kernel_shape has the kernel's shape.
func (n *node) moves(rank int, kernel []int) (m moves) {
	m.pad = n.text("auto_pad", "NOTSET")
	declared := n.integers("kernel_shape")
	if m.kernel = kernel; kernel == nil {
		m.kernel = declared
	}
	if rank < 1 || rank > spatial || len(m.kernel) != rank || (declared != nil && !slices.Equal(declared, m.kernel)) {
		n.fail("a kernel of shape %v (kernel_shape %v) over %d spatial dimensions is not supported (1 to %d are)", m.kernel, declared, rank, spatial)
	}
	if !slices.Contains([]string{"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}, m.pad) {
		n.fail("auto_pad=%s is not supported", m.pad)
	}
	all := func(name string, length, smallest int) []int {
		v := n.integers(name)
		if v == nil {
			v = slices.Repeat([]int{smallest}, length)
		}
		if len(v) != length || slices.Min(v) < smallest || slices.Max(v) > maxElements {
			n.fail("%s=%v is not valid for %d spatial dimensions", name, v, rank)
		}
		return v
	}
	m.strides, m.dilations, m.pads = all("strides", rank, 1), all("dilations", rank, 1), all("pads", 2*rank, 0)
	if slices.Min(m.kernel) < 1 || slices.Max(m.kernel) > maxElements {
		n.fail("a kernel of shape %v is not valid", m.kernel)
	}
	return m
}

// window returns the window of a kernel over the spatial dimensions in. If ceil is set, the number of outputs is
// rounded up.
func (n *node) window(in, kernel []int, ceil bool) (w window) {
	m := n.moves(len(in), kernel)
	w.rank = len(in)
	lead := spatial - w.rank
	for i := range spatial {
		w.in[i], w.out[i], w.kernel[i], w.stride[i], w.dilation[i] = 1, 1, 1, 1, 1
	}
	for i, d := range in {
		extent := m.dilations[i]*(m.kernel[i]-1) + 1
		before, after := m.pads[i], m.pads[w.rank+i]
		switch m.pad {
		case "VALID":
			before, after = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			out := (d + m.strides[i] - 1) / m.strides[i]
			before, after = halves(max(0, (out-1)*m.strides[i]+extent-d), m.pad == "SAME_UPPER")
		}
		room := d + before + after - extent
		if room < 0 || d < 1 {
			n.fail("a kernel of shape %v does not fit into %v with pads %v", m.kernel, in, m.pads)
		}
		out := room/m.strides[i] + 1
		// With ceil_mode the last window may reach beyond the end, but must not begin there.
		if last := out * m.strides[i]; ceil && room%m.strides[i] > 0 && last < d+before {
			out++
		}
		k := lead + i
		w.in[k], w.out[k], w.kernel[k], w.stride[k], w.dilation[k] = d, out, m.kernel[i], m.strides[i], m.dilations[i]
		w.before[k], w.after[k] = before, after
	}
	return w
}

// halves divides padding into two parts. If it is odd, largerAfter selects the larger one.
func halves(total int, largerAfter bool) (before, after int) {
	if largerAfter {
		return total / 2, total - total/2
	}
	return total - total/2, total / 2
}

// shape returns the shape of the result for n images with c channels.
func (w window) shape(n, c int) []int {
	return append([]int{n, c}, w.out[spatial-w.rank:]...)
}

func volume(d [spatial]int) int { return d[0] * d[1] * d[2] }

// plain reports whether the columns of a volume are the volume itself.
func (w window) plain() bool {
	return volume(w.kernel) == 1 && volume(w.stride) == 1 && w.in == w.out && w.before == [spatial]int{}
}

// at converts a position in C order to indices.
func at(i int, d [spatial]int) [spatial]int {
	return [spatial]int{i / (d[1] * d[2]), i / d[2] % d[1], i % d[2]}
}

// columns writes the elements of a volume under kernel element k, for output positions lo to hi-1. Padding is 0.
func (w window) columns(dst, src []float32, k [spatial]int, lo, hi int) {
	for p := lo; p < hi; {
		o := at(p, w.out)
		last := min(w.out[2], o[2]+hi-p)
		d := dst[p-lo : p-lo+last-o[2]]
		p += last - o[2]
		z := o[0]*w.stride[0] - w.before[0] + k[0]*w.dilation[0]
		y := o[1]*w.stride[1] - w.before[1] + k[1]*w.dilation[1]
		if z < 0 || z >= w.in[0] || y < 0 || y >= w.in[1] {
			clear(d)
			continue
		}
		row := src[(z*w.in[1]+y)*w.in[2]:][:w.in[2]]
		x := o[2]*w.stride[2] - w.before[2] + k[2]*w.dilation[2]
		for i := range d {
			if x < 0 || x >= w.in[2] {
				d[i] = 0
			} else {
				d[i] = row[x]
			}
			x += w.stride[2]
		}
	}
}

// each calls f with the positions of the volume that the window at o covers. padded is their number including positions
// in the padding, but without those that ceil_mode adds beyond it.
func (w window) each(o [spatial]int, f func(i int)) (padded int) {
	var from [spatial]int
	for a := range spatial {
		from[a] = o[a]*w.stride[a] - w.before[a]
	}
	for k0 := range w.kernel[0] {
		z := from[0] + k0*w.dilation[0]
		for k1 := range w.kernel[1] {
			y := from[1] + k1*w.dilation[1]
			for k2 := range w.kernel[2] {
				x := from[2] + k2*w.dilation[2]
				if z >= w.in[0]+w.after[0] || y >= w.in[1]+w.after[1] || x >= w.in[2]+w.after[2] {
					continue
				}
				padded++
				if z >= 0 && z < w.in[0] && y >= 0 && y < w.in[1] && x >= 0 && x < w.in[2] {
					f((z*w.in[1]+y)*w.in[2] + x)
				}
			}
		}
	}
	return padded
}
