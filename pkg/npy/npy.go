// Package npy reads and writes NumPy's files of one array (.npy, format 1.0 to 3.0, see
// numpy.lib.format). It supports the element types of pictures and reference values.
package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"multiscale/pkg/lists"
)

// Type is an element type in the notation of NumPy's descr.
type Type string

// Read supports these types. Encode writes Float32 only.
const (
	Uint8   Type = "|u1"
	Uint16  Type = "<u2"
	Float32 Type = "<f4"
	Float64 Type = "<f8"
)

// bytes is the size of an element in bytes.
func (t Type) bytes() int64 { return int64(t[2] - '0') }

// MaxElements is the largest number of elements of an array that is read.
const MaxElements = 1 << 28

// Header describes the array of a file. Elements are in C order: the last index runs
// fastest.
type Header struct {
	Type  Type
	Shape []int // empty for a single number
}

// Len is the number of elements.
func (h Header) Len() int {
	return lists.Product(h.Shape)
}

// Array is an array of numbers. Uint16, Float32 and Float64 elements become float32. The
// first two convert exactly; Float64 is rounded.
type Array struct {
	Header
	Bytes  []uint8   // elements of Uint8, else nil
	Values []float32 // elements of the other types, else nil
}

// Stat reads the header of the file at path. It returns an error if the header does not
// match the file's size.
func Stat(path string) (h Header, err error) {
	err = withFile(path, func(r *bufio.Reader, size int64) error {
		h, err = decodeHeader(r, size)
		return err
	})
	return h, err
}

// Read reads the array in the file at path.
func Read(path string) (a Array, err error) {
	err = withFile(path, func(r *bufio.Reader, size int64) error {
		a, err = decode(r, size)
		return err
	})
	return a, err
}

// withFile calls read with the open file. It opens regular files only, because opening a
// pipe would wait for ever.
func withFile(path string, read func(r *bufio.Reader, size int64) error) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a file")
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	if err == nil {
		defer f.Close()
		err = read(bufio.NewReader(f), info.Size())
	}
	if err != nil {
		if inPath, ok := err.(*fs.PathError); ok {
			err = inPath.Err
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Decode reads an array from r. size is the number of bytes of the whole file; the header is
// compared with it before memory for the elements is allocated.
func Decode(r io.Reader, size int64) (Array, error) { return decode(bufio.NewReader(r), size) }

func decode(r *bufio.Reader, size int64) (Array, error) {
	h, err := decodeHeader(r, size)
	if err != nil {
		return Array{}, err
	}
	a, n := Array{Header: h}, h.Len()
	if h.Type == Uint8 {
		a.Bytes = make([]uint8, n)
		_, err = io.ReadFull(r, a.Bytes)
		return a, cut(err)
	}
	a.Values = make([]float32, n)
	wide := int(h.Type.bytes())
	piece := make([]byte, min(n, 1<<13)*wide)
	for done := 0; done < n; {
		part := piece[:min(len(piece), (n-done)*wide)]
		if _, err := io.ReadFull(r, part); err != nil {
			return Array{}, cut(err)
		}
		h.Type.convert(a.Values[done:], part)
		done += len(part) / wide
	}
	return a, nil
}

func cut(err error) error {
	if err != nil {
		return fmt.Errorf("the data are cut short: %w", err)
	}
	return nil
}

// convert converts the bytes of elements to numbers.
func (t Type) convert(to []float32, raw []byte) {
	le := binary.LittleEndian
	switch t {
	case Uint16:
		for i := range len(raw) / 2 {
			to[i] = float32(le.Uint16(raw[2*i:]))
		}
	case Float32:
		for i := range len(raw) / 4 {
			to[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case Float64:
		for i := range len(raw) / 8 {
			to[i] = float32(math.Float64frombits(le.Uint64(raw[8*i:])))
		}
	}
}

// Encode writes an array of the given shape in format 1.0 as Float32.
func Encode(w io.Writer, shape []int, values []float32) error {
	if n := (Header{Shape: shape}).Len(); n != len(values) {
		return fmt.Errorf("npy: %d values for shape %v of %d", len(values), shape, n)
	}
	tuple := ""
	for _, d := range shape {
		tuple += fmt.Sprintf("%d, ", d)
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", Float32, tuple)
	// Spaces pad the header, which ends in a newline, so that the data begin at a multiple
	// of 64 bytes.
	text = fmt.Sprintf("%-*s\n", (len(magic)+4+len(text)+1+63)/64*64-len(magic)-4-1, text)
	b := bufio.NewWriter(w)
	b.WriteString(magic + "\x01\x00")
	var word [4]byte
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(text))))
	b.WriteString(text)
	for _, v := range values {
		binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
		b.Write(word[:])
	}
	return b.Flush() // returns the first error of all writes
}
