package reference_test

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

	"multiscale/pkg/reference"
)

// npy makes a file with a header and some float32.
func npy(header string, values ...float32) []byte {
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
	b.WriteString(header)
	for _, v := range values {
		b.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
	}
	return b.Bytes()
}

func float32Header(shape string) string {
	return fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s)}   \n", shape)
}

func TestDecodeArray(t *testing.T) {
	for _, tc := range []struct {
		shape string
		want  []int
		n     int
	}{
		{"", nil, 1},
		{"1,", []int{1}, 1},
		{"2, 3", []int{2, 3}, 6},
		{"1, 2, 1, 3", []int{1, 2, 1, 3}, 6},
	} {
		values := make([]float32, tc.n)
		for i := range values {
			values[i] = float32(i) - 0.5
		}
		data := npy(float32Header(tc.shape), values...)
		a, err := reference.DecodeArray(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Errorf("(%s): %v", tc.shape, err)
			continue
		}
		if !slices.Equal(a.Shape, tc.want) || !slices.Equal(a.Data, values) {
			t.Errorf("(%s): read as %v", tc.shape, a)
		}
	}
}

// TestDecodeArrayErrors: hostile headers are refused before memory is taken.
func TestDecodeArrayErrors(t *testing.T) {
	good := npy(float32Header("3,"), 1, 2, 3)
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "not an .npy file"},
		"text":          {[]byte("x,y\n1,2\n3,4\n"), "not an .npy file"},
		"version 2":     {append([]byte("\x93NUMPY\x02\x00"), good[8:]...), "format 1.0"},
		"short header":  {good[:20], "cut short"},
		"short data":    {good[:len(good)-1], "11 bytes of data"},
		"long data":     {append(slices.Clone(good), 0), "13 bytes of data"},
		"double":        {npy(strings.Replace(float32Header("3,"), "<f4", "<f8", 1), 1, 2, 3), "float32"},
		"big endian":    {npy(strings.Replace(float32Header("3,"), "<f4", ">f4", 1), 1, 2, 3), "float32"},
		"Fortran order": {npy(strings.Replace(float32Header("3,"), "False", "True", 1), 1, 2, 3), "C order"},
		"negative":      {npy(float32Header("-3,"), 1, 2, 3), "C order"},
		"zero":          {npy(float32Header("0,")), "empty dimension"},
		"huge":          {npy(float32Header("4294967296, 4294967296"), 1), "elements"},
		"overflow":      {npy(float32Header("99999999999999999999,"), 1), "cannot be read"},
		"product":       {npy(float32Header("65536, 65536, 65536, 65536"), 1), "elements"},
	} {
		_, err := reference.DecodeArray(bytes.NewReader(tc.data), int64(len(tc.data)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tc.want)
		}
	}
}

func TestReadArrayNamesTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broken.npy")
	if err := os.WriteFile(file, []byte("no array"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reference.ReadArray(file); err == nil || !strings.Contains(err.Error(), "broken.npy") {
		t.Errorf("error %v does not name the file", err)
	}
}

func FuzzDecodeArray(f *testing.F) {
	f.Add(npy(float32Header("2, 3"), 1, 2, 3, 4, 5, 6))
	f.Add(npy(float32Header("")))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := reference.DecodeArray(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		if n != len(a.Data) || 4*n > len(data) {
			t.Errorf("%d values of shape %v from %d bytes", len(a.Data), a.Shape, len(data))
		}
	})
}
