package conv

import (
	"slices"
	"strings"
	"testing"
)

func TestParseAlgorithm(t *testing.T) {
	for i, name := range Algorithms() {
		a, err := ParseAlgorithm(name)
		if err != nil || int(a) != i || a.String() != name {
			t.Errorf("%q: algorithm %v, error %v", name, a, err)
		}
	}
	for _, name := range []string{"", "Auto", "fft"} {
		if _, err := ParseAlgorithm(name); err == nil || !strings.Contains(err.Error(), "use auto, direct, winograd") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// TestAlgorithmOfItsOwn: each convolution uses the algorithm that its shape names, also with a filter
// that another algorithm has used, and an unknown algorithm is refused.
func TestAlgorithmOfItsOwn(t *testing.T) {
	s := Shape{2, 16, 12, 12, 16, 3, 1, 1, Auto}
	f := NewFilter(s.O, s.C, s.Kernel)
	by := map[Algorithm][][]float32{}
	for _, a := range []Algorithm{Direct, Winograd, Auto} {
		s.Algorithm = a
		by[a] = results(f, s)
	}
	if slices.Equal(by[Direct][2], by[Winograd][2]) {
		t.Error("direct and Winograd give the same bytes")
	}
	for i := range by[Auto] {
		if !slices.Equal(by[Auto][i], by[Winograd][i]) {
			t.Errorf("result %d: auto takes another algorithm than Winograd", i)
		}
	}
	s.Algorithm = 3
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "Algorithm(3)") {
		t.Errorf("an unknown algorithm: error %v", err)
	}
}
