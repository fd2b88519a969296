package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Element is the type of a tensor's elements.
type Element uint8

// The supported element types. The Float8 types have one byte; as in PyTorch, their names contain the numbers of bits
// of exponent and mantissa. Float8E8M0 is a power of two without sign.
const (
	Float32 Element = iota
	Float64
	Float16
	BFloat16
	Float8E4M3
	Float8E5M2
	Float8E4M3FNUZ
	Float8E5M2FNUZ
	Float8E8M0
	Int64
	Int32
	Int16
	Int8
	Uint64
	Uint32
	Uint16
	Uint8
	Bool
	Complex64
	Complex128
)

// elements describes the types.
var elements = [...]struct {
	torch       string               // name of the dtype in PyTorch
	storage     string               // class of PyTorch's typed storage; empty if there is none
	safetensors string               // name in safetensors files; empty if the format lacks the type
	size        int                  // bytes
	value       func([]byte) float64 // number from little-endian bytes; nil for complex types
}{
	Float32:        {"float32", "FloatStorage", "F32", 4, func(b []byte) float64 { return float64(math.Float32frombits(le.Uint32(b))) }},
	Float64:        {"float64", "DoubleStorage", "F64", 8, func(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) }},
	Float16:        {"float16", "HalfStorage", "F16", 2, func(b []byte) float64 { return ieee(uint64(le.Uint16(b)), 5, 10) }},
	BFloat16:       {"bfloat16", "BFloat16Storage", "BF16", 2, func(b []byte) float64 { return ieee(uint64(le.Uint16(b)), 8, 7) }},
	Float8E4M3:     {"float8_e4m3fn", "", "F8_E4M3", 1, e4m3},
	Float8E5M2:     {"float8_e5m2", "", "F8_E5M2", 1, func(b []byte) float64 { return ieee(uint64(b[0]), 5, 2) }},
	Float8E4M3FNUZ: {"float8_e4m3fnuz", "", "F8_E4M3FNUZ", 1, func(b []byte) float64 { return fnuz(b[0], 4, 3) }},
	Float8E5M2FNUZ: {"float8_e5m2fnuz", "", "F8_E5M2FNUZ", 1, func(b []byte) float64 { return fnuz(b[0], 5, 2) }},
	Float8E8M0:     {"float8_e8m0fnu", "", "F8_E8M0", 1, e8m0},
	Int64:          {"int64", "LongStorage", "I64", 8, func(b []byte) float64 { return float64(int64(le.Uint64(b))) }},
	Int32:          {"int32", "IntStorage", "I32", 4, func(b []byte) float64 { return float64(int32(le.Uint32(b))) }},
	Int16:          {"int16", "ShortStorage", "I16", 2, func(b []byte) float64 { return float64(int16(le.Uint16(b))) }},
	Int8:           {"int8", "CharStorage", "I8", 1, func(b []byte) float64 { return float64(int8(b[0])) }},
	Uint64:         {"uint64", "", "U64", 8, func(b []byte) float64 { return float64(le.Uint64(b)) }},
	Uint32:         {"uint32", "", "U32", 4, func(b []byte) float64 { return float64(le.Uint32(b)) }},
	Uint16:         {"uint16", "", "U16", 2, func(b []byte) float64 { return float64(le.Uint16(b)) }},
	Uint8:          {"uint8", "ByteStorage", "U8", 1, func(b []byte) float64 { return float64(b[0]) }},
	Bool:           {"bool", "BoolStorage", "BOOL", 1, func(b []byte) float64 { return float64(b[0]) }},
	Complex64:      {"complex64", "ComplexFloatStorage", "C64", 8, nil},
	Complex128:     {"complex128", "ComplexDoubleStorage", "", 16, nil},
}

var le = binary.LittleEndian

// String returns PyTorch's name of the type.
func (e Element) String() string { return elements[e].torch }

// Size is the number of bytes of an element.
func (e Element) Size() int { return elements[e].size }

// Floating reports whether the type has real floating-point numbers: not integers, booleans or complex numbers.
func (e Element) Floating() bool { return e <= Float8E8M0 }

// elementOf finds the type whose field of the table is name.
func elementOf(name string, field func(Element) string) (Element, bool) {
	for e := range Element(len(elements)) {
		if name != "" && field(e) == name {
			return e, true
		}
	}
	return 0, false
}

func torchName(e Element) string       { return elements[e].torch }
func storageName(e Element) string     { return elements[e].storage }
func safetensorsName(e Element) string { return elements[e].safetensors }

// number interprets bits as sign, exponent and mantissa, and ignores special values.
func number(bits uint64, exponent, mantissa, bias int) float64 {
	m := float64(bits & (1<<mantissa - 1))
	e := int(bits >> mantissa & (1<<exponent - 1))
	if e == 0 {
		e = 1 // subnormal
	} else {
		m += float64(uint64(1) << mantissa)
	}
	v := math.Ldexp(m, e-bias-mantissa)
	if bits>>(exponent+mantissa)&1 != 0 {
		v = -v
	}
	return v
}

// ieee reads a number of an IEEE 754 format, where the largest exponent means infinity or NaN.
func ieee(bits uint64, exponent, mantissa int) float64 {
	if special := uint64(1)<<exponent - 1; bits>>mantissa&special == special {
		switch {
		case bits&(1<<mantissa-1) != 0:
			return math.NaN()
		case bits>>(exponent+mantissa)&1 != 0:
			return math.Inf(-1)
		}
		return math.Inf(1)
	}
	return number(bits, exponent, mantissa, 1<<(exponent-1)-1)
}

// e4m3 has no infinity; NaN has all bits set except the sign.
func e4m3(b []byte) float64 {
	if b[0]&0x7f == 0x7f {
		return math.NaN()
	}
	return number(uint64(b[0]), 4, 3, 7)
}

// fnuz has neither infinity nor negative zero; the bits of negative zero mean NaN. The exponent's bias is larger by one
// than that of IEEE 754.
func fnuz(b byte, exponent, mantissa int) float64 {
	if b == 0x80 {
		return math.NaN()
	}
	return number(uint64(b), exponent, mantissa, 1<<(exponent-1))
}

func e8m0(b []byte) float64 {
	if b[0] == 0xff {
		return math.NaN()
	}
	return math.Ldexp(1, int(b[0])-127)
}

// floats converts n elements. It returns an error for finite values beyond float32's range, for integers of magnitude
// above 2^24, which float32 may not represent exactly, and for complex types.
func (e Element) floats(data []byte, n int) ([]float32, error) {
	const exact = 1 << 24
	t := elements[e]
	if t.value == nil {
		return nil, fmt.Errorf("it holds complex numbers (%v)", e)
	}
	values := make([]float32, n)
	for i := range values {
		v := t.value(data[i*t.size : (i+1)*t.size])
		values[i] = float32(v)
		switch back := float64(values[i]); {
		case math.IsInf(back, 0) && !math.IsInf(v, 0):
			return nil, fmt.Errorf("its value %g (%v) is beyond the range of float32", v, e)
		case !e.Floating() && math.Abs(v) > exact:
			return nil, fmt.Errorf("its integer %.0f is beyond those that float32 holds exactly", v)
		}
	}
	return values, nil
}
