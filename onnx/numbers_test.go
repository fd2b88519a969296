package onnx_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"multiscale/onnx"
)

// TestFloat16: every float16 converts to its number and back to itself. Numbers between two float16 round to the nearer
// one, and those in the middle to the even one.
func TestFloat16(t *testing.T) {
	number := func(bits uint16) float32 {
		tensor := &onnx.Tensor{Type: onnx.Float16, Dims: []int64{1}, Raw: binary.LittleEndian.AppendUint16(nil, bits)}
		v, err := tensor.Numbers()
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	for bits := range uint16(0x7c00) {
		x, next := number(bits), number(bits+1)
		if onnx.Float16Bits(x) != bits || onnx.Float16Bits(-x) != bits|0x8000 {
			t.Fatalf("%#x is %v, which is written as %#x", bits, x, onnx.Float16Bits(x))
		}
		middle := (x + next) / 2
		if math.IsInf(float64(next), 1) {
			middle = 65520 // from here on, numbers become infinite
		}
		even := bits + bits&1
		if got := onnx.Float16Bits(middle); got != even {
			t.Fatalf("%v is written as %#x, want %#x", middle, got, even)
		}
		if got := onnx.Float16Bits(math.Nextafter32(middle, 0)); got != bits {
			t.Fatalf("below %v: %#x, want %#x", middle, got, bits)
		}
	}
	for x, want := range map[float32]uint16{1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 1e30: 0x7c00, 0x1p-24: 1, 0x1p-25: 0, 0x1p-14: 0x0400} {
		if got := onnx.Float16Bits(x); got != want {
			t.Errorf("%v: %#x, want %#x", x, got, want)
		}
	}
	if x := number(0x7e00); x == x {
		t.Errorf("a NaN is read as %v", x)
	}
	if x := onnx.RoundFloat16(float32(math.NaN())); x == x {
		t.Errorf("a NaN is rounded to %v", x)
	}
}

func TestBFloat16(t *testing.T) {
	for x, want := range map[float32]uint16{1: 0x3f80, -2: 0xc000, 1.00390625: 0x3f80, 1.01171875: 0x3f82, math.MaxFloat32: 0x7f80} {
		if got := onnx.BFloat16Bits(x); got != want {
			t.Errorf("%v: %#x, want %#x", x, got, want)
		}
	}
}

// TestNumbers reads numbers of every type from their bytes.
func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		of   onnx.DataType
		raw  []byte
		want float64
	}{
		{onnx.Float32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5)), 1.5},
		{onnx.Float64, binary.LittleEndian.AppendUint64(nil, math.Float64bits(-2.5)), -2.5},
		{onnx.BFloat16, []byte{0x80, 0x3f}, 1},
		{onnx.Int8, []byte{0xff}, -1}, {onnx.Uint8, []byte{0xff}, 255}, {onnx.Bool, []byte{1}, 1},
		{onnx.Int16, []byte{0xfe, 0xff}, -2}, {onnx.Uint16, []byte{0xfe, 0xff}, 65534},
		{onnx.Int32, []byte{0xfe, 0xff, 0xff, 0xff}, -2}, {onnx.Uint32, []byte{0xfe, 0xff, 0xff, 0xff}, 4294967294},
		{onnx.Int64, binary.LittleEndian.AppendUint64(nil, math.MaxUint64), -1}, {onnx.Uint64, []byte{7, 0, 0, 0, 0, 0, 0, 0}, 7},
	} {
		tensor := &onnx.Tensor{Type: c.of, Dims: []int64{1}, Raw: c.raw}
		numbers, notFloat := tensor.Numbers()
		whole, notWhole := tensor.Integers()
		switch {
		case notFloat == nil && notWhole != nil:
			if float64(numbers[0]) != c.want {
				t.Errorf("%v: %v, want %v", c.of, numbers, c.want)
			}
		case notFloat != nil && notWhole == nil:
			if float64(whole[0]) != c.want {
				t.Errorf("%v: %v, want %v", c.of, whole, c.want)
			}
		default:
			t.Errorf("%v: errors %v and %v", c.of, notFloat, notWhole)
		}
	}
	huge := &onnx.Tensor{Type: onnx.Uint64, Dims: []int64{1}, Raw: slices.Repeat([]byte{0xff}, 8)}
	if _, err := huge.Integers(); err == nil {
		t.Error("a uint64 that int64 cannot hold is accepted")
	}
	short := &onnx.Tensor{Type: onnx.Float16, Dims: []int64{2}, Raw: []byte{0, 0}}
	if _, err := short.Numbers(); err == nil {
		t.Error("missing data are accepted")
	}
}
