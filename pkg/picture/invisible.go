package picture

// Seen returns planes in which the invisible pixels, whose alpha is 0, have colours that
// continue those of the visible pixels around them. Filters can then read beyond the visible
// part without a fringe. Visible pixels do not change. If all pixels are visible, the result
// is the picture's own planes.
//
// It builds a pyramid: each level has the means of the visible pixels of the finer level, and
// invisible pixels are interpolated from the coarser level.
func (d *Decoded) Seen() (pix8 [][]uint8, pix16 [][]uint16) {
	return seen(d.Pix8, d.Alpha8, d.W, d.H), seen(d.Pix16, d.Alpha16, d.W, d.H)
}

func seen[T uint8 | uint16](planes [][]T, alpha []T, w, h int) [][]T {
	missing := false
	for _, a := range alpha {
		missing = missing || a == 0
	}
	if !missing || planes == nil {
		return planes
	}
	visible := make([]bool, len(alpha))
	for i, a := range alpha {
		visible[i] = a != 0
	}
	filled := make([][]T, len(planes))
	for c, plane := range planes {
		filled[c] = append([]T(nil), plane...)
	}
	fill(filled, visible, w, h)
	return filled
}

// fill computes the values of the pixels that are not visible, in place.
func fill[T uint8 | uint16](planes [][]T, visible []bool, w, h int) {
	missing := false
	for _, v := range visible {
		missing = missing || !v
	}
	if !missing || w == 1 && h == 1 {
		return
	}
	cw, ch := (w+1)/2, (h+1)/2
	coarse, known := make([][]T, len(planes)), make([]bool, cw*ch)
	for c := range coarse {
		coarse[c] = make([]T, cw*ch)
	}
	for y := range ch {
		for x := range cw {
			var sum [rgb]int
			n := 0
			for k := range 4 {
				if fx, fy := 2*x+k%2, 2*y+k/2; fx < w && fy < h && visible[fy*w+fx] {
					for c, plane := range planes {
						sum[c] += int(plane[fy*w+fx])
					}
					n++
				}
			}
			if known[y*cw+x] = n > 0; n > 0 {
				for c := range coarse {
					coarse[c][y*cw+x] = T((sum[c] + n/2) / n)
				}
			}
		}
	}
	fill(coarse, known, cw, ch)
	for y := range h {
		near, far := y/2*cw, min(max(y/2-1+y%2*2, 0), ch-1)*cw
		for x := range w {
			if visible[y*w+x] {
				continue
			}
			left, right := x/2, min(max(x/2-1+x%2*2, 0), cw-1)
			for c, from := range coarse {
				planes[c][y*w+x] = T((9*int(from[near+left]) + 3*int(from[near+right]) + 3*int(from[far+left]) + int(from[far+right]) + 8) / 16)
			}
		}
	}
}
