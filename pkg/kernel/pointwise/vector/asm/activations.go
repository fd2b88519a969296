package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/pointwise/vector/poly"
)

// exponential writes code for exp(x), as exp in package vector, or for exp(-x). The
// sign is part of the constants, so that exp(-x) needs no negation.
type exponential struct {
	sign     float64
	low, top VecVirtual
}

func newExponential(sign float64) exponential {
	low, top := float64(poly.ExpMin), float64(poly.ExpMax)
	if sign < 0 {
		low, top = -top, -low
	}
	return exponential{sign, inRegister(f32(low)), inRegister(f32(top))}
}

// of returns exp(sign*x).
func (e exponential) of(x VecVirtual) VecVirtual {
	x = binary(VMINPS, binary(VMAXPS, x, e.low), e.top) // a NaN remains
	t := inRegister(f32(poly.Round))
	VFMADD231PS(f32(e.sign*poly.Log2E), x, t)
	n := sub(t, f32(poly.Round))
	if e.sign > 0 { // r = sign*x - n*ln2, times the sign
		VFNMADD231PS(f32(poly.Ln2Hi), n, x)
		VFNMADD231PS(f32(poly.Ln2Lo), n, x)
	} else {
		VFMADD231PS(f32(poly.Ln2Hi), n, x)
		VFMADD231PS(f32(poly.Ln2Lo), n, x)
	}
	p, sign := YMM(), 1.0
	if len(poly.Exp)%2 == 0 {
		sign = e.sign
	}
	for i, c := range poly.Exp {
		if i == 0 {
			VMOVUPS(f32(sign*float64(c)), p)
		} else {
			VFMADD213PS(f32(sign*float64(c)), x, p)
		}
		sign *= e.sign
	}
	square := mul(x, x)
	if e.sign > 0 {
		VFMADD213PS(x, square, p)
	} else {
		VFMSUB213PS(x, square, p)
	}
	p = add(f32(1), p)
	VPSLLD(U8(23), t, t) // moves n to the exponent bits
	return binary(VPADDD, t, p)
}

// silu returns u/(1+exp(-u)).
func (e exponential) silu(u VecVirtual) VecVirtual {
	return binary(VDIVPS, add(f32(1), e.of(u)), u)
}

// siluSlope returns s + s*u*(1-s) with s the sigmoid of u and 1-s as exp(-u)*s.
func (e exponential) siluSlope(u VecVirtual) VecVirtual {
	x := e.of(u)
	s := binary(VDIVPS, add(f32(1), x), inRegister(f32(1)))
	r := mul(u, mul(s, x))
	VFMADD213PS(s, s, r)
	return r
}

// tanh selects a polynomial for small |x|, and 1 - 2/(exp(2|x|)+1) with the sign of x
// otherwise.
func (e exponential) tanh(x VecVirtual) VecVirtual {
	magnitude := binary(VANDPS, repeated(0x7fffffff), x)
	q := add(f32(1), e.of(add(magnitude, magnitude)))
	q = binary(VDIVPS, q, inRegister(f32(2)))
	q = sub(inRegister(f32(1)), q)
	q = binary(VORPS, q, binary(VANDPS, repeated(0x80000000), x))
	z, p := mul(x, x), YMM()
	for i, c := range poly.Tanh {
		if i == 0 {
			VMOVUPS(f32(float64(c)), p)
		} else {
			VFMADD213PS(f32(float64(c)), z, p)
		}
	}
	p = mul(z, p)
	VFMADD213PS(x, x, p)
	small, r := YMM(), YMM()
	VCMPPS(U8(1), f32(poly.TanhSplit), magnitude, small) // less than, false for a NaN
	VBLENDVPS(small, p, q, r)
	return r
}

// leakyUnit returns max(x,0) + slope*min(x,0).
func leakyUnit(x, slope, zero VecVirtual) VecVirtual {
	v := binary(VMAXPS, x, zero)
	VFMADD231PS(binary(VMINPS, x, zero), slope, v)
	return v
}

// leakySlope returns 1 where x > 0 and slope elsewhere.
func leakySlope(x, slope, zero, one VecVirtual) VecVirtual {
	positive, v := YMM(), YMM()
	VCMPPS(U8(14), zero, x, positive) // x > 0
	VBLENDVPS(positive, one, slope, v)
	return v
}

func activations() {
	each("leaky", ", slope float32", "writes max(x,0) + slope*min(x,0).", []string{"x"}, 4, func() func([]VecVirtual) VecVirtual {
		slope, none := broadcast("slope"), zero()
		return func(in []VecVirtual) VecVirtual { return leakyUnit(in[0], slope, none) }
	})
	each("leakyGrad", ", slope float32", "writes gy, times slope where x is not positive.", []string{"gy", "x"}, 4, func() func([]VecVirtual) VecVirtual {
		slope, none := broadcast("slope"), zero()
		one := inRegister(f32(1))
		return func(in []VecVirtual) VecVirtual { return mul(in[0], leakySlope(in[1], slope, none, one)) }
	})
	each("silu", "", "writes x/(1+exp(-x)).", []string{"x"}, 2, func() func([]VecVirtual) VecVirtual {
		e := newExponential(-1)
		return func(in []VecVirtual) VecVirtual { return e.silu(in[0]) }
	})
	each("siluGrad", "", "writes gy times the slope of SiLU at x.", []string{"gy", "x"}, 2, func() func([]VecVirtual) VecVirtual {
		e := newExponential(-1)
		return func(in []VecVirtual) VecVirtual { return mul(in[0], e.siluSlope(in[1])) }
	})
	each("tanh", "", "writes tanh(x).", []string{"x"}, 1, func() func([]VecVirtual) VecVirtual {
		e := newExponential(1)
		return func(in []VecVirtual) VecVirtual { return e.tanh(in[0]) }
	})
	each("tanhGrad", "", "writes gy times the slope of tanh where it is t.", []string{"gy", "t"}, 4, func() func([]VecVirtual) VecVirtual {
		return func(in []VecVirtual) VecVirtual {
			slope := inRegister(f32(1))
			VFNMADD231PS(in[1], in[1], slope)
			return mul(in[0], slope)
		}
	})
}
