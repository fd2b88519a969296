package progress

import (
	"strings"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	var log strings.Builder
	p := New(&log)
	now := time.Unix(0, 0)
	p.now = func() time.Time { return now }
	for i := range 5 { // every 6 s, and a line every 10 s at most
		p.Count("tiles", i+1, 10)
		now = now.Add(6 * time.Second)
	}
	const want = "tiles 3/10  42s left\ntiles 5/10  30s left\n"
	if log.String() != want {
		t.Errorf("%q, want %q", log.String(), want)
	}
}
