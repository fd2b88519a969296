package plan

import (
	"fmt"
	"slices"
	"testing"

	"multiscale/pkg/experiment/runfolder"
)

// TestSplit: the parts have all jobs, in their order. The largest part is not larger than the largest job, or only a little
// larger than the mean.
func TestSplit(t *testing.T) {
	var jobs []job
	var total float64
	for i, size := range []float64{8, 1, 2, 2, 8, 1, 2, 2, 3, 1} {
		jobs = append(jobs, job{unit: runfolder.Unit{Strategy: "s", Seed: uint64(i)}, size: size})
		total += size
	}
	for _, n := range []int{1, 2, 3, 4, 7, 20} {
		var got []uint64
		var loads []float64
		for _, part := range split(jobs, n) {
			load, last := 0.0, -1
			for _, j := range part {
				got = append(got, j.unit.Seed)
				if int(j.unit.Seed) < last {
					t.Errorf("%d parts: the order is lost", n)
				}
				last, load = int(j.unit.Seed), load+j.size
			}
			loads = append(loads, load)
		}
		slices.Sort(got)
		if fmt.Sprint(got) != "[0 1 2 3 4 5 6 7 8 9]" {
			t.Errorf("%d parts have %v", n, got)
		}
		if most := slices.Max(loads); most > max(8, total/float64(n)+2) {
			t.Errorf("%d parts: %v", n, loads)
		}
	}
}
