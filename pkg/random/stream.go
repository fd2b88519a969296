package random

import "math/bits"

// Stream is a sequence of random numbers. It is a small value: a copy has its own position, and
// the methods allocate nothing. The zero Stream is valid, but it is the same everywhere; use
// [New].
//
// A Stream must not be used by two goroutines at once; give each its own Child.
type Stream struct {
	k0, k1 uint64 // the key
	n      uint64 // the position: words drawn so far
}

// New returns the stream of a seed and a path of indices. Different paths give independent
// streams, also if their lengths differ.
func New(seed uint64, path ...uint64) Stream {
	s := Stream{k0: mix(seed + golden), k1: mix(^seed)}
	return s.derive(uint64(len(path)), path)
}

// Child returns the sub-stream of s that label and indices name, at its beginning. It does not
// depend on the position of s.
func (s Stream) Child(label string, indices ...uint64) Stream {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(label) {
		h = (h ^ uint64(label[i])) * 1099511628211
	}
	return s.derive(mix(h)+uint64(len(indices)), indices)
}

// Key returns a number that identifies the stream. It is for generators with a counter of their
// own, such as the masks of dropout.
func (s Stream) Key() uint64 { return mix(s.k0 ^ bits.RotateLeft64(s.k1, 32)) }

// Key is New(seed, path...).Key().
func Key(seed uint64, path ...uint64) uint64 { return New(seed, path...).Key() }

// Skip advances the stream by n words, as if they had been drawn.
func (s *Stream) Skip(n uint64) { s.n += n }

// Uint64 returns 64 random bits.
func (s *Stream) Uint64() uint64 {
	w := s.word(s.n)
	s.n++
	return w
}

// Float32 returns a number in [0, 1), a multiple of 2^-24.
func (s *Stream) Float32() float32 { return float32(float32(s.Uint64()>>40) * (1.0 / (1 << 24))) }

// Float64 returns a number in [0, 1), a multiple of 2^-53.
func (s *Stream) Float64() float64 { return float64(float64(s.Uint64()>>11) * (1.0 / (1 << 53))) }

// Uniforms fills dst with the results of len(dst) calls of Float32.
func (s *Stream) Uniforms(dst []float32) {
	for i := range dst {
		dst[i] = float32(s.word(s.n+uint64(i))>>40) * (1.0 / (1 << 24))
	}
	s.n += uint64(len(dst))
}

// Intn returns a number in [0, n), with equal probabilities (Lemire 2019). It panics if n is not
// positive.
func (s *Stream) Intn(n int) int {
	if n <= 0 {
		panic("random: Intn of a number that is not positive")
	}
	bound := uint64(n)
	hi, lo := bits.Mul64(s.Uint64(), bound)
	if lo < bound { // rare; some of these words would make some results more likely
		for reject := -bound % bound; lo < reject; {
			hi, lo = bits.Mul64(s.Uint64(), bound)
		}
	}
	return int(hi)
}

const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio, odd

// word is the stream's i-th word: SplitMix64's finaliser over a Weyl sequence. The second key
// enters halfway, so that streams with overlapping counters have nothing in common.
func (s *Stream) word(i uint64) uint64 {
	x := s.k0 + i*golden
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x ^= s.k1
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mix is SplitMix64's finaliser, a bijection.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// derive absorbs a tag and a path into the key. For a given key, different words always give
// different k0, so that siblings never coincide.
func (s Stream) derive(tag uint64, path []uint64) Stream {
	s.absorb(tag)
	for _, w := range path {
		s.absorb(w)
	}
	s.n = 0
	return s
}

func (s *Stream) absorb(w uint64) {
	s.k0 = mix(s.k0 + mix(w+golden))
	s.k1 = mix(s.k1 + bits.RotateLeft64(s.k0, 29) + golden)
}
