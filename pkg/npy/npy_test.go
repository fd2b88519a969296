package npy_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/npy"
)

// file returns a file of the given format version with this header and these elements.
func file(version byte, header string, elements []byte) []byte {
	b := []byte{0x93, 'N', 'U', 'M', 'P', 'Y', version, 0}
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	return append(append(b, header...), elements...)
}

func header(descr, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }   \n", descr, shape)
}

func TestDecode(t *testing.T) {
	le := binary.LittleEndian
	for _, tc := range []struct {
		name  string
		data  []byte
		shape []int
		bytes []uint8
		want  []float32
	}{
		{"a number", file(1, header("<f4", ""), le.AppendUint32(nil, math.Float32bits(-0.5))), nil, nil, []float32{-0.5}},
		{"bytes", file(1, header("|u1", "3,"), []byte{0, 7, 255}), []int{3}, []uint8{0, 7, 255}, nil},
		{"words", file(1, header("<u2", "1, 2"), []byte{1, 0, 255, 255}), []int{1, 2}, nil, []float32{1, 65535}},
		{"doubles", file(2, header("<f8", "2, 1"), le.AppendUint64(le.AppendUint64(nil, math.Float64bits(0.1)), math.Float64bits(3))), []int{2, 1}, nil, []float32{0.1, 3}},
		{"format 3, other order", file(3, `{"shape": (1,), "fortran_order": False, "descr": "<f4"}`, make([]byte, 4)), []int{1}, nil, []float32{0}},
	} {
		a, err := npy.Decode(bytes.NewReader(tc.data), int64(len(tc.data)))
		if err != nil || !slices.Equal(a.Shape, tc.shape) || !slices.Equal(a.Bytes, tc.bytes) || !slices.Equal(a.Values, tc.want) {
			t.Errorf("%s: read as %+v, %v", tc.name, a, err)
		}
	}
}

// Hostile headers are refused before memory is allocated.
func TestDecodeErrors(t *testing.T) {
	good := file(1, header("|u1", "3,"), []byte{1, 2, 3})
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "not an .npy file"},
		"text":          {[]byte("x,y\n1,2\n3,4\n"), "not an .npy file"},
		"format":        {file(4, header("|u1", "1,"), []byte{1}), "format 4"},
		"short length":  {good[:9], "cut short"},
		"short header":  {good[:20], "cut short"},
		"long header":   {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), "a header of 4294967295 bytes"},
		"short data":    {good[:len(good)-1], "2 bytes of data"},
		"long data":     {append(slices.Clone(good), 0), "4 bytes of data"},
		"objects":       {file(1, header("|O", "1,"), make([]byte, 8)), "type |O"},
		"big endian":    {file(1, header(">f4", "1,"), make([]byte, 4)), "little endian"},
		"records":       {file(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", make([]byte, 4)), "plain numbers"},
		"Fortran order": {file(1, strings.Replace(header("|u1", "3,"), "False", "True", 1), []byte{1, 2, 3}), "C order"},
		"negative":      {file(1, header("|u1", "-3,"), []byte{1}), "plain numbers"},
		"zero":          {file(1, header("|u1", "0,"), nil), "empty dimension"},
		"huge":          {file(1, header("|u1", "4294967296, 4294967296"), []byte{1}), "elements"},
		"overflow":      {file(1, header("|u1", "99999999999999999999,"), []byte{1}), "cannot be read"},
		"product":       {file(1, header("|u1", "65536, 65536, 65536, 65536"), []byte{1}), "elements"},
		"dimensions":    {file(1, header("|u1", strings.Repeat("1,", 100)), []byte{1}), "cannot be read"},
	} {
		if _, err := npy.Decode(bytes.NewReader(tc.data), int64(len(tc.data))); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	values := make([]float32, 5*7*3000)
	for i := range values {
		values[i] = float32(i) / 3
	}
	for _, shape := range [][]int{{5, 7, 3000}, {5 * 7 * 3000}} {
		var b bytes.Buffer
		if err := npy.Encode(&b, shape, values); err != nil {
			t.Fatal(err)
		}
		if start := b.Len() - 4*len(values); start%64 != 0 {
			t.Errorf("the data begin at byte %d", start)
		}
		path := filepath.Join(dir, "a.npy")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := npy.Stat(path)
		if err != nil || h.Type != npy.Float32 || !slices.Equal(h.Shape, shape) {
			t.Errorf("header %+v, %v", h, err)
		}
		if a, err := npy.Read(path); err != nil || !slices.Equal(a.Values, values) || !slices.Equal(a.Shape, shape) {
			t.Errorf("shape %v: not what was written, %v", shape, err)
		}
	}
	if err := npy.Encode(new(bytes.Buffer), []int{2}, []float32{1}); err == nil {
		t.Error("one value for a shape of two is written")
	}
	for _, path := range []string{dir, filepath.Join(dir, "none.npy")} {
		if _, err := npy.Read(path); err == nil || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%v", err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file(1, header("|u1", "2, 3"), []byte{1, 2, 3, 4, 5, 6}))
	f.Add(file(2, header("<f8", ""), make([]byte, 8)))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := npy.Decode(bytes.NewReader(data), int64(len(data)))
		if err == nil && (a.Len() != len(a.Bytes)+len(a.Values) || a.Len() > len(data)) {
			t.Errorf("%d elements of shape %v from %d bytes", len(a.Bytes)+len(a.Values), a.Shape, len(data))
		}
	})
}
