package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// elementwise has the kernels of one or two instructions per element, which are limited by
// memory.
func elementwise() {
	each("axpy", ", a float32", "adds a*x to y.", []string{"y", "x"}, 4, func() func([]VecVirtual) VecVirtual {
		a := broadcast("a")
		return func(in []VecVirtual) VecVirtual {
			VFMADD231PS(a, in[1], in[0])
			return in[0]
		}
	})
	each("scale", ", a float32", "writes a*x.", []string{"x"}, 4, func() func([]VecVirtual) VecVirtual {
		a := broadcast("a")
		return func(in []VecVirtual) VecVirtual { return mul(a, in[0]) }
	})
	each("add", "", "writes a+b.", []string{"a", "b"}, 4, func() func([]VecVirtual) VecVirtual {
		return func(in []VecVirtual) VecVirtual { return add(in[1], in[0]) }
	})
	each("mul", "", "writes a*b.", []string{"a", "b"}, 4, func() func([]VecVirtual) VecVirtual {
		return func(in []VecVirtual) VecVirtual { return mul(in[1], in[0]) }
	})
	each("mulAdd", "", "adds a*b to y.", []string{"y", "a", "b"}, 4, func() func([]VecVirtual) VecVirtual {
		return func(in []VecVirtual) VecVirtual {
			VFMADD231PS(in[1], in[2], in[0])
			return in[0]
		}
	})
	each("subScale", ", s float32", "writes s*(a-b).", []string{"a", "b"}, 4, func() func([]VecVirtual) VecVirtual {
		s := broadcast("s")
		return func(in []VecVirtual) VecVirtual { return mul(s, sub(in[0], in[1])) }
	})
	each("blend", ", s, t float32", "writes s*a + t*b.", []string{"a", "b"}, 4, func() func([]VecVirtual) VecVirtual {
		s, t := broadcast("s"), broadcast("t")
		return func(in []VecVirtual) VecVirtual {
			v := mul(s, in[0])
			VFMADD231PS(t, in[1], v)
			return v
		}
	})
	each("softGrad", ", shift, scale float32", "writes w*(gw-shift)*scale.", []string{"gw", "w"}, 4, func() func([]VecVirtual) VecVirtual {
		shift, scale := broadcast("shift"), broadcast("scale")
		return func(in []VecVirtual) VecVirtual { return mul(scale, mul(in[1], sub(in[0], shift))) }
	})
}
