package task_test

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
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

func sampler(t testing.TB, of task.Task, seed uint64) *task.Sampler {
	set := leaves(t, 16)
	s := task.NewSampler(of, set, 16, seed)
	s.Restriction = mesh.Nearest
	return s
}

// each runs a test for every task of this package except Restoration.
func each(t *testing.T, check func(t *testing.T, of task.Task)) {
	for _, of := range append(task.All(), task.AWGN(), task.Sharpening(), task.Filling()) {
		t.Run(of.Name, func(t *testing.T) { check(t, of) })
	}
}

func TestFind(t *testing.T) {
	for _, name := range []string{"denoising", "deblurring", "inpainting", "superresolution"} {
		if of, err := task.Find(task.All(), name); err != nil || of.Name != name {
			t.Errorf("%s: %v, %v", name, of.Name, err)
		}
	}
	if _, err := task.Find(task.All(), "colouring"); err == nil {
		t.Error("colouring is a task")
	}
}

// TestComplete: empty fields get defaults, and contradictory fields are errors.
func TestComplete(t *testing.T) {
	none := func(input, clean pixel.Images, _ task.Grid, _ []float32, _ *random.Stream) error { return nil }
	of, err := task.Task{Name: "own", Degrade: none}.Complete()
	if err != nil || of.Scale != 1 || of.Loss == nil || of.Measures[0].Name != "mse" || of.Restriction != mesh.Nearest || of.BatchFactor != 1 || of.MinSide != 4 || of.LearningRate != 5e-4 {
		t.Errorf("%+v, %v", of, err)
	}
	if _, err := of.Complete(); err != nil {
		t.Errorf("completed twice: %v", err)
	}
	for name, wrong := range map[string]task.Task{
		"no name":              {Degrade: none},
		"a path":               {Name: "../own", Degrade: none},
		"levels of no noise":   {Name: "own", Degrade: none, NoiseLevels: &task.Levels{High: 1}},
		"scale":                {Name: "own", Degrade: none, Scale: 3},
		"conditions not drawn": {Name: "own", Degrade: none, NumConditions: 1},
		"noise without t":      {Name: "own", Degrade: none, Noise: task.NoiseShare},
		"another scale's net":  {Name: "own", Degrade: none, Networks: network.Superresolution(2)},
		"a setting of no name": {Name: "own", Degrade: none, Evaluation: task.Evaluation{Settings: []task.Setting{{}}}},
	} {
		if _, err := wrong.Complete(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestDenoisingMixes: the input is t*x + (1-t)*z with normal z.
func TestDenoisingMixes(t *testing.T) {
	const n = 3 * 32 * 32
	clean := normals(pixel.Shape{N: 1, C: 3, H: 32, W: 32}, 1)
	for _, time := range []float32{0, 0.25, 1} {
		input := degrade(t, task.Denoising(), clean, task.On(0, clean), time, 2).Data
		var mean, square float64
		for i, v := range input {
			if time == 1 {
				if v != clean.Data[i] {
					t.Fatalf("t = 1: pixel %d is %v, clean is %v", i, v, clean.Data[i])
				}
				continue
			}
			z := float64(v-time*clean.Data[i]) / float64(1-time)
			mean += z / n
			square += z * z / n
		}
		// Five standard errors of a mean, and of a variance, of n normal values.
		if bound := 5 / math.Sqrt(n); time < 1 && (math.Abs(mean) > bound || math.Abs(square-1) > math.Sqrt2*bound) {
			t.Errorf("t = %v: noise has mean %v and variance %v", time, mean, square)
		}
	}
}

// TestOwnScale: a task that enlarges images and has its own Degrade gets its inputs from that, on every
// mesh and in validation.
func TestOwnScale(t *testing.T) {
	calls := 0
	of, err := task.Task{Name: "own", Scale: 2, Pointwise: true, Scaling: &pixel.Unit,
		Degrade: func(input, clean pixel.Images, at task.Grid, _ []float32, r *random.Stream) error {
			if calls++; at.H != input.H || at.W != input.W || at.Step != 1 {
				t.Errorf("%+v of an input of %dx%d", at, input.H, input.W)
			}
			mesh.RestrictTo(mesh.Nearest, input, clean, 1)
			for i := range input.Data {
				input.Data[i]++
			}
			return nil
		}}.Complete()
	if err != nil {
		t.Fatal(err)
	}
	want := func(what string, b mesh.Batch) {
		t.Helper()
		x := mesh.Restrict(mesh.Nearest, b.Target, 1)
		for i := range x.Data {
			if x.Data[i]++; b.Input.Shape != x.Shape || b.Input.Data[i] != x.Data[i] {
				t.Fatalf("%s: input %v, want %v", what, b.Input.Data[i], x.Data[i])
			}
		}
	}
	s := sampler(t, of, 1)
	for _, coarse := range []bool{false, true} {
		s.DegradeCoarse = coarse
		for level := range 2 {
			fine, coarser, err := s.Draw(mesh.Request{Level: level, Size: 1, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			want("fine", fine)
			want("coarser", coarser)
		}
	}
	v, err := task.NewValidation(of, leaves(t, 16), 16, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	want("validation", v.Batch)
	if c, err := of.ParseCase(task.Trained); err != nil || c.Degrade == nil {
		t.Errorf("%q: %v", task.Trained, err)
	}
	if calls != 2*1+2*2+2 {
		t.Errorf("%d calls", calls)
	}
}

// TestDraw: both meshes of a difference see the same samples. Other levels, iterations and seeds see
// other samples.
func TestDraw(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		s := sampler(t, of, 1)
		draw := func(s *task.Sampler, iteration, level int) (fine, coarse mesh.Batch) {
			fine, coarse, err := s.Draw(mesh.Request{Iteration: iteration, Level: level, Size: 4, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			return fine, coarse
		}
		fine, coarse := draw(s, 3, 1)
		if fine.Target.H != 8 || coarse.Target.H != 4 || fine.Input.H != 8/of.Scale || coarse.Input.H != 4/of.Scale || fine.Len() != 4 {
			t.Fatalf("level 1 of side 16: sides %d and %d, %d samples", fine.Target.H, coarse.Target.H, fine.Len())
		}
		if want := mesh.RestrictBatch(mesh.Nearest, fine, 1); !slices.Equal(want.Input.Data, coarse.Input.Data) || !slices.Equal(want.Target.Data, coarse.Target.Data) || !slices.Equal(fine.T, coarse.T) {
			t.Error("the coarse batch is not the fine one, restricted")
		}
		for name, other := range map[string]mesh.Batch{
			"level":     func() mesh.Batch { b, _ := draw(s, 3, 0); return mesh.RestrictBatch(mesh.Nearest, b, 1) }(),
			"iteration": func() mesh.Batch { b, _ := draw(s, 4, 1); return b }(),
			"seed":      func() mesh.Batch { b, _ := draw(sampler(t, of, 2), 3, 1); return b }(),
		} {
			if slices.Equal(other.Target.Data, fine.Target.Data) || slices.Equal(other.Input.Data, fine.Input.Data) {
				t.Errorf("another %s draws the same", name)
			}
		}
	})
}

// TestCores: batches are equal on one core and on several, with and without DegradeCoarse.
func TestCores(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		for _, coarse := range []bool{false, true} {
			s := sampler(t, of, 1)
			s.DegradeCoarse = coarse
			var drawn [][]float32
			for _, cores := range []int{1, 3} {
				before := runtime.GOMAXPROCS(cores)
				fine, coarser, err := s.Draw(mesh.Request{Level: 1, Size: 9, Coarse: true})
				runtime.GOMAXPROCS(before)
				if err != nil {
					t.Fatal(err)
				}
				drawn = append(drawn, slices.Concat(fine.Input.Data, fine.Target.Data, fine.T, coarser.Input.Data, coarser.Target.Data))
			}
			if !slices.Equal(drawn[0], drawn[1]) {
				t.Errorf("other batches on other cores, degraded on coarse meshes: %v", coarse)
			}
		}
	})
}

// TestDegradeCoarse: with DegradeCoarse the targets of the two meshes remain coupled, the coarse input is
// not the restricted fine one, and the finest mesh does not change.
func TestDegradeCoarse(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		s := sampler(t, of, 1)
		finest, _, err := s.Draw(mesh.Request{Size: 2, Coarse: true})
		if err != nil {
			t.Fatal(err)
		}
		s.DegradeCoarse = true
		fine, coarse, err := s.Draw(mesh.Request{Size: 2, Coarse: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(finest.Input.Data, fine.Input.Data) {
			t.Error("another input on the finest mesh")
		}
		want := mesh.RestrictBatch(mesh.Nearest, fine, 1)
		if !slices.Equal(want.Target.Data, coarse.Target.Data) || !slices.Equal(fine.T, coarse.T) {
			t.Error("targets or t of the two meshes differ")
		}
		if len(want.Input.Data) != len(coarse.Input.Data) || slices.Equal(want.Input.Data, coarse.Input.Data) {
			t.Error("the coarse input is the fine one, restricted")
		}
	})
}

// TestPointwise: batches do not depend on whether all pixels of the finest mesh are degraded, or only
// those that the restriction keeps.
func TestPointwise(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		for level := range 3 {
			for _, anew := range []bool{false, true} {
				fast, slow := sampler(t, of, 5), sampler(t, of, 5)
				slow.Task.Pointwise = false
				fast.DegradeCoarse, slow.DegradeCoarse = anew, anew
				for iteration := range 2 { // the second one uses memory of the first one again
					fine, coarse, err := fast.Draw(mesh.Request{Iteration: iteration, Level: level, Size: 5, Coarse: true})
					if err != nil {
						t.Fatal(err)
					}
					wantFine, wantCoarse, err := slow.Draw(mesh.Request{Iteration: iteration, Level: level, Size: 5, Coarse: true})
					if err != nil {
						t.Fatal(err)
					}
					for i, pair := range [][2]mesh.Batch{{fine, wantFine}, {coarse, wantCoarse}} {
						if !slices.Equal(pair[0].Input.Data, pair[1].Input.Data) || !slices.Equal(pair[0].Target.Data, pair[1].Target.Data) {
							t.Errorf("level %d, degraded anew %t: mesh %d differs", level, anew, level+i)
						}
					}
				}
			}
		}
	})
}
