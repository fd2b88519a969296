package dataset

import (
	"crypto/sha256"
	"fmt"
	"math"
	"runtime"
	"testing"

	"multiscale/pkg/random"
)

// Results depend on these pictures. If they change on purpose, raise leavesVersion.
func TestDeadLeavesGolden(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Log("other architectures may fuse multiplications and additions; the golden value is amd64's")
		return
	}
	p := DeadLeaves(random.New(5), 48, 32)
	if got := fmt.Sprintf("%x", sha256.Sum256(p.Pix)); got[:16] != goldenLeaves {
		t.Errorf("sha256 %s..., was %s...", got[:16], goldenLeaves)
	}
}

const goldenLeaves = "1462eee82205996f"

// Dead leaves share characteristic statistics with photographs: differences of neighbours
// that are mostly small and rarely large, correlated colours, and the same statistics on a
// coarser mesh.
func TestDeadLeavesAreNatural(t *testing.T) {
	const side, n = 128, 24
	var kurtosis, coarse, correlation, spread float64
	for i := range n {
		p := DeadLeaves(random.New(6, uint64(i)), side, side)
		kurtosis += excess(p.Pix[:side*side], side) / n
		half := p.Nearest(side/2, side/2)
		coarse += excess(half.Pix[:side*side/4], side/2) / n
		var r, g, rr, gg, rg float64
		for k := range side * side {
			a, b := float64(p.Pix[k]), float64(p.Pix[side*side+k])
			r, g, rr, gg, rg = r+a, g+b, rr+a*a, gg+b*b, rg+a*b
		}
		m := float64(side * side)
		correlation += (rg - r*g/m) / math.Sqrt((rr-r*r/m)*(gg-g*g/m)) / n
		spread += math.Sqrt((rr-r*r/m)/m) / n
	}
	if kurtosis < 2 || coarse < 1 {
		t.Errorf("excess kurtosis of differences is %.1f, and %.1f on a coarser mesh; photographs have more than 2", kurtosis, coarse)
	}
	if correlation < 0.7 {
		t.Errorf("correlation of red and green is %.2f", correlation)
	}
	if spread < 25 || spread > 75 {
		t.Errorf("standard deviation within a picture is %.0f of 255", spread)
	}
}

// excess returns the excess kurtosis of the differences of horizontal neighbours.
func excess(plane []uint8, w int) float64 {
	var n, m2, m4 float64
	for i := range plane {
		if i%w == 0 {
			continue
		}
		d := float64(plane[i]) - float64(plane[i-1])
		n, m2, m4 = n+1, m2+d*d, m4+d*d*d*d
	}
	return m4*n/(m2*m2) - 3
}

func TestDeadLeavesSet(t *testing.T) {
	for _, side := range []int{1, 2, 32} {
		set := open(t, Options{Side: side})
		use(t, set, max(side/2*2, 2))
		if set.Train.Len() < 1000 || set.Validation.Len() < 200 {
			t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
	a, b := open(t, Options{Side: 16}), open(t, Options{Side: 32})
	if a.Digest == b.Digest || a.Digest != open(t, Options{Side: 16}).Digest {
		t.Error("the digest does not stand for the pictures")
	}
	if string(whole(t, a.Train, 0).Pix) == string(whole(t, a.Validation, 0).Pix) {
		t.Error("training and validation share pictures")
	}
}

func BenchmarkDeadLeaves(b *testing.B) {
	for _, side := range []int{64, 128, 256} {
		b.Run(fmt.Sprint(side), func(b *testing.B) {
			i := uint64(0)
			for b.Loop() {
				DeadLeaves(random.New(i), side, side)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(side*side), "ns/pixel")
		})
	}
}
