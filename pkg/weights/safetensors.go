package weights

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"multiscale/pkg/durable"
	"multiscale/pkg/weights/pickle"
)

// maxHeader bounds the header of a safetensors file, in bytes. A tensor takes about 100 bytes.
const maxHeader = 1 << 24

// metadataKey is the only key of the header that is not a tensor's name.
const metadataKey = "__metadata__"

// description describes a tensor in the header.
type description struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"` // begin and end, in bytes after the header
}

// decodeSafetensors reads a safetensors file: the length of the header, the header (a JSON object), and the elements.
// The tensors must cover the elements without gaps or overlaps.
func decodeSafetensors(data []byte) (*File, error) {
	size := le.Uint64(data)
	switch rest := uint64(len(data) - 8); {
	case size > maxHeader:
		return nil, fmt.Errorf("its header is said to have %d bytes, at most %d are read", size, maxHeader)
	case size > rest:
		return nil, fmt.Errorf("it is cut short: its header has %d bytes, %d are there", size, rest)
	}
	f := &File{Tensors: map[string]Tensor{}}
	parts, err := f.readHeader(data[8:8+size], data[8+size:])
	if err != nil {
		return nil, err
	}
	if err := shareOut(parts, uint64(len(data))-8-size); err != nil {
		return nil, err
	}
	return f, nil
}

// part is the range of bytes that belongs to a tensor.
type part struct {
	name       string
	begin, end uint64
}

// readHeader adds the tensors that a header describes to f, and returns their parts of data.
func (f *File) readHeader(header, data []byte) ([]part, error) {
	d := json.NewDecoder(bytes.NewReader(header))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("its header is not a JSON object")
	}
	var parts []part
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, headerError(err)
		}
		name, _ := token.(string)
		if name == metadataKey {
			if err := d.Decode(&f.Metadata); err != nil {
				return nil, headerError(err)
			}
			continue
		}
		var about description
		if err := d.Decode(&about); err != nil {
			return nil, headerError(err)
		}
		if _, twice := f.Tensors[name]; twice {
			return nil, fmt.Errorf("tensor %s is described twice", pickle.Brief(name))
		}
		if f.Tensors[name], err = about.tensor(data); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", pickle.Brief(name), err)
		}
		parts = append(parts, part{name, about.Offsets[0], about.Offsets[1]})
	}
	if _, err := d.Token(); err != nil {
		return nil, headerError(err)
	}
	if rest, _ := io.ReadAll(d.Buffered()); len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("its header has more than one JSON object")
	}
	return parts, nil
}

func headerError(err error) error {
	return fmt.Errorf("its header cannot be read: %s", pickle.Brief(err.Error()))
}

// tensor makes the tensor that a header describes.
func (d description) tensor(data []byte) (Tensor, error) {
	e, ok := elementOf(d.Dtype, safetensorsName)
	if !ok {
		return Tensor{}, fmt.Errorf("elements of type %s are not read", pickle.Brief(d.Dtype))
	}
	n, err := count(d.Shape)
	if err != nil {
		return Tensor{}, err
	}
	if len(d.Offsets) != 2 {
		return Tensor{}, fmt.Errorf("it has %d offsets, want its begin and end", len(d.Offsets))
	}
	begin, end := d.Offsets[0], d.Offsets[1]
	switch {
	case begin > end:
		return Tensor{}, fmt.Errorf("it ends at byte %d, before it begins at %d", end, begin)
	case end-begin != uint64(n)*uint64(e.Size()):
		return Tensor{}, fmt.Errorf("it has %d bytes, its shape %v of %v needs %d", end-begin, d.Shape, e, uint64(n)*uint64(e.Size()))
	case end > uint64(len(data)):
		return Tensor{}, fmt.Errorf("it reaches to byte %d, the file has %d (is it cut short?)", end, len(data))
	}
	return Tensor{Shape: d.Shape, Element: e, data: data[begin:end:end], strides: contiguous(d.Shape)}, nil
}

// shareOut returns an error unless the parts cover size bytes without gaps or overlaps. It sorts them.
func shareOut(parts []part, size uint64) error {
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end)) })
	at := uint64(0)
	for _, p := range parts {
		switch {
		case p.begin < at:
			return fmt.Errorf("tensor %s begins at byte %d and overlaps the one before it, which ends at %d", pickle.Brief(p.name), p.begin, at)
		case p.begin > at:
			return fmt.Errorf("tensor %s begins at byte %d, those before it end at %d", pickle.Brief(p.name), p.begin, at)
		}
		at = p.end
	}
	if at != size {
		return fmt.Errorf("its tensors end at byte %d, the file at %d", at, size)
	}
	return nil
}

// Named is a tensor with its name.
type Named struct {
	Name string
	Tensor
}

// WriteSafetensors writes a safetensors file, completely or not at all. Tensors keep their order and their element
// types. Equal arguments give equal bytes. Errors name the file.
func WriteSafetensors(path string, tensors []Named, metadata map[string]string) error {
	header, err := encodeHeader(tensors, metadata)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, t := range tensors {
			if _, err := w.Write(t.Bytes()); err != nil {
				return err
			}
		}
		return nil
	})
}

// encodeHeader returns the part of the file before the elements: the length, the metadata, and the descriptions of the
// tensors. Spaces pad it to a multiple of 8 bytes so that the elements are aligned.
func encodeHeader(tensors []Named, metadata map[string]string) ([]byte, error) {
	header := []byte{'{'}
	add := func(key string, value any) error {
		if !utf8.ValidString(key) {
			return fmt.Errorf("the name %s is not UTF-8", pickle.Brief(key))
		}
		k, err := json.Marshal(key)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if len(header) > 1 {
			header = append(header, ',')
		}
		header = append(append(append(header, k...), ':'), v...)
		return nil
	}
	if len(metadata) > 0 {
		if err := add(metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{metadataKey: true}
	at := uint64(0)
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, fmt.Errorf("two tensors are called %s", pickle.Brief(t.Name))
		}
		seen[t.Name] = true
		dtype := elements[t.Element].safetensors
		if dtype == "" {
			return nil, fmt.Errorf("tensor %s: safetensors files cannot hold %v", pickle.Brief(t.Name), t.Element)
		}
		end := at + uint64(t.Len())*uint64(t.Element.Size())
		shape := append([]int{}, t.Shape...) // [] for a scalar, not null
		if err := add(t.Name, description{dtype, shape, []uint64{at, end}}); err != nil {
			return nil, err
		}
		at = end
	}
	header = append(header, '}')
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header) > maxHeader {
		return nil, fmt.Errorf("a header of %d bytes is too long", len(header))
	}
	return append(le.AppendUint64(nil, uint64(len(header))), header...), nil
}
