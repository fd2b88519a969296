package random

import (
	"math"

	"multiscale/pkg/elementary"
)

// Normal returns a draw from the standard normal distribution. It always advances the stream
// by one word.
func (s *Stream) Normal() float32 {
	var x [1]float32
	s.Normals(x[:])
	return x[0]
}

// NormalAt returns what Normal would return after i other draws. The stream's position does
// not change.
func (s *Stream) NormalAt(i uint64) float32 {
	at := *s
	at.n += i
	return at.Normal()
}

// Normals fills dst with draws from the standard normal distribution. It uses the ziggurat
// method (Marsaglia and Tsang 2000) with 256 layers. The layer and the position in it come from
// separate bits of the word (Doornik 2005).
func (s *Stream) Normals(dst []float32) {
	for i := range dst {
		u := s.word(s.n + uint64(i))
		if j, layer := split(u); magnitude(j) < accept[layer] {
			dst[i] = float32(j) * width[layer]
		} else {
			dst[i] = s.undecided(s.n+uint64(i), u)
		}
	}
	s.n += uint64(len(dst))
}

// undecided computes a variate that u, the stream's i-th word, does not determine alone: about
// one in 80. It takes further words from a stream that depends on i, so that every variate
// remains a function of its index.
func (s *Stream) undecided(i, u uint64) float32 {
	more := Stream{k0: s.k0 ^ zigguratTag, k1: s.k1}
	more.absorb(i)
	for ; ; u = more.Uint64() {
		j, layer := split(u)
		if magnitude(j) < accept[layer] {
			return float32(j) * width[layer]
		}
		if layer == 0 {
			return float32(math.Copysign(tail(&more), float64(j)))
		}
		x := float64(j) * float64(width[layer])
		if y := density[layer] + float64(more.Float64()*(density[layer+1]-density[layer])); y < elementary.Exp(-x*x/2) {
			return float32(x)
		}
	}
}

// tail draws from the normal distribution beyond the base layer's edge (Marsaglia 1964).
func tail(s *Stream) float64 {
	for {
		x := -elementary.Log(1-s.Float64()) / edge
		y := -elementary.Log(1 - s.Float64())
		if y+y > x*x {
			return edge + x
		}
	}
}

// split takes the position and the layer from separate bits of a word.
func split(u uint64) (position int32, layer uint8) { return int32(u >> 32), uint8(u) }

// magnitude is the absolute value of j, also of the smallest int32.
func magnitude(j int32) uint32 {
	sign := j >> 31
	return uint32((j ^ sign) - sign)
}

const (
	edge        = 3.6541528853610088   // start of the tail, for 256 layers
	area        = 0.004928673233974655 // of every layer
	zigguratTag = 0x5a696767757261e5
)

// The tables of the ziggurat. Position j in [-2^31, 2^31) of layer i is x = j*width[i]. If
// |j| < accept[i], it lies under the curve at any height of the layer. density[i] is exp(-x^2/2)
// at the layer's outer edge.
var (
	width   [256]float32
	accept  [256]uint32
	density [257]float64
)

func init() {
	f := func(x float64) float64 { return elementary.Exp(-x * x / 2) }
	outer := area / f(edge) // as wide as the base layer with its tail
	inner := edge
	for i := range 256 {
		width[i] = float32(outer / (1 << 31))
		accept[i] = uint32(inner / outer * (1 << 31))
		density[i] = f(outer)
		outer = inner
		inner = 0 // no part of the top layer lies under the curve at any height
		if y := area/outer + f(outer); i < 254 {
			inner = math.Sqrt(-2 * elementary.Log(y))
		}
	}
	density[256] = 1
}
