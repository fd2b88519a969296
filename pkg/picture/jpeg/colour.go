package jpeg

import "bytes"

// picture enlarges the components to full size and converts them to grey or RGB.
func (d *decoder) picture() (*Picture, error) {
	if d.scans == 0 {
		return nil, errCut
	}
	smooth := d.progressive && d.lacksDetail()
	for _, c := range d.comps {
		switch {
		case c.quant == nil: // no scan has this component
			c.pix = bytes.Repeat([]byte{128}, 64*c.blocks)
		case d.progressive:
			if smooth {
				c.smooth()
			}
			c.transform()
		}
	}
	w, h, n := d.header.W, d.header.H, len(d.comps)
	p := &Picture{W: w, H: h, Inks: n == 4, Unended: d.unended, Partial: !d.complete()}
	if n == 1 {
		p.Planes = [][]uint8{make([]uint8, w*h)}
	} else {
		all := make([]uint8, 3*w*h)
		p.Planes = [][]uint8{all[:w*h], all[w*h : 2*w*h], all[2*w*h:]}
	}
	ycc := n == 3 && d.isYCC() || n == 4 && d.adobe && d.transform != 0
	lines := make([]line, n)
	for y := range h {
		var rows [4][]uint8
		for i, c := range d.comps {
			rows[i] = lines[i].at(d, c, y)[:w]
		}
		var out [3][]uint8
		for i := range p.Planes {
			out[i] = p.Planes[i][y*w:][:w]
		}
		switch {
		case n == 1:
			copy(out[0], rows[0])
		case ycc:
			fromYCC(out[0], out[1], out[2], rows[0], rows[1], rows[2])
		default:
			for i := range out {
				copy(out[i], rows[i])
			}
		}
		if n == 4 {
			for i := range out {
				light(out[i], rows[3], ycc)
			}
		}
	}
	return p, nil
}

// isYCC reports whether three components are YCbCr, by libjpeg's rules.
func (d *decoder) isYCC() bool {
	switch {
	case d.colour != Marked:
		return d.colour == YCbCr
	case d.jfif:
		return true
	case d.adobe:
		return d.transform != 0
	}
	return d.comps[0].id != 'R' || d.comps[1].id != 'G' || d.comps[2].id != 'B'
}

// light multiplies the light that an ink transmits by the light that black transmits.
// Values in CMYK files, with Adobe's marker or without, are inverted inks, that is, light.
// In YCCK files they are the ink; ink must then be set.
func light(v, black []uint8, ink bool) {
	for i, k := range black {
		l := uint32(v[i])
		if ink {
			l = 255 - l
		}
		v[i] = uint8((l*uint32(k) + 127) / 255)
	}
}

// transform dequantises and transforms all blocks of a progressive file. For sequential
// files decodeBlock does this block by block.
func (c *component) transform() {
	c.pix = make([]uint8, 64*len(c.coef))
	var block [64]int32
	for at := range c.coef {
		for k, z := range zigzag {
			block[z] = int32(c.coef[at][z]) * int32(c.quant[k])
		}
		idct(&block, c.pix[at/c.stride*64*c.stride+at%c.stride*8:], 8*c.stride)
	}
	c.coef = nil
}

// line enlarges rows of a component to full size.
type line struct {
	row []uint8
	sum []int32 // weighted sum of two rows
}

// at returns row y of the picture. Components of half the size are interpolated by a
// triangle filter with weights 3/4 and 1/4, which rounds up and down alternately; for
// other ratios, and widths of one or two samples, samples are repeated. This is libjpeg's
// "fancy upsampling".
func (l *line) at(d *decoder, c *component, y int) []uint8 {
	across, down := d.maxH/c.h, d.maxV/c.v
	stride := 8 * c.stride
	source := func(row int) []uint8 { return c.pix[min(max(row, 0), c.rows-1)*stride:][:c.w] }
	near := source(y / down)
	if across == 1 && down == 1 {
		return near
	}
	if l.row == nil {
		l.row, l.sum = make([]uint8, c.w*across), make([]int32, c.w)
	}
	other := y/down + 1
	if y%2 == 0 {
		other = y/down - 1
	}
	switch {
	case across == 2 && down == 1 && c.w > 2:
		for x, v := range near {
			l.sum[x] = int32(v)
		}
		l.double(1, 2, 2)
	case across == 2 && down == 2 && c.w > 2:
		for x, v := range source(other) {
			l.sum[x] = 3*int32(near[x]) + int32(v)
		}
		l.double(8, 7, 4)
	case across == 1 && down == 2:
		round := int32(1 + y%2)
		for x, v := range source(other) {
			l.row[x] = uint8((3*int32(near[x]) + int32(v) + round) >> 2)
		}
	default:
		for x, v := range near {
			for k := range across {
				l.row[x*across+k] = v
			}
		}
	}
	return l.row
}

// double writes two samples for each sum: the left one interpolates with the sum to the
// left, the right one with the sum to the right. The arguments left and right are added
// before the shift, for rounding.
func (l *line) double(left, right int32, shift uint) {
	last := len(l.sum) - 1
	for x, v := range l.sum {
		l.row[2*x] = uint8((3*v + l.sum[max(x-1, 0)] + left) >> shift)
		l.row[2*x+1] = uint8((3*v + l.sum[min(x+1, last)] + right) >> shift)
	}
}

// fromYCC converts YCbCr to RGB as JFIF specifies, with libjpeg's rounding.
func fromYCC(r, g, b, y, cb, cr []uint8) {
	cb, cr, r, g, b = cb[:len(y)], cr[:len(y)], r[:len(y)], g[:len(y)], b[:len(y)]
	for i, v := range y {
		v, u, w := int32(v), int32(cb[i])-128, int32(cr[i])-128
		const half = 1 << 15
		r[i] = clamp(v + (91881*w+half)>>16)
		g[i] = clamp(v + (-22554*u-46802*w+half)>>16)
		b[i] = clamp(v + (116130*u+half)>>16)
	}
}
