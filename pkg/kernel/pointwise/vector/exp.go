package vector

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector/poly"
)

// exp returns e^x for x clamped to [poly.ExpMin, poly.ExpMax].
func exp(x float32) float32 {
	x = min(max(x, poly.ExpMin), poly.ExpMax)
	n := float32(x*poly.Log2E) + poly.Round - poly.Round
	r := x - float32(n*poly.Ln2Hi) - float32(n*poly.Ln2Lo)
	p := poly.Exp[0]
	for _, c := range poly.Exp[1:] {
		p = float32(p*r) + c
	}
	p = float32(p*(r*r)) + r + 1
	return float32(p * math.Float32frombits(uint32(int32(n)+127)<<23))
}

// tanh returns the hyperbolic tangent of x.
func tanh(x float32) float32 {
	a := max(x, -x)
	if a < poly.TanhSplit {
		z := x * x
		p := poly.Tanh[0]
		for _, c := range poly.Tanh[1:] {
			p = float32(p*z) + c
		}
		return float32(p*z*x) + x
	}
	t := 1 - 2/(exp(2*a)+1)
	return float32(math.Copysign(float64(t), float64(x)))
}
