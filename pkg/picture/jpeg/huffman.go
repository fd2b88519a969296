package jpeg

import "errors"

const quick = 9 // bits of a code that are looked up at once

// huffman is a table of codes.
type huffman struct {
	table  [1 << quick]uint16 // length<<8 | value; 0 where the code is longer
	values []byte
	// The codes of each length are the numbers from first to last.
	first, last [17]int32 // last is -1 where there are none
	index       [17]int32 // of the value of the first code
}

func (d *decoder) huffmanTables(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return errors.New("a Huffman table cut short")
		}
		class, id := body[0]>>4, body[0]&15
		total := 0
		for _, n := range body[1:17] {
			total += int(n)
		}
		if class > 1 || id > 3 || total > 256 || len(body) < 17+total {
			return errors.New("a bad Huffman table")
		}
		h, err := newHuffman(body[1:17], body[17:17+total])
		if err != nil {
			return err
		}
		if class == 0 {
			d.dc[id] = h
		} else {
			d.ac[id] = h
		}
		body = body[17+total:]
	}
	return nil
}

func newHuffman(counts, values []byte) (*huffman, error) {
	h := &huffman{values: append([]byte(nil), values...)}
	code, at := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		h.first[length], h.last[length], h.index[length] = code, code+n-1, at
		if n == 0 {
			h.last[length] = -1
		}
		if code+n > 1<<length {
			return nil, errors.New("a Huffman table with more codes than bits")
		}
		for i := int32(0); i < n && length <= quick; i++ {
			low := (code + i) << (quick - length)
			for k := range int32(1) << (quick - length) {
				h.table[low+k] = uint16(length)<<8 | uint16(h.values[at+i])
			}
		}
		code, at = (code+n)<<1, at+n
	}
	return h, nil
}

// bits reads the entropy-coded data of a scan. At a marker, or the end of the file,
// it goes on with zeros and counts them: whether any were used is looked at once in
// a row of MCUs, so that the loops within need no errors.
type bits struct {
	data  []byte
	pos   int
	acc   uint64
	n     uint // bits in acc
	zeros uint // of them, the last that are not from the file
	wrong bool // a code that the table does not have
}

func (b *bits) fill() {
	for b.n <= 48 {
		v := byte(0)
		if b.pos < len(b.data) && b.zeros == 0 {
			v = b.data[b.pos]
			if v == 0xff {
				next := b.pos + 1
				for next < len(b.data) && b.data[next] == 0xff {
					next++
				}
				if next < len(b.data) && b.data[next] == 0 {
					b.pos = next
				} else { // a marker
					v = 0
					b.zeros = 8
				}
			}
			if b.zeros == 0 {
				b.pos++
			}
		} else {
			b.zeros += 8
		}
		b.acc = b.acc<<8 | uint64(v)
		b.n += 8
	}
}

// short reports whether more was read than the file has.
func (b *bits) short() bool { return b.zeros > b.n }

// restart drops what is left of the interval and reads the marker.
func (b *bits) restart(number int) error {
	if b.short() {
		return errCut
	}
	b.acc, b.n, b.zeros = 0, 0, 0
	for b.pos+1 < len(b.data) && (b.data[b.pos] != 0xff || b.data[b.pos+1] == 0 || b.data[b.pos+1] == 0xff) {
		b.pos++
	}
	if b.pos+1 >= len(b.data) {
		return errCut
	}
	if b.data[b.pos+1] != rst0+byte(number&7) {
		return errors.New("a restart marker is missing")
	}
	b.pos += 2
	return nil
}

// bit returns the next bit.
func (b *bits) bit() int32 {
	if b.n == 0 {
		b.fill()
	}
	b.n--
	return int32(b.acc>>b.n) & 1
}

// take returns the next n bits, at most 16.
func (b *bits) take(n uint) int32 {
	if b.n < n {
		b.fill()
	}
	b.n -= n
	return int32(b.acc>>b.n) & (1<<n - 1)
}

// signed returns the value that n bits stand for (T.81, table F.1).
func (b *bits) signed(n uint) int32 {
	if n == 0 {
		return 0
	}
	v := b.take(n)
	if v < 1<<(n-1) {
		v += -1<<n + 1
	}
	return v
}

// symbol decodes the next code.
func (b *bits) symbol(h *huffman) byte {
	if b.n < 16 {
		b.fill()
	}
	if e := h.table[b.acc>>(b.n-quick)&(1<<quick-1)]; e != 0 {
		b.n -= uint(e >> 8)
		return byte(e)
	}
	for length := uint(quick + 1); length <= 16; length++ {
		code := int32(b.acc>>(b.n-length)) & (1<<length - 1)
		if code <= h.last[length] && code >= h.first[length] {
			b.n -= length
			return h.values[h.index[length]+code-h.first[length]]
		}
	}
	b.wrong = true
	b.n -= 16
	return 0
}
