package conv

import "multiscale/pkg/kernel/lanes"

// In images of a few pixels, a row is too short to fill a group of a Product, and most
// taps fall outside the image. A group is therefore the same pixel of several images,
// and each pixel uses only the taps that fall inside the image: 4 of 9 in a corner.

// tinyPixels is the largest number of pixels of an image that is computed this way.
const tinyPixels = 9

// tiny reports whether r consists of whole images of at most tinyPixels pixels, at least
// a group of them, and the slack behind the window of the input can hold the images by
// which the last group may exceed r.
func tiny(k *lanes.Kernels, r rectangle, output, input planes, channels int) bool {
	return output.h*output.w <= tinyPixels && r.rows == output.h && r.cols == output.w &&
		r.images >= k.Group && (k.Group-1)*input.h*input.w*width(k, channels) <= slack
}

// whole returns the part of the input that tiny images depend on: the whole images,
// without padding.
func (r rectangle) whole(input planes) rectangle {
	return rectangle{r.image, r.images, 0, input.h, 0, input.w}
}

// holds reports whether the pixel (row, col) lies inside a plane.
func (p planes) holds(row, col int) bool { return row >= 0 && row < p.h && col >= 0 && col < p.w }

// directTiny is direct for tiny images.
func (j *correlation) directTiny(s *scratch, r rectangle, first, last int) {
	k, f, w := j.kernels, j.form, &s.window
	w.plan(k, r.whole(j.from), f.from)
	w.gather(k, s, j.x, j.from, 0)
	image := r.rows * r.cols * f.width // sums of an image
	s.sums = grow(s.sums, ceil(r.images, k.Group)*k.Group*image+k.Lanes*f.width)
	p := &s.product
	p.ARow, p.CRow = p.ARow[:0], p.CRow[:0]
	for m := 0; m < r.images; m += k.Group {
		p.ARow, p.CRow = append(p.ARow, w.at(m, 0, 0)), append(p.CRow, m*image)
	}
	s.pixels = s.pixels[:0]
	for i := range r.rows {
		for c := range r.cols {
			s.pixels = append(s.pixels, pixel{row: i, col: c, a: w.at(0, i, c), c: (i*r.cols + c) * f.width})
		}
	}
	for b := first; b < last; b++ {
		p.CStep, p.AStep = image, w.at(1, 0, 0)
		j.sweep(s, &f.classes[0], b, ceil(min(f.width, f.to-b*f.width), k.Lanes), s.pixels)
		j.scatter(s, r, r.rows, r.cols, b)
	}
}

// tiny reports whether the images of r are computed this way. Every tap must fall inside
// the image for at least one pixel, since its sum needs a segment.
func (j *weightJob) tiny(r rectangle, channels int) bool {
	s, in := j.shape, j.shape.input()
	return s.Stride == 1 && min(in.h, in.w) > s.Kernel-1-s.Padding && tiny(j.kernels, r, j.shape.output(), in, channels)
}

// tinyTaps sets up the product for the sum over all images of a rectangle. It returns
// the segments of tap t: one for every pixel for which the tap falls inside the image.
func (j *weightJob) tinyTaps(s *scratch, r rectangle, t int) []lanes.Segment {
	w, g, p := &s.window, &s.second, &s.product
	p.K, p.AInner, p.BInner = r.images, g.at(1, 0, 0), w.at(1, 0, 0)
	row, col := t/j.shape.Kernel-j.shape.Padding, t%j.shape.Kernel-j.shape.Padding
	s.segments = s.segments[:0]
	for i := range r.rows {
		for c := range r.cols {
			if j.shape.input().holds(i+row, c+col) {
				s.segments = append(s.segments, lanes.Segment{A: g.at(0, i, c), B: w.at(0, i+row, c+col)})
			}
		}
	}
	return s.segments
}
