package jpeg

import (
	"cmp"
	"errors"
)

// zigzag[k] is the index in the block of coefficient k in zigzag order.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// pass is a scan. It has some of the components, some coefficients and some of their bits.
type pass struct {
	*bits
	comps      []*component
	start, end int  // first and last coefficient
	high, low  uint // bits of successive approximation
	eobRun     int32
	block      [64]int32 // of a sequential file
}

// maxScans bounds the time, because a scan of a few bytes may visit all blocks. Programs
// write far fewer scans.
const maxScans = 500

// scan reads a scan header and the data after it.
func (d *decoder) scan(body []byte) error {
	if d.comps == nil {
		return errors.New("a scan before the frame header")
	}
	if len(body) < 1 || len(body) < 4+2*int(body[0]) || body[0] < 1 || body[0] > 4 {
		return errors.New("a bad scan header")
	}
	if d.scans++; d.scans > maxScans {
		return errors.New("too many scans")
	}
	n := int(body[0])
	tail := body[1+2*n:]
	p := &pass{start: int(tail[0]), end: int(tail[1]), high: uint(tail[2] >> 4), low: uint(tail[2] & 15)}
	if !d.progressive {
		p.start, p.end, p.high, p.low = 0, 63, 0, 0
	}
	if p.end > 63 || p.start > p.end || p.low > 13 || p.start == 0 && p.end != 0 && d.progressive || p.start > 0 && n > 1 || p.high != 0 && p.high != p.low+1 {
		return errors.New("a scan header with numbers out of range")
	}
	blocks := 0
	for i := range n {
		c := d.component(body[1+2*i])
		if c == nil {
			return errors.New("a scan of a component that is not defined")
		}
		for _, other := range p.comps {
			if other == c {
				return errors.New("a scan with a component twice")
			}
		}
		dc, ac := body[2+2*i]>>4, body[2+2*i]&15
		if dc > 3 || ac > 3 {
			return errors.New("a scan with a table out of range")
		}
		c.dc, c.ac, c.pred = d.dc[dc], d.ac[ac], 0
		if !d.progressive { // frames of Motion JPEG videos have no tables
			c.dc, c.ac = cmp.Or(c.dc, typical().dc[dc]), cmp.Or(c.ac, typical().ac[ac])
		}
		if p.start == 0 && p.high == 0 && c.dc == nil || p.end > 0 && c.ac == nil {
			return errors.New("a Huffman table is missing")
		}
		if err := d.prepare(c, p); err != nil {
			return err
		}
		p.comps = append(p.comps, c)
		blocks += c.h * c.v
	}
	if n > 1 && blocks > 10 {
		return errors.New("more than 10 blocks in an MCU")
	}
	p.bits = &bits{data: d.data, pos: d.pos}
	if err := d.mcus(p); err != nil {
		return err
	}
	d.pos = p.pos
	return nil
}

func (d *decoder) component(id byte) *component {
	for _, c := range d.comps {
		if c.id == id {
			return c
		}
	}
	return nil
}

// prepare checks that the scan continues the component's earlier scans. At the first one it
// allocates the component's memory.
func (d *decoder) prepare(c *component, p *pass) error {
	for k := p.start; k <= p.end; k++ {
		if p.high == 0 && c.left[k] >= 0 || p.high > 0 && c.left[k] != int8(p.high) {
			return errors.New("scans in a wrong order")
		}
		c.left[k] = int8(p.low)
	}
	if c.quant != nil {
		return nil
	}
	if c.quant = d.quant[c.table]; c.quant == nil {
		return errors.New("a quantisation table is missing")
	}
	// A block takes at least one bit, so a header alone cannot request much memory.
	if c.blocks > 8*len(d.data) {
		return errCut
	}
	if d.progressive {
		c.coef = make([][64]int16, c.blocks)
	} else {
		c.pix = make([]uint8, 64*c.blocks)
	}
	return nil
}

