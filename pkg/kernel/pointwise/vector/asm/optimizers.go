package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

func optimizers() {
	kernel("adam", "(p, grad, m, v []float32, constants *AdamConstants)", "does a step of Adam.")
	p, g, m, v := pointer("p"), pointer("grad"), pointer("m"), pointer("v")
	n, constants := length("p"), Dereference(Param("constants"))
	constant := func(field string) VecVirtual {
		a, err := constants.Field(field).Resolve()
		if err != nil {
			panic(err)
		}
		x := YMM()
		VBROADCASTSS(a.Addr, x)
		return x
	}
	beta1, one1 := constant("Beta1"), constant("OneMinusBeta1")
	beta2, one2 := constant("Beta2"), constant("OneMinusBeta2")
	rate, root, epsilon := constant("Rate"), constant("InverseRoot"), constant("Epsilon")
	span(n, 1, []Register{p, g, m, v}, func(s part) {
		gi := s.load(g)
		mi := mul(beta1, s.load(m))
		VFMADD231PS(one1, gi, mi)
		s.store(mi, m)
		vi := mul(beta2, s.load(v))
		VFMADD231PS(one2, mul(gi, gi), vi)
		s.store(vi, v)
		under := YMM()
		VSQRTPS(vi, under)
		VFMADD213PS(epsilon, root, under)
		s.store(sub(s.load(p), binary(VDIVPS, under, mul(rate, mi))), p)
	})
	finish()

	kernel("momentum", "(p, grad, v []float32, rate, momentum float32)", "does a step of gradient descent with momentum.")
	p, g, v, n = pointer("p"), pointer("grad"), pointer("v"), length("p")
	rate, momentum := broadcast("rate"), broadcast("momentum")
	span(n, 2, []Register{p, g, v}, func(s part) {
		vi := s.load(v)
		VFMADD213PS(s.load(g), momentum, vi)
		s.store(vi, v)
		pi := s.load(p)
		VFNMADD231PS(rate, vi, pi)
		s.store(pi, p)
	})
	finish()
}
