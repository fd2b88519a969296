package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16 // bytes; NumPy's own reader takes 10,000
)

// The header is a Python dictionary with these three entries in any order.
var (
	entryDescr   = regexp.MustCompile(`['"]descr['"] *: *['"]([^'"]{1,20})['"]`)
	entryFortran = regexp.MustCompile(`['"]fortran_order['"] *: *(True|False)`)
	entryShape   = regexp.MustCompile(`['"]shape['"] *: *\(([0-9, ]*)\)`)
	dictionary   = regexp.MustCompile(`^\{[^{}]*\}[ \x00]*\n?$`)
)

// decodeHeader reads the header of an array. size is the number of bytes of the header and
// the elements together.
func decodeHeader(r *bufio.Reader, size int64) (h Header, err error) {
	start := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:len(magic)]) != magic {
		return h, fmt.Errorf("not an .npy file")
	}
	// The header's length has 2 bytes in format 1, and 4 bytes in formats 2 and 3.
	length := make([]byte, 2)
	switch version := start[len(magic)]; version {
	case 1:
	case 2, 3:
		length = make([]byte, 4)
	default:
		return h, fmt.Errorf("an .npy file of format %d; write it in format 1 to 3", version)
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return h, fmt.Errorf("the header is cut short")
	}
	n := binary.LittleEndian.Uint32(append(length, 0, 0)[:4])
	if n > maxHeader {
		return h, fmt.Errorf("a header of %d bytes, more than %d", n, maxHeader)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, fmt.Errorf("the header is cut short")
	}
	if h, err = parseHeader(string(text)); err != nil {
		return h, err
	}
	want := int64(h.Len()) * h.Type.bytes()
	if have := size - int64(len(start)+len(length)) - int64(n); have != want {
		return Header{}, fmt.Errorf("%d bytes of data, but shape %v takes %d", have, h.Shape, want)
	}
	return h, nil
}

func parseHeader(text string) (h Header, err error) {
	descr, fortran, shape := entryDescr.FindStringSubmatch(text), entryFortran.FindStringSubmatch(text), entryShape.FindStringSubmatch(text)
	if !dictionary.MatchString(text) || descr == nil || fortran == nil || shape == nil {
		return h, fmt.Errorf("the header is not that of an array of plain numbers: %.100q", text)
	}
	switch t := Type(descr[1]); t {
	case Uint8, Uint16, Float32, Float64:
		h.Type = t
	case "<u1", "=u1", ">u1":
		h.Type = Uint8
	default:
		return h, fmt.Errorf("elements of type %s are not read; use uint8, uint16, float32 or float64 of little endian", t)
	}
	if fortran[1] == "True" {
		return Header{}, fmt.Errorf("the array is in Fortran's order; save numpy.ascontiguousarray of it, which has C order")
	}
	if h.Shape, err = parseShape(shape[1]); err != nil {
		return Header{}, err
	}
	return h, nil
}

// parseShape reads the elements of a Python tuple: "", "3," or "2, 3, 4".
func parseShape(s string) (shape []int, err error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for field := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(s), ","), ",") {
		d, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || len(shape) == maxDimensions {
			return nil, fmt.Errorf("the shape (%.100s) cannot be read", s)
		}
		shape = append(shape, d)
	}
	_, err = Elements(shape)
	return shape, err
}

// maxDimensions is NumPy's own limit.
const maxDimensions = 64

// Elements returns the number of elements of a shape. It returns an error if a dimension is
// below 1 or if there are more than MaxElements.
func Elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		// The division instead of a product prevents an overflow.
		if d < 1 || d > MaxElements/n {
			return 0, fmt.Errorf("shape %.100v has an empty dimension, or more than %d elements", shape, MaxElements)
		}
		n *= d
	}
	return n, nil
}
