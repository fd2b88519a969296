package elementary_test

import (
	"math"
	"testing"

	"golang.org/x/sys/cpu"
)

// TestAsMath: on a CPU with FMA, results have the bits of package math.
func TestAsMath(t *testing.T) {
	if !cpu.X86.HasFMA {
		t.Skip("the CPU has no FMA")
	}
	for _, f := range functions {
		for _, x := range arguments() {
			if got, want := f.got(x), f.want(x); math.Float64bits(got) != math.Float64bits(want) && !math.IsNaN(want) {
				t.Errorf("%s(%g): %v, want %v", f.name, x, got, want)
			}
		}
	}
}
