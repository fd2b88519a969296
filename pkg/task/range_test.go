package task_test

import (
	"slices"
	"testing"

	"multiscale/pkg/mesh"
	"multiscale/pkg/task"
)

// TestRange: a request for a range gives the same samples as the whole batch has there, on both meshes.
func TestRange(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		for _, coarse := range []bool{false, true} {
			s := sampler(t, of, 1)
			s.DegradeCoarse = coarse
			whole, wholeCoarse, err := s.Draw(mesh.Request{Iteration: 3, Level: 1, Size: 7, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range [][2]int{{0, 3}, {3, 4}, {4, 7}, {5, 5}} {
				fine, coarser, err := s.Draw(mesh.Request{Iteration: 3, Level: 1, Size: 7, From: r[0], To: r[1], Coarse: true})
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range []mesh.Batch{fine, coarser} {
					want := []mesh.Batch{whole, wholeCoarse}[i].Slice(r[0], r[1])
					if !slices.Equal(got.Input.Data, want.Input.Data) || !slices.Equal(got.Target.Data, want.Target.Data) ||
						!slices.Equal(got.T, want.T) || !slices.Equal(got.Samples, want.Samples) {
						t.Errorf("samples %v, mesh %d: not those of the whole batch", r, i)
					}
				}
			}
		}
	})
}