// mcus decodes the scan's data.
func (d *decoder) mcus(p *pass) error {
	across, down := d.mcusX, d.mcusY
	if len(p.comps) == 1 { // an MCU is one block, and there are no padding blocks
		across, down = ceil(p.comps[0].w, 8), ceil(p.comps[0].rows, 8)
	}
	restarts := 0
	for y := range down {
		for x := range across {
			if i := y*across + x; d.interval > 0 && i > 0 && i%d.interval == 0 {
				if err := p.restart(restarts); err != nil {
					return err
				}
				restarts++
				p.eobRun = 0
				for _, c := range p.comps {
					c.pred = 0
				}
			}
			if len(p.comps) == 1 {
				d.decodeBlock(p, p.comps[0], y*p.comps[0].stride+x)
				continue
			}
			for _, c := range p.comps {
				for v := range c.v {
					for h := range c.h {
						d.decodeBlock(p, c, (y*c.v+v)*c.stride+x*c.h+h)
					}
				}
			}
		}
		switch {
		case p.wrong:
			return errors.New("the compressed data are wrong")
		case p.short() && p.pos >= len(p.data)-1:
			return errCut
		case p.short():
			return errors.New("the compressed data end too early")
		}
	}
	return nil
}

// decodeBlock decodes the scan's part of block at of a component.
func (d *decoder) decodeBlock(p *pass, c *component, at int) {
	switch {
	case !d.progressive:
		p.sequential(c)
		idct(&p.block, c.pix[at/c.stride*64*c.stride+at%c.stride*8:], 8*c.stride)
	case p.start == 0 && p.high == 0:
		size := p.symbol(c.dc)
		if size > 15 {
			p.wrong = true
			return
		}
		c.pred += p.signed(uint(size))
		c.coef[at][0] = int16(c.pred << p.low)
	case p.start == 0:
		c.coef[at][0] |= int16(p.bit() << p.low)
	case p.high == 0:
		p.first(c, &c.coef[at])
	default:
		p.refine(c, &c.coef[at])
	}
}

// sequential decodes a block (T.81, F.2.2) and multiplies by the quantisation table.
func (p *pass) sequential(c *component) {
	p.block = [64]int32{}
	size := p.symbol(c.dc)
	if size > 15 {
		p.wrong = true
		return
	}
	c.pred += p.signed(uint(size))
	p.block[0] = c.pred * int32(c.quant[0])
	for k := 1; k < 64; k++ {
		s := p.symbol(c.ac)
		run, size := int(s>>4), uint(s&15)
		if size == 0 {
			if run < 15 {
				return
			}
			k += 15
			continue
		}
		if k += run; k > 63 {
			p.wrong = true
			return
		}
		p.block[zigzag[k]] = p.signed(size) * int32(c.quant[k])
	}
}

// first decodes the first bits of coefficients of a block (T.81, G.1.2.2).
func (p *pass) first(c *component, block *[64]int16) {
	if p.eobRun > 0 {
		p.eobRun--
		return
	}
	for k := p.start; k <= p.end; k++ {
		s := p.symbol(c.ac)
		run, size := int(s>>4), uint(s&15)
		if size == 0 {
			if run < 15 {
				p.eobRun = 1<<run + p.take(uint(run)) - 1
				return
			}
			k += 15
			continue
		}
		if k += run; k > p.end {
			p.wrong = true
			return
		}
		block[zigzag[k]] = int16(p.signed(size) << p.low)
	}
}

// refine decodes one more bit of coefficients of a block (T.81, G.1.2.3).
func (p *pass) refine(c *component, block *[64]int16) {
	bit := int16(1) << p.low
	k := p.start
	if p.eobRun == 0 {
		for ; k <= p.end; k++ {
			s := p.symbol(c.ac)
			run, size := int(s>>4), s&15
			value := int16(0)
			switch {
			case size == 0 && run < 15:
				p.eobRun = 1<<run + p.take(uint(run))
			case size > 1:
				p.wrong = true
				return
			case size == 1:
				value = -bit
				if p.bit() == 1 {
					value = bit
				}
			}
			if p.eobRun > 0 {
				break
			}
			// The run counts coefficients that are zero. Each other one takes a bit.
			for ; k <= p.end; k++ {
				at := &block[zigzag[k]]
				if *at != 0 {
					p.correct(at, bit)
				} else if run == 0 {
					*at = value
					break
				} else {
					run--
				}
			}
		}
	}
	if p.eobRun > 0 {
		for ; k <= p.end; k++ {
			if at := &block[zigzag[k]]; *at != 0 {
				p.correct(at, bit)
			}
		}
		p.eobRun--
	}
}

// correct reads the next bit of a coefficient that is not zero.
func (p *pass) correct(at *int16, bit int16) {
	if p.bit() == 0 || *at&bit != 0 {
		return
	}
	if *at > 0 {
		*at += bit
	} else {
		*at -= bit
	}
}
