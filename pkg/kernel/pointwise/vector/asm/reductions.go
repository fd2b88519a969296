package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// halves converts a vector to two vectors of four float64.
func halves(v VecVirtual) [2]VecVirtual {
	low, high, x := YMM(), YMM(), XMM()
	VCVTPS2PD(v.AsX(), low)
	VEXTRACTF128(U8(1), v, x)
	VCVTPS2PD(x, high)
	return [2]VecVirtual{low, high}
}

// wide loads a vector at p and converts it to two vectors of four float64.
func (s part) wide(p Register) [2]VecVirtual {
	if s.mask != nil {
		return halves(s.load(p))
	}
	low, high := YMM(), YMM()
	VCVTPS2PD(Mem{Base: p, Disp: s.u * bytes}, low)
	VCVTPS2PD(Mem{Base: p, Disp: s.u*bytes + bytes/2}, high)
	return [2]VecVirtual{low, high}
}

// zeros returns n registers of zeros.
func zeros(n int) []VecVirtual {
	s := make([]VecVirtual, n)
	for i := range s {
		s[i] = zero()
	}
	return s
}

// total adds the registers of float64 and then their lanes. The sum is in lane 0 of
// the result.
func total(s []VecVirtual) VecVirtual {
	for len(s) > 1 {
		half := len(s) / 2
		for i := range half {
			VADDPD(s[i+half], s[i], s[i])
		}
		s = s[:half]
	}
	high := XMM()
	VEXTRACTF128(U8(1), s[0], high)
	low := s[0].AsX()
	VADDPD(high, low, high)
	VHADDPD(high, high, high)
	return high
}

// reduce writes a kernel that returns float64 sums over its inputs, one for each
// output. Each output has four accumulators. step adds one half of a vector of each
// input to sums, which has one accumulator for each output.
func reduce(name, results, doc string, inputs []string, outputs []string, step func(in [][2]VecVirtual, half int, sums []VecVirtual)) {
	signature := "("
	for _, x := range inputs {
		signature += x + ", "
	}
	kernel(name, signature[:len(signature)-2]+" []float32) ("+results+" float64)", doc)
	var pointers []Register
	for _, x := range inputs {
		pointers = append(pointers, pointer(x))
	}
	n := length(inputs[0])
	sums := make([][]VecVirtual, len(outputs))
	for i := range sums {
		sums[i] = zeros(4)
	}
	span(n, 2, pointers, func(s part) {
		var in [][2]VecVirtual
		for _, p := range pointers {
			in = append(in, s.wide(p))
		}
		for half := range 2 {
			at := make([]VecVirtual, len(outputs))
			for i := range at {
				at[i] = sums[i][2*s.u+half]
			}
			step(in, half, at)
		}
	})
	for i, name := range outputs {
		Store(total(sums[i]).AsX(), Return(name))
	}
	finish()
}

func reductions() {
	reduce("distance", "sum", "returns the sum of (a-b)^2.", []string{"a", "b"}, []string{"sum"},
		func(in [][2]VecVirtual, half int, sums []VecVirtual) {
			d := in[0][half]
			VSUBPD(in[1][half], d, d)
			VFMADD231PD(d, d, sums[0])
		})
	reduce("dot", "sum", "returns the sum of a*b.", []string{"a", "b"}, []string{"sum"},
		func(in [][2]VecVirtual, half int, sums []VecVirtual) {
			VFMADD231PD(in[0][half], in[1][half], sums[0])
		})
	expShift()
	maximum()
	finite()
}

func expShift() {
	kernel("expShift", "(y, x []float32, a, b float32) (sum float64)", "writes exp(a*x-b) and returns the sum of it.")
	y, x, n := pointer("y"), pointer("x"), length("x")
	a, b, e, sums := broadcast("a"), broadcast("b"), newExponential(1), zeros(2)
	span(n, 1, []Register{y, x}, func(s part) {
		v := s.load(x)
		VFMSUB213PS(b, a, v)
		v = e.of(v)
		s.store(v, y)
		for i, h := range halves(s.keep(v)) {
			VADDPD(h, sums[i], sums[i])
		}
	})
	Store(total(sums).AsX(), Return("sum"))
	finish()
}

func maximum() {
	kernel("maximum", "(x []float32) (m float32)", "returns the largest element; n is at least 1.")
	x, n := pointer("x"), length("x")
	m := []VecVirtual{YMM(), YMM()}
	for i := range m {
		VBROADCASTSS(Mem{Base: x}, m[i])
	}
	span(n, 2, []Register{x}, func(s part) {
		v := s.load(x)
		if s.mask != nil {
			VBLENDVPS(s.mask, v, m[0], v)
		}
		VMAXPS(v, m[s.u], m[s.u])
	})
	VMAXPS(m[1], m[0], m[0])
	high, low := XMM(), m[0].AsX()
	VEXTRACTF128(U8(1), m[0], high)
	VMAXPS(high, low, low)
	for _, order := range []uint64{0x4e, 0xb1} { // swap pairs, then neighbours
		VPERMILPS(U8(order), low, high)
		VMAXPS(high, low, low)
	}
	Store(low, Return("m"))
	finish()
}

func finite() {
	kernel("finite", "(x []float32) bool", "reports whether no exponent has all bits set.")
	x, n := pointer("x"), length("x")
	exponent, bad := inRegister(repeated(0x7f800000)), zero()
	span(n, 4, []Register{x}, func(s part) {
		v := binary(VANDPS, s.load(x), exponent)
		VPCMPEQD(v, exponent, v)
		VORPS(v, bad, bad)
	})
	bits, result := GP32(), GP8()
	VMOVMSKPS(bad, bits)
	TESTL(bits, bits)
	SETEQ(result)
	Store(result, ReturnIndex(0))
	finish()
}
