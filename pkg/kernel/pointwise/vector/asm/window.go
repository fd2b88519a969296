package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// window is a symmetric filter of 11 taps in float64. The taps are at the centre plus
// and minus 1, 2, 3, 4 and 5 strides. Scaled index registers of 1, 3 and 5 strides
// suffice for these addresses.
func window() {
	kernel("window", "(y, x []float64, stride int, taps *[Taps]float64)", "filters with 11 symmetric taps; n is a multiple of 8.")
	y, centre, n := pointer("y"), pointer("x"), length("y")
	s, taps := integer("stride"), integer("taps")
	SHLQ(U8(3), s)
	s3, s5, m, m3, m5 := GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, s3)
	LEAQ(Mem{Base: s, Index: s, Scale: 4}, s5)
	for i, from := range []Register{s, s3, s5} {
		to := []Register{m, m3, m5}[i]
		MOVQ(from, to)
		NEGQ(to)
	}
	ADDQ(s5, centre)
	var weights [6]VecVirtual // by the distance from the centre
	for d := range weights {
		weights[d] = YMM()
		VBROADCASTSD(Mem{Base: taps, Disp: 8 * (5 - d)}, weights[d])
	}
	index := [6]struct {
		plus, minus Register
		scale       uint8
	}{1: {s, m, 1}, 2: {s, m, 2}, 3: {s3, m3, 1}, 4: {s, m, 4}, 5: {s5, m5, 1}}

	whole(n, []Register{y, centre}, []int{2 * bytes, 2 * bytes}, func() {
		for u := range 2 {
			sum := YMM()
			VMULPD(Mem{Base: centre, Disp: u * bytes}, weights[0], sum)
			for d := 1; d < 6; d++ {
				v := YMM()
				VMOVUPD(Mem{Base: centre, Index: index[d].plus, Scale: index[d].scale, Disp: u * bytes}, v)
				VADDPD(Mem{Base: centre, Index: index[d].minus, Scale: index[d].scale, Disp: u * bytes}, v, v)
				VFMADD231PD(weights[d], v, sum)
			}
			VMOVUPD(sum, Mem{Base: y, Disp: u * bytes})
		}
	})
	finish()
}
