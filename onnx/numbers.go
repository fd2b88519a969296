package onnx

import (
	"fmt"
	"math"
	"slices"
)

// BFloat16Bits returns the bits of the nearest bfloat16, ties to even.
func BFloat16Bits(x float32) uint16 { return uint16(math.Float32bits(RoundBFloat16(x)) >> 16) }

// RoundFloat16 rounds to the nearest float16, ties to even. Too large numbers become infinite.
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

// The format of float16 (a sign, 5 bits of exponent with bias 15, 10 bits of fraction) and of float32.
const (
	halfFraction  = 10
	halfBias      = 15
	halfInfinity  = 0x7c00
	halfQuiet     = 0x7e00
	floatFraction = 23
	floatBias     = 127
)

// float16 returns the number of the bits of a float16.
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

// Float16Bits returns the bits of the nearest float16, ties to even. Too large numbers become infinite.
func Float16Bits(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	if x != x {
		return sign | halfQuiet
	}
	exponent := int(bits>>floatFraction&0xff) - floatBias
	// unit is the exponent of the result's last place, steps the magnitude in these units.
	unit := max(exponent, 1-halfBias) - halfFraction
	steps := math.RoundToEven(math.Ldexp(math.Abs(float64(x)), -unit))
	switch {
	case exponent > halfBias:
		return sign | halfInfinity
	case exponent < 1-halfBias:
		return sign | uint16(steps) // a carry makes the smallest normal number
	}
	// A carry from the fraction increments the exponent, which may become that of infinity.
	return sign | uint16((exponent+halfBias)<<halfFraction+int(steps)-1<<halfFraction)
}

// Numbers returns the elements of a tensor of any floating-point type, each rounded to float32.
func (t *Tensor) Numbers() ([]float32, error) {
	return decoded(t, dataTypes[t.Type].number, "floating-point type")
}

// Integers returns the elements of a tensor of integers or truth values. A uint64 beyond the range of
// int64 is an error.
func (t *Tensor) Integers() ([]int64, error) {
	values, err := decoded(t, dataTypes[t.Type].integer, "integer type")
	if err == nil && t.Type == Uint64 && slices.ContainsFunc(values, func(v int64) bool { return v < 0 }) {
		return nil, fmt.Errorf("tensor %q holds a uint64 beyond the range of int64", t.Name)
	}
	return values, err
}

// decoded returns the elements of a tensor. decode is a function of the table of types, or nil if the type is not of the
// given kind.
func decoded[T any](t *Tensor, decode func([]byte) T, kind string) ([]T, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	size := t.Type.Size()
	values := make([]T, len(t.Raw)/size)
	if decode == nil && len(values) > 0 {
		return nil, fmt.Errorf("tensor %q holds %v, which is no %s", t.Name, t.Type, kind)
	}
	for i := range values {
		values[i] = decode(t.Raw[i*size:])
	}
	return values, nil
}
