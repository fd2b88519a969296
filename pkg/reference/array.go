package reference

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Array is a float32 array in C order. Scalars have shape (1).
type Array struct {
	Shape []int
	Data  []float32
}

// maxElements bounds the arrays that are read, whatever their headers say.
const maxElements = 1 << 28

// ReadArray reads a .npy file; see DecodeArray.
func ReadArray(path string) (Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return Array{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Array{}, err
	}
	a, err := DecodeArray(f, info.Size())
	if err != nil {
		return Array{}, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

const (
	magic     = "\x93NUMPY\x01\x00"
	preamble  = len(magic) + 2 // and the header's length
	wordBytes = 4
)

// header is what NumPy writes for the arrays of the reference data: their
// only type and order.
var header = regexp.MustCompile(`^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]*)\), \} *\n?$`)

// DecodeArray reads an array in .npy format 1.0, little endian float32 in C
// order, that takes up size bytes of r. The header is checked against size
// before memory for the data is allocated.
func DecodeArray(r io.Reader, size int64) (Array, error) {
	r = bufio.NewReader(r)
	start := make([]byte, preamble)
	if _, err := io.ReadFull(r, start); err != nil || string(start[:len(magic)]) != magic {
		return Array{}, fmt.Errorf("not an .npy file of format 1.0")
	}
	text := make([]byte, binary.LittleEndian.Uint16(start[len(magic):]))
	if _, err := io.ReadFull(r, text); err != nil {
		return Array{}, fmt.Errorf("the header is cut short")
	}
	match := header.FindSubmatch(text)
	if match == nil {
		return Array{}, fmt.Errorf("the header is not that of a float32 array in C order: %.100q", text)
	}
	shape, err := parseShape(string(match[1]))
	if err != nil {
		return Array{}, err
	}
	n, err := elements(shape)
	if err != nil {
		return Array{}, err
	}
	if have := size - int64(preamble+len(text)); have != int64(n)*wordBytes {
		return Array{}, fmt.Errorf("%d bytes of data, but shape %v takes %d", have, shape, n*wordBytes)
	}
	raw := make([]byte, n*wordBytes)
	if _, err := io.ReadFull(r, raw); err != nil {
		return Array{}, fmt.Errorf("the data are cut short: %w", err)
	}
	a := Array{Shape: shape, Data: make([]float32, n)}
	for i := range a.Data {
		a.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[i*wordBytes:]))
	}
	return a, nil
}

// parseShape reads the inside of a Python tuple: "", "3," or "2, 3, 4".
func parseShape(s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	fields := strings.Split(strings.TrimSuffix(s, ","), ",")
	shape := make([]int, len(fields))
	for i, f := range fields {
		d, err := strconv.Atoi(strings.TrimPrefix(f, " "))
		if err != nil {
			return nil, fmt.Errorf("the shape (%.100s) cannot be read", s)
		}
		shape[i] = d
	}
	return shape, nil
}

// elements returns the number of elements of an array.
func elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		// The order of the tests keeps the product from overflowing.
		if d < 1 || d > maxElements/n {
			return 0, fmt.Errorf("shape %v has an empty dimension, or more than %d elements", shape, maxElements)
		}
		n *= d
	}
	return n, nil
}
