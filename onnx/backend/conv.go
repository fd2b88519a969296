package backend

import (
	"slices"

	"gorgonia.org/tensor"
)

// window is how a kernel of a convolution or pooling moves over a plane. One-dimensional
// signals are planes of height one.
type window struct {
	h, w           int // of the input plane
	kh, kw         int
	strideH        int
	strideW        int
	top, left      int // padding before; what follows is in oh and ow
	dilateH        int
	dilateW        int
	oh, ow         int
	oneDimensional bool
}

// window reads the attributes; spatial are the input's spatial dimensions and kernel the
// kernel's.
func (n *node) window(spatial, kernel []int) (w window) {
	rank := len(spatial)
	only(n, "auto_pad", "NOTSET")
	declared := n.integers("kernel_shape")
	if kernel == nil {
		kernel = declared
	}
	all := func(name string, length, fallback int) []int {
		v := n.integers(name)
		if v == nil {
			v = slices.Repeat([]int{fallback}, length)
		}
		if len(v) != length || slices.Min(v) < fallback {
			n.fail("%s=%v is not valid for %d spatial dimensions", name, v, rank)
		}
		return v
	}
	if rank < 1 || rank > 2 || len(kernel) != rank || (declared != nil && !slices.Equal(declared, kernel)) {
		n.fail("a kernel of shape %v (kernel_shape %v) over %v is not supported", kernel, declared, spatial)
		return w
	}
	strides, dilations, pads := all("strides", rank, 1), all("dilations", rank, 1), all("pads", 2*rank, 0)
	if n.err != nil {
		return w
	}
	if rank == 1 {
		w.oneDimensional = true
		spatial, kernel = []int{1, spatial[0]}, []int{1, kernel[0]}
		strides, dilations = []int{1, strides[0]}, []int{1, dilations[0]}
		pads = []int{0, pads[0], 0, pads[1]}
	}
	w.h, w.w, w.kh, w.kw = spatial[0], spatial[1], kernel[0], kernel[1]
	w.strideH, w.strideW, w.dilateH, w.dilateW = strides[0], strides[1], dilations[0], dilations[1]
	w.top, w.left = pads[0], pads[1]
	w.oh = (w.h+pads[0]+pads[2]-w.dilateH*(w.kh-1)-1)/w.strideH + 1
	w.ow = (w.w+pads[1]+pads[3]-w.dilateW*(w.kw-1)-1)/w.strideW + 1
	if w.kh < 1 || w.kw < 1 || w.h+pads[0]+pads[2] <= w.dilateH*(w.kh-1) || w.w+pads[1]+pads[3] <= w.dilateW*(w.kw-1) {
		n.fail("a kernel of shape %v does not fit into %v with pads %v", kernel, spatial, pads)
	}
	return w
}

// shape is that of the result for n images of c channels.
func (w window) shape(n, c int) []int {
	if w.oneDimensional {
		return []int{n, c, w.ow}
	}
	return []int{n, c, w.oh, w.ow}
}

// plain tells that the columns of a plane are the plane itself.
func (w window) plain() bool {
	return w.kh == 1 && w.kw == 1 && w.strideH == 1 && w.strideW == 1 && w.oh == w.h && w.ow == w.w && w.top == 0 && w.left == 0
}

// columns writes what kernel element (u,v) sees of a plane, for the output pixels
// lo to hi.
func (w window) columns(dst, plane []float32, u, v, lo, hi int) {
	for p := lo; p < hi; {
		row, first := p/w.ow, p%w.ow
		last := min(w.ow, first+hi-p)
		d := dst[p-lo : p-lo+last-first]
		p += last - first
		y := row*w.strideH - w.top + u*w.dilateH
		if y < 0 || y >= w.h {
			clear(d)
			continue
		}
		for i := range d {
			x := (first+i)*w.strideW - w.left + v*w.dilateW
			if x < 0 || x >= w.w {
				d[i] = 0
			} else {
				d[i] = plane[y*w.w+x]
			}
		}
	}
}

// pixels is how many output pixels of a convolution are one piece of work. gonum's product
// is fastest on rows that fit into the first-level cache.
const pixels = 192

// conv is a convolution as a matrix product of the kernels with the columns of the image.
func conv(n *node) []result {
	groups := n.integer("group", 1)
	if !n.operands(2, 3) || !n.float(0, 1, 2) {
		return nil
	}
	x, k := n.in[0].shape, n.in[1].shape
	if len(x) < 3 || len(x) != len(k) || groups < 1 || k[0]%groups != 0 || x[1] != k[1]*groups {
		n.fail("kernels of shape %v do not fit an image of shape %v in %d groups", k, x, groups)
		return nil
	}
	if n.has(2) && !slices.Equal(n.in[2].shape, []int{k[0]}) {
		n.fail("bias of shape %v, want [%d]", n.in[2].shape, k[0])
	}
	w := n.window(x[2:], k[2:])
	if n.err != nil {
		return nil
	}
	in, out := x[1]/groups, k[0]/groups // channels of a group
	depth := in * w.kh * w.kw
	area, plane := w.oh*w.ow, w.h*w.w
	blocks := (area + pixels - 1) / pixels
	return single(tensor.Float32, w.shape(x[0], k[0]), func(result any, data []any) {
		y, x, kernels, bias := floats(result), floats(data[0]), floats(data[1]), []float32(nil)
		if len(data) > 2 {
			bias = floats(data[2])
		}
		work := len(y) / (out * area) * blocks // images, groups, blocks
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
						c, u, v := r/(w.kh*w.kw), r/w.kw%w.kh, r%w.kw
						w.columns(buffer[r*stride:(r+1)*stride], src[c*plane:(c+1)*plane], u, v, from, to)
					}
				}
				multiply(dst[from:], kernels[group*out*depth:], columns, out, to-from, depth, area, depth, stride, false, false, 1, 1)
			}
		})
	})
}

// pool reduces each window of a plane to its mean or its largest element.
func pool(average bool) operator {
	return func(n *node) []result {
		only(n, "ceil_mode", int64(0))
		padded := false
		if average {
			padded = n.integer("count_include_pad", 0) != 0
		} else {
			only(n, "storage_order", int64(0))
		}
		if !n.operands(1, 1) || !n.float(0) {
			return nil
		}
		x := n.in[0].shape
		if len(x) < 3 {
			n.fail("shape %v is not that of an image", x)
			return nil
		}
		w := n.window(x[2:], nil)
		if n.err != nil {
			return nil
		}
		return single(tensor.Float32, w.shape(x[0], x[1]), func(out any, in []any) {
			y, x := floats(out), floats(in[0])
			area, plane := w.oh*w.ow, w.h*w.w
			parallel(len(y), w.kh*w.kw, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					y[i] = w.reduce(x[i/area*plane:(i/area+1)*plane], i%area/w.ow, i%w.ow, average, padded)
				}
			})
		})
	}
}

func (w window) reduce(plane []float32, row, col int, average, padded bool) float32 {
	sum, seen := 0.0, 0
	var largest float32
	for u := range w.kh {
		for v := range w.kw {
			y, x := row*w.strideH-w.top+u*w.dilateH, col*w.strideW-w.left+v*w.dilateW
			if y < 0 || y >= w.h || x < 0 || x >= w.w {
				continue
			}
			p := plane[y*w.w+x]
			if seen == 0 || p > largest {
				largest = p
			}
			sum, seen = sum+float64(p), seen+1
		}
	}
	switch {
	case !average:
		return largest
	case padded:
		seen = w.kh * w.kw
	}
	return float32(sum / float64(max(1, seen)))
}
