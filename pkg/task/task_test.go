package task_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

func leaves(t testing.TB, side int) *dataset.Set {
	t.Helper()
	set, err := dataset.Open(dataset.Options{Side: side})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func sampler(t testing.TB, seed uint64) *task.Sampler {
	set := leaves(t, 16)
	return &task.Sampler{Task: task.Denoising{}, Source: set.Train, Pixels: task.Denoising{}.Pixels(set), Side: 16, Restriction: mesh.Nearest, Seed: seed}
}

// TestDenoisingMixes: the input is t*x + (1-t)*z with normal z.
func TestDenoisingMixes(t *testing.T) {
	const n = 3 * 32 * 32
	clean := make([]float32, n)
	r := random.New(1)
	r.Normals(clean)
	for _, time := range []float32{0, 0.25, 1} {
		input := make([]float32, n)
		noise := random.New(2)
		task.Denoising{}.Degrade(input, clean, 32, time, &noise)
		var mean, square float64
		for i, v := range input {
			if time == 1 {
				if v != clean[i] {
					t.Fatalf("t = 1: pixel %d is %v, clean is %v", i, v, clean[i])
				}
				continue
			}
			z := float64(v-time*clean[i]) / float64(1-time)
			mean += z / n
			square += z * z / n
		}
		// Five standard errors of a mean, and of a variance, of n normal values.
		if bound := 5 / math.Sqrt(n); time < 1 && (math.Abs(mean) > bound || math.Abs(square-1) > math.Sqrt2*bound) {
			t.Errorf("t = %v: noise has mean %v and variance %v", time, mean, square)
		}
	}
}

// TestDraw: a batch is a function of seed, iteration and level; both meshes of
// a difference see the same; other levels, iterations and seeds see others.
func TestDraw(t *testing.T) {
	s := sampler(t, 1)
	draw := func(s *task.Sampler, iteration, level int) (fine, coarse mesh.Batch) {
		fine, coarse, err := s.Draw(iteration, level, 4, true)
		if err != nil {
			t.Fatal(err)
		}
		return fine, coarse
	}
	fine, coarse := draw(s, 3, 1)
	if fine.Input.H != 8 || coarse.Input.H != 4 || fine.Len() != 4 {
		t.Fatalf("level 1 of side 16: sides %d and %d, %d samples", fine.Input.H, coarse.Input.H, fine.Len())
	}
	if want := mesh.Nearest.RestrictBatch(fine, 1); !slices.Equal(want.Input.Data, coarse.Input.Data) || !slices.Equal(want.Target.Data, coarse.Target.Data) || !slices.Equal(fine.T, coarse.T) {
		t.Error("the coarse batch is not the fine one, restricted")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if again, _ := draw(s, 3, 1); !slices.Equal(again.Input.Data, fine.Input.Data) || !slices.Equal(again.T, fine.T) {
		t.Error("equal arguments give another batch on one core")
	}
	for name, other := range map[string]mesh.Batch{
		"level":     func() mesh.Batch { b, _ := draw(s, 3, 0); return b }(),
		"iteration": func() mesh.Batch { b, _ := draw(s, 4, 1); return b }(),
		"seed":      func() mesh.Batch { b, _ := draw(sampler(t, 2), 3, 1); return b }(),
	} {
		if slices.Equal(other.T, fine.T) {
			t.Errorf("another %s draws the same t", name)
		}
	}
}

// TestDegradeCoarse: with fresh noise on every mesh, targets stay coupled and
// inputs have the noise of their own mesh.
func TestDegradeCoarse(t *testing.T) {
	s := sampler(t, 1)
	s.DegradeCoarse = true
	fine, coarse, err := s.Draw(0, 0, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	want := mesh.Nearest.RestrictBatch(fine, 1)
	if !slices.Equal(want.Target.Data, coarse.Target.Data) || !slices.Equal(fine.T, coarse.T) {
		t.Error("targets or t of the two meshes differ")
	}
	if slices.Equal(want.Input.Data, coarse.Input.Data) {
		t.Error("the coarse input is the fine one, restricted")
	}
}

// TestPrefetch hands out a plan's batches in its order, from any iteration on.
func TestPrefetch(t *testing.T) {
	s := sampler(t, 1)
	plan, err := mge.Work{Batches: []int{1, 2}, Iterations: 2, Stages: []int{2, 1}}.Plan(mge.FullMultiscale)
	if err != nil {
		t.Fatal(err)
	}
	for from := range plan.Iterations() {
		p := task.NewPrefetch(s, plan, from)
		for i := from; i < plan.Iterations(); i++ {
			at, _ := plan.At(i)
			stage := plan.Stages[at]
			for j, n := range stage.Batches {
				level := stage.Finest + j
				got, _, err := p.Draw(i, level, n, level < stage.Coarsest())
				if err != nil {
					t.Fatal(err)
				}
				want, _, err := s.Draw(i, level, n, level < stage.Coarsest())
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Input.Data, want.Input.Data) {
					t.Fatalf("iteration %d, level %d: another batch", i, level)
				}
			}
		}
		p.Close()
	}
	p := task.NewPrefetch(s, plan, 0)
	defer p.Close()
	if _, _, err := p.Draw(1, 1, 2, false); err == nil {
		t.Error("a batch out of order was handed out")
	}
}

// perfect restores by copying what it should find.
type perfect struct{ answer []float32 }

func (p perfect) Apply(_ context.Context, y []float32, _ mesh.Images, _ []float32) error {
	copy(y, p.answer)
	return nil
}

// TestValidation: the set is the same in every run, and measures what it says.
func TestValidation(t *testing.T) {
	set := leaves(t, 16)
	v, err := task.NewValidation(task.Denoising{}, set, 16, 12)
	if err != nil {
		t.Fatal(err)
	}
	again, err := task.NewValidation(task.Denoising{}, leaves(t, 16), 16, 12)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Batch.Input.Data, again.Batch.Input.Data) {
		t.Error("two validation sets of one data set differ")
	}
	m, err := v.Measure(t.Context(), perfect{v.Batch.Target.Data})
	if err != nil {
		t.Fatal(err)
	}
	if m.MSE != 0 || math.Abs(m.SSIM-1) > 1e-12 {
		t.Errorf("the clean pictures themselves: MSE %v, SSIM %v", m.MSE, m.SSIM)
	}
	if d := v.Degraded(); !(d.MSE > 0.05) || !(d.PSNR < 25) {
		t.Errorf("the degraded pictures: MSE %v, PSNR %v", d.MSE, d.PSNR)
	}
}
