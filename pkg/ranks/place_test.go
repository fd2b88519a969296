package ranks

import (
	"slices"
	"testing"
)

// TestPlaces: the number of threads follows from the cores that a rank may use, and ranks with more
// threads than cores are named.
func TestPlaces(t *testing.T) {
	place := func(host string, cpus ...int) Place { // each core has two hyper-threads: 0 and 1, 2 and 3
		p := Place{Host: host, CPUs: cpus}
		for _, c := range cpus {
			if !slices.Contains(p.Cores, c&^1) {
				p.Cores = append(p.Cores, c&^1)
			}
		}
		return p
	}
	for name, tc := range map[string]struct {
		places  []Place
		asked   int
		threads int // of the last rank
		fights  []string
	}{
		"a core each":     {[]Place{place("a", 0, 1), place("a", 2, 3)}, 0, 1, nil},
		"not bound":       {[]Place{place("a", 0, 1, 2, 3), place("a", 0, 1, 2, 3)}, 0, 1, nil},
		"too many":        {[]Place{place("a", 0, 1), place("a", 0, 1), place("b", 0)}, 0, 1, []string{"ranks 0 and 1 fight for core 0 of a: 2 threads for 1"}},
		"hyper-threads":   {[]Place{place("a", 0), place("a", 1)}, 0, 1, []string{"ranks 0 and 1 fight for core 0 of a: 2 threads for 1"}},
		"too many wanted": {[]Place{place("a", 0, 2), place("a", 0, 2)}, 2, 1, []string{"ranks 0 and 1 fight for core 0,2 of a: 4 threads for 2"}},
		"two hosts":       {[]Place{place("a", 0, 2, 4, 6), place("b", 0, 2, 4, 6)}, 0, 4, nil},
		"not known":       {[]Place{{Host: "a"}, {Host: "a"}}, 0, 0, nil},
	} {
		if got := threads(tc.places, len(tc.places)-1); got != tc.threads {
			t.Errorf("%s: %d threads, want %d", name, got, tc.threads)
		}
		if got := fights(tc.places, tc.asked); !slices.Equal(got, tc.fights) {
			t.Errorf("%s: %q, want %q", name, got, tc.fights)
		}
	}
}
