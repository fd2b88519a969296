package mesh_test

import (
	"fmt"
	"slices"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
)

func count(n, h, w int) pixel.Images {
	x := pixel.NewImages(n, 1, h, w)
	for i := range x.Data {
		x.Data[i] = float32(i)
	}
	return x
}

func TestRestrict(t *testing.T) {
	for _, tc := range []struct {
		restriction mesh.Restriction
		h, w        int
		levels      int
		want        []float32
	}{
		{mesh.Nearest, 4, 4, 0, count(1, 4, 4).Data},
		{mesh.Nearest, 4, 4, 1, []float32{0, 2, 8, 10}},
		{mesh.Nearest, 4, 4, 2, []float32{0}},
		{mesh.Nearest, 5, 5, 1, []float32{0, 2, 10, 12}}, // the last row and column are dropped
		{mesh.Average, 4, 4, 1, []float32{2.5, 4.5, 10.5, 12.5}},
		{mesh.Average, 4, 4, 2, []float32{7.5}},
		{mesh.Bilinear, 4, 4, 1, []float32{2.5, 4.5, 10.5, 12.5}},
		{mesh.Bilinear, 4, 4, 2, []float32{7.5}},
	} {
		got := mesh.Restrict(tc.restriction, count(1, tc.h, tc.w), tc.levels)
		if !slices.Equal(got.Data, tc.want) {
			t.Errorf("%s of %dx%d by %d levels: %v, want %v", tc.restriction.Name(), tc.h, tc.w, tc.levels, got.Data, tc.want)
		}
	}
}

// TestRestrictComposes: restriction by three levels equals restriction by one level and then by
// two. The telescoping sum relies on this.
func TestRestrictComposes(t *testing.T) {
	for _, x := range []pixel.Images{count(2, 16, 8), count(3, 23, 15)} {
		for _, r := range mesh.Restrictions() {
			once, twice := mesh.Restrict(r, x, 3), mesh.Restrict(r, mesh.Restrict(r, x, 1), 2)
			if !slices.Equal(once.Data, twice.Data) {
				t.Errorf("%s of %dx%d: three levels at once differ from one and then two", r.Name(), x.H, x.W)
			}
		}
	}
}

// TestSlice: Slice and Append keep the numbers and conditions of samples, also with several conditions each.
func TestSlice(t *testing.T) {
	b := mesh.Batch{Input: count(4, 1, 1), Target: count(4, 1, 1), T: []float32{0, 1, 2, 3, 4, 5, 6, 7}, Samples: []uint64{0, 1, 2, 3}}
	part := b.Slice(1, 3)
	if !slices.Equal(part.T, []float32{2, 3, 4, 5}) || !slices.Equal(part.Samples, []uint64{1, 2}) {
		t.Errorf("numbers %v of samples %v", part.T, part.Samples)
	}
	if both := part.Append(b.Slice(0, 1)); !slices.Equal(both.T, []float32{2, 3, 4, 5, 0, 1}) || both.Len() != 3 {
		t.Errorf("numbers %v of %d samples", both.T, both.Len())
	}
	if none := b.Slice(2, 2).Slice(0, 0); none.Len() != 0 || len(none.T) != 0 {
		t.Errorf("numbers %v of no samples", none.T)
	}
	for r, want := range map[mesh.Request][2]int{{Size: 9}: {0, 9}, {Size: 9, From: 3}: {3, 9}, {Size: 9, From: 3, To: 5}: {3, 5}} {
		if from, to := r.Range(); from != want[0] || to != want[1] {
			t.Errorf("%+v: samples %d to %d", r, from, to)
		}
	}
}

// An image and its restriction cost 1 and 1/4 work units.
func Example() {
	x := pixel.NewImages(1, 3, 64, 64)
	y := mesh.Restrict(mesh.Nearest, x, 1)
	fmt.Println(mesh.Cost(0), x.H, mesh.Cost(1), y.H)
	// Output: 1 64 0.25 32
}
