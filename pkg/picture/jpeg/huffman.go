package jpeg

import (
	"encoding/hex"
	"errors"
	"sync"
)

const quick = 9 // codes of up to this many bits are decoded by one look-up

// huffman is a table of codes.
type huffman struct {
	table  [1 << quick]uint16 // length<<8 | value; 0 if the code is longer
	values []byte
	// The codes of each length are the numbers from first to last.
	first, last [17]int32 // last is -1 if there are none
	index       [17]int32 // of the first code's value
}

// huffmanTables reads the tables of a DHT segment.
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

// typicalTables are the tables of T.81, K.3.3: DC of luminance and of chrominance, then AC of both.
const typicalTables = "0000010501010101010100000000000000000102030405060708090a0b" +
	"0100030101010101010101010000000000000102030405060708090a0b" +
	"100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f024" +
	"33627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a7374" +
	"75767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9ca" +
	"d2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa" +
	"1100020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f015" +
	"6272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a73" +
	"7475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8" +
	"c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa"

// typical returns a decoder with typicalTables as tables 0 and 1.
var typical = sync.OnceValue(func() *decoder {
	body, err := hex.DecodeString(typicalTables)
	d := &decoder{}
	if err = errors.Join(err, d.huffmanTables(body)); err != nil {
		panic(err) // the constant is wrong
	}
	return d
})

// newHuffman makes a table from the number of codes of each length, 1 to 16, and the values in the order of codes.
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
// it continues with zero bits and counts them. The caller checks once per row of MCUs
// whether any were used, so that the inner loops need no error checks.
type bits struct {
	data  []byte
	pos   int
	acc   uint64
	n     uint // unread bits in acc
	zeros uint // bits appended beyond the data
	wrong bool // the data have a code that is not in the table
}

// fill appends bytes to acc until it has more than 48 bits. It removes the zero byte that is stuffed after 0xff.
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

// short reports whether more bits were read than the scan has.
func (b *bits) short() bool { return b.zeros > b.n }

// restart skips the rest of the interval and reads the restart marker.
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

// signed reads n bits and returns their value (T.81, table F.1).
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
