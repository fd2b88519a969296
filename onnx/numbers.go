package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// BFloat16Bits is the nearest bfloat16, ties to even.
func BFloat16Bits(x float32) uint16 { return uint16(math.Float32bits(RoundBFloat16(x)) >> 16) }

// RoundFloat16 rounds to the nearest float16, ties to even; what is too large becomes infinite.
func RoundFloat16(x float32) float32 { return float16(Float16Bits(x)) }

// RoundBFloat16 rounds to the nearest bfloat16, ties to even.
func RoundBFloat16(x float32) float32 {
	if x != x {
		return x
	}
	bits := math.Float32bits(x)
	bits += 0x7fff + bits>>16&1
	return math.Float32frombits(bits &^ 0xffff)
}

// Bits of float16: a sign, 5 bits of exponent with bias 15, 10 bits of fraction.
const (
	halfFraction  = 10
	halfBias      = 15
	halfInfinity  = 0x7c00
	halfQuiet     = 0x7e00
	floatFraction = 23
	floatBias     = 127
)

// float16 is the number that the bits of a float16 stand for.
func float16(bits uint16) float32 {
	sign, exponent, fraction := float32(1), int(bits>>halfFraction&0x1f), int(bits&0x3ff)
	if bits>>15 != 0 {
		sign = -1
	}
	switch {
	case exponent == 0x1f && fraction != 0:
		return float32(math.NaN())
	case exponent == 0x1f:
		return sign * float32(math.Inf(1))
	case exponent == 0: // subnormal
		return sign * float32(math.Ldexp(float64(fraction), 1-halfBias-halfFraction))
	}
	return sign * float32(math.Ldexp(float64(fraction|1<<halfFraction), exponent-halfBias-halfFraction))
}

// Float16Bits is the nearest float16, ties to even; what is too large becomes infinite.
func Float16Bits(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	if x != x {
		return sign | halfQuiet
	}
	exponent := int(bits>>floatFraction&0xff) - floatBias
	// The fraction in units of the last place of the result.
	unit := max(exponent, 1-halfBias) - halfFraction
	steps := math.RoundToEven(math.Ldexp(math.Abs(float64(x)), -unit))
	switch {
	case exponent > halfBias:
		return sign | halfInfinity
	case exponent < 1-halfBias:
		return sign | uint16(steps) // a carry makes the smallest normal number
	}
	// A carry from the fraction goes to the exponent, up to infinity.
	return sign | uint16((exponent+halfBias)<<halfFraction+int(steps)-1<<halfFraction)
}

// Numbers returns the elements of a tensor of any floating-point type, each rounded to float32.
func (t *Tensor) Numbers() ([]float32, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	values := make([]float32, len(t.Raw)/t.Type.Size())
	for i := range values {
		switch t.Type {
		case Float32:
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Raw[4*i:]))
		case Float64:
			values[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Raw[8*i:])))
		case Float16:
			values[i] = float16(binary.LittleEndian.Uint16(t.Raw[2*i:]))
		case BFloat16:
			values[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(t.Raw[2*i:])) << 16)
		default:
			return nil, fmt.Errorf("tensor %q holds %v, which is no floating-point type", t.Name, t.Type)
		}
	}
	return values, nil
}

// Integers returns the elements of a tensor of integers or truth values. Those of uint64 beyond
// the range of int64 are refused.
func (t *Tensor) Integers() ([]int64, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	values := make([]int64, len(t.Raw)/t.Type.Size())
	for i := range values {
		switch t.Type {
		case Int8:
			values[i] = int64(int8(t.Raw[i]))
		case Uint8, Bool:
			values[i] = int64(t.Raw[i])
		case Int16:
			values[i] = int64(int16(binary.LittleEndian.Uint16(t.Raw[2*i:])))
		case Uint16:
			values[i] = int64(binary.LittleEndian.Uint16(t.Raw[2*i:]))
		case Int32:
			values[i] = int64(int32(binary.LittleEndian.Uint32(t.Raw[4*i:])))
		case Uint32:
			values[i] = int64(binary.LittleEndian.Uint32(t.Raw[4*i:]))
		case Int64, Uint64:
			values[i] = int64(binary.LittleEndian.Uint64(t.Raw[8*i:]))
			if t.Type == Uint64 && values[i] < 0 {
				return nil, fmt.Errorf("tensor %q holds a uint64 beyond the range of int64", t.Name)
			}
		default:
			return nil, fmt.Errorf("tensor %q holds %v, which is no integer type", t.Name, t.Type)
		}
	}
	return values, nil
}
