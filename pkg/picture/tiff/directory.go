// Package tiff reads TIFF files, and EXIF data, which consist of the same directories of
// tags.
//
// It supports grey, RGB, palette and CMYK pictures with 1 to 16 bits per sample, in strips
// or tiles, interleaved or in planes, without compression or with PackBits, LZW, Deflate,
// JPEG and the fax codes of groups 3 (one-dimensional) and 4. Files are untrusted:
// allocations are bounded by the file's size, or by the size of the picture, which the
// caller must have checked.
package tiff

import (
	"encoding/binary"
	"errors"
	"io"

	"multiscale/pkg/picture/unsupported"
)

// Tags that callers need: of TIFF 6.0, of XMP and of ICC profiles.
const (
	Orientation = 274
	XMP         = 700
	ICC         = 34675
)

const (
	subfileType     = 254
	imageWidth      = 256
	imageLength     = 257
	bitsPerSample   = 258
	compression     = 259
	photometric     = 262
	fillOrder       = 266
	stripOffsets    = 273
	samplesPerPixel = 277
	rowsPerStrip    = 278
	stripCounts     = 279
	planar          = 284
	faxOptions      = 292
	predictor       = 317
	colourMap       = 320
	tileWidth       = 322
	tileLength      = 323
	tileOffsets     = 324
	tileCounts      = 325
	extraSamples    = 338
	sampleFormat    = 339
	jpegTables      = 347
	dngVersion      = 50706
)

// Directory is a list of tags.
type Directory struct {
	r       io.ReaderAt
	order   binary.ByteOrder
	entries map[uint16]entry
	length  int // number of entries in the file, with repeated tags
}

type entry struct {
	kind  uint16
	count uint32
	value [4]byte // the value, or its offset if it is longer
}

// Bounds of a chain of directories, which may be long and share bytes.
const (
	maxPages   = 65_536
	maxEntries = 1 << 20 // entries of all directories
)

// Directories reads the chain of directories that begins in the header, at most limit of
// them unless limit is 0. The chain ends before the first directory that cannot be read; it
// is an error if that is the first one.
func Directories(r io.ReaderAt, limit int) ([]*Directory, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, cut(err)
	}
	var order binary.ByteOrder
	switch string(head[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return nil, errors.New("no TIFF header")
	}
	switch order.Uint16(head[2:]) {
	case 42:
	case 43:
		return nil, unsupported.Kind("BigTIFF")
	default:
		return nil, errors.New("no TIFF header")
	}
	if limit == 0 {
		limit = maxPages
	}
	var all []*Directory
	seen := make(map[int64]bool)
	entries := 0
	for at := int64(order.Uint32(head[4:])); at != 0 && len(all) < limit && entries < maxEntries && !seen[at]; {
		seen[at] = true
		d, next, err := readDirectory(r, order, at)
		if err != nil {
			if len(all) > 0 {
				break
			}
			return nil, err
		}
		all = append(all, d)
		entries += d.length
		at = next
	}
	if len(all) == 0 {
		return nil, errors.New("no directory")
	}
	return all, nil
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readDirectory reads the directory at an offset. next is the offset of the next one, 0 if there is none.
func readDirectory(r io.ReaderAt, order binary.ByteOrder, at int64) (d *Directory, next int64, err error) {
	var head [2]byte
	if _, err := r.ReadAt(head[:], at); err != nil {
		return nil, 0, cut(err)
	}
	n := int(order.Uint16(head[:]))
	list := make([]byte, 12*n)
	if _, err := r.ReadAt(list, at+2); err != nil {
		return nil, 0, cut(err)
	}
	d = &Directory{r: r, order: order, entries: make(map[uint16]entry), length: n}
	for ; len(list) > 0; list = list[12:] {
		tag := order.Uint16(list)
		if _, twice := d.entries[tag]; !twice {
			d.entries[tag] = entry{order.Uint16(list[2:]), order.Uint32(list[4:]), [4]byte(list[8:12])}
		}
	}
	var link [4]byte
	if _, err := r.ReadAt(link[:], at+2+12*int64(n)); err == nil { // EXIF data may end here
		next = int64(order.Uint32(link[:]))
	}
	return d, next, nil
}

// sizes are the bytes of a value, by kind.
var sizes = [...]int64{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

// Bytes returns the bytes of a tag's value in the file, or nil if the tag is missing or its
// value has more than limit bytes.
func (d *Directory) Bytes(tag uint16, limit int) ([]byte, error) {
	e := d.entries[tag]
	size := int64(e.count) * e.width()
	if size == 0 || size > int64(limit) {
		return nil, nil
	}
	return d.value(e, size)
}

// width is the size in bytes of one value of the entry, 0 for unknown kinds.
func (e entry) width() int64 {
	if int(e.kind) >= len(sizes) {
		return 0
	}
	return sizes[e.kind]
}

// value returns the first size bytes of a value.
func (d *Directory) value(e entry, size int64) ([]byte, error) {
	if int64(e.count)*e.width() <= 4 {
		return e.value[:size], nil
	}
	return section(d.r, int64(d.order.Uint32(e.value[:])), size)
}

// section reads a part of the file in pieces of growing size, so that a false length does not
// allocate much memory.
func section(r io.ReaderAt, at, size int64) ([]byte, error) {
	var data []byte
	for int64(len(data)) < size {
		n := min(size-int64(len(data)), max(1<<20, int64(len(data))))
		data = append(data, make([]byte, n)...)
		if _, err := r.ReadAt(data[int64(len(data))-n:], at+int64(len(data))-n); err != nil {
			return nil, cut(err)
		}
	}
	return data, nil
}

// Numbers returns the first unsigned integers of a tag, at most limit of them, or nil if the
// tag is missing. Other kinds of values are an error.
func (d *Directory) Numbers(tag uint16, limit int) ([]int, error) {
	e, ok := d.entries[tag]
	if !ok {
		return nil, nil
	}
	switch e.kind {
	case 1, 3, 4, 13: // bytes, 16 and 32 bits
	default:
		return nil, errors.New("a tag with values of a wrong kind")
	}
	wide := int(e.width())
	data, err := d.value(e, int64(wide)*min(int64(e.count), int64(limit)))
	if err != nil {
		return nil, err
	}
	numbers := make([]int, 0, len(data)/wide)
	for ; len(data) >= wide; data = data[wide:] {
		switch wide {
		case 1:
			numbers = append(numbers, int(data[0]))
		case 2:
			numbers = append(numbers, int(d.order.Uint16(data)))
		default:
			numbers = append(numbers, int(d.order.Uint32(data)))
		}
	}
	return numbers, nil
}

// Sub returns the directory that a tag points to, or nil if there is none.
func (d *Directory) Sub(tag uint16) *Directory {
	at := d.Number(tag, 0)
	if at == 0 {
		return nil
	}
	sub, _, err := readDirectory(d.r, d.order, int64(at))
	if err != nil {
		return nil
	}
	return sub
}

// Number returns the first integer of a tag, or otherwise if there is none.
func (d *Directory) Number(tag uint16, otherwise int) int {
	n, err := d.Numbers(tag, 1)
	if err != nil || len(n) == 0 {
		return otherwise
	}
	return n[0]
}
