package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"multiscale/pkg/lists"
)

// Tensor is an array of a file. Its elements remain in the file's bytes until they are requested.
type Tensor struct {
	Shape   []int
	Element Element

	data      []byte // the storage that contains the elements
	offset    int    // index of the first element in the storage
	strides   []int  // in elements
	bigEndian bool
}

// NewTensor returns a tensor of a copy of values, which are in C order. It returns an error if their number does not
// match the shape.
func NewTensor(shape []int, values []float32) (Tensor, error) {
	data, _ := binary.Append(make([]byte, 0, 4*len(values)), le, values) // cannot fail for float32
	t := Tensor{Shape: slices.Clone(shape), Element: Float32, data: data}
	t.strides = contiguous(t.Shape)
	n, err := count(shape)
	if err == nil && n != len(values) {
		err = fmt.Errorf("%d values for the shape %v", len(values), shape)
	}
	return t, err
}

// Bounds of a tensor.
const (
	maxRank     = 16
	maxElements = 1<<31 - 1
)

// count returns the number of elements of a shape, or an error if the shape exceeds the bounds.
func count(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("%d dimensions, at most %d are read", len(shape), maxRank)
	}
	n := 1
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("the shape %v has a negative side", shape)
		case n > 0 && d > maxElements/n:
			return 0, fmt.Errorf("the shape %v is of more than %d elements", shape, maxElements)
		}
		n *= d
	}
	return n, nil
}

// contiguous returns the strides of C order.
func contiguous(shape []int) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= max(1, shape[i])
	}
	return strides
}

// check returns an error unless all elements lie inside the storage.
func (t *Tensor) check() error {
	n, err := count(t.Shape)
	if err != nil {
		return err
	}
	if len(t.strides) != len(t.Shape) {
		return fmt.Errorf("%d strides for the shape %v", len(t.strides), t.Shape)
	}
	if n == 0 { // the offset does not matter
		return nil
	}
	size := uint64(len(t.data) / t.Element.Size())
	if t.offset < 0 || uint64(t.offset) >= size {
		return fmt.Errorf("it begins at element %d of a storage of %d", t.offset, size)
	}
	last := uint64(t.offset)
	for i, d := range t.Shape {
		if t.strides[i] < 0 {
			return errors.New("a stride is negative")
		}
		over, step := bits.Mul64(uint64(d-1), uint64(t.strides[i]))
		if last += step; over != 0 || step > maxElements || last >= size {
			return fmt.Errorf("its shape %v with strides %v reaches beyond a storage of %d elements", t.Shape, t.strides, size)
		}
	}
	return nil
}

// Len is the number of elements.
func (t Tensor) Len() int {
	return lists.Product(t.Shape)
}

// Bytes returns the elements as little-endian bytes in C order. The result may share memory with the file's bytes.
func (t Tensor) Bytes() []byte {
	n, size := t.Len(), t.Element.Size()
	if n == 0 {
		return nil
	}
	if !t.bigEndian && slices.Equal(t.strides, contiguous(t.Shape)) {
		return t.data[t.offset*size : (t.offset+n)*size]
	}
	out := make([]byte, 0, n*size)
	index := make([]int, len(t.Shape))
	for at := t.offset; ; {
		out = append(out, t.data[at*size:(at+1)*size]...)
		if t.bigEndian {
			t.Element.reverse(out[len(out)-size:])
		}
		axis := len(index) - 1
		for ; axis >= 0; axis-- { // the next index in C order
			index[axis]++
			at += t.strides[axis]
			if index[axis] < t.Shape[axis] {
				break
			}
			at -= index[axis] * t.strides[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return out
		}
	}
}

// reverse changes the byte order of an element. A complex number consists of two numbers.
func (e Element) reverse(b []byte) {
	if e == Complex64 || e == Complex128 {
		half := len(b) / 2
		slices.Reverse(b[:half])
		b = b[half:]
	}
	slices.Reverse(b)
}

// Floats returns the elements in C order as float32. It returns an error for complex numbers, for finite values beyond
// float32's range, and for integers of magnitude above 2^24.
func (t Tensor) Floats() ([]float32, error) { return t.Element.floats(t.Bytes(), t.Len()) }
