package scaling

import (
	"math"
	"os"
	"strings"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }

// TestByHand compares with numbers that were computed by hand.
func TestByHand(t *testing.T) {
	n := Network{"x", 1000, 1, 0.5}
	l := Link{Gigabits: 8e-6, Latency: 2}     // 1000 bytes a second
	if got := Bytes(n, 4); !near(got, 6000) { // half and a quarter of 4000 bytes, twice
		t.Errorf("%v bytes", got)
	}
	if got := Communication(n, l, 4); !near(got, 4*2+6) {
		t.Errorf("%v s", got)
	}
	if Communication(n, l, 1) != 0 {
		t.Error("one rank sends")
	}
	terms := []Term{{Side, 8}, {Side / 2, 6}}
	if got := Compute(n, Machine{2}, terms, 4); !near(got, 2*0.5+2.0/2+2*0.25/2) {
		t.Errorf("%v s", got)
	}
	if got := Strong(n, Machine{2}, l, terms, 1); got != 1 {
		t.Errorf("one rank: %v", got)
	}
	n.Fixed = 0
	if got := MaxRanks(n, Machine{1}, Link{1e9, 0}, []Term{{Side, 8}}, 0.9, 64); got != 8 {
		t.Errorf("eight images pay on %d ranks", got)
	}
	if got := MaxRanks(n, Machine{1}, Link{1e9, 100}, []Term{{Side, 8}}, 0.9, 64); got != 1 {
		t.Errorf("with slow messages: %d ranks", got)
	}
}

// TestTables: docs/scaling.md has the tables of this package. UPDATE_GOLDEN=1 go test ./pkg/scaling updates them.
func TestTables(t *testing.T) {
	const page, begin, end = "../../docs/scaling.md", "<!-- tables:begin -->\n", "<!-- tables:end -->\n"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no %s and %s", page, begin, end)
	}
	want := before + begin + Tables() + end + after
	if want == string(data) {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("%s differs from the simulator; UPDATE_GOLDEN=1 go test ./pkg/scaling writes it anew", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
