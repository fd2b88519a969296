package dataset

import (
	"slices"
	"testing"

	"multiscale/pkg/random"
)

// TestSymmetries applies symmetries to the square 1 2 3 / 4 5 6 / 7 8 9.
func TestSymmetries(t *testing.T) {
	square := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
	for s, want := range map[Symmetry][]float32{
		0:                                  {1, 2, 3, 4, 5, 6, 7, 8, 9},
		Transposed:                         {1, 4, 7, 2, 5, 8, 3, 6, 9},
		UpsideDown:                         {7, 8, 9, 4, 5, 6, 1, 2, 3},
		Mirrored:                           {3, 2, 1, 6, 5, 4, 9, 8, 7},
		turns[1]:                           {3, 6, 9, 2, 5, 8, 1, 4, 7},
		turns[2]:                           {9, 8, 7, 6, 5, 4, 3, 2, 1},
		turns[3]:                           {7, 4, 1, 8, 5, 2, 9, 6, 3},
		Transposed | UpsideDown | Mirrored: {9, 6, 3, 8, 5, 2, 7, 4, 1},
	} {
		got := slices.Concat(square, square)
		s.Apply(got, 3)
		if !slices.Equal(got, slices.Concat(want, want)) {
			t.Errorf("%03b: %v, want %v twice", s, got, want)
		}
	}
	none := []float32{}
	Mirrored.Apply(none, 0)
	one := []float32{1}
	turns[1].Apply(one, 1)
	if one[0] != 1 {
		t.Error(one)
	}
}

// TestAugmentations: an augmentation draws all of its symmetries and no others. A draw
// depends on the stream, not on the other augmentations of the list.
func TestAugmentations(t *testing.T) {
	wanted := map[string][]Symmetry{
		"flips": {0, UpsideDown, Mirrored, UpsideDown | Mirrored},
		"turns": turns[:],
	}
	for _, a := range Augmentations() {
		name, want := a.Name, wanted[a.Name]
		seen := map[Symmetry]int{}
		for i := range 400 {
			seen[a.Draw(random.New(1).Child("sample", uint64(i)))]++
		}
		for _, s := range want {
			// Five standard deviations around 100.
			if n := seen[s]; n < 57 || n > 143 {
				t.Errorf("%s: %03b is drawn %d of 400 times", name, s, n)
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%s: %v", name, seen)
		}
	}
	all, r := Augmentations(), random.New(3)
	planes := func(list []Augmentation) []float32 {
		x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}
		Augment(list, r, Square{x, 3})
		return x
	}
	both, after := planes(all), planes(all[:1])
	Augment(all[1:], r, Square{after, 3})
	if !slices.Equal(both, after) {
		t.Errorf("one after the other gives %v, both %v", after, both)
	}
	x, y := make([]float32, 3*16), make([]float32, 3*64)
	if n := testing.AllocsPerRun(100, func() { Augment(all, r, Square{x, 4}, Square{y, 8}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
