package task_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// pairs returns a data set of pairs. The degraded pictures are the negatives of the clean ones, with sides
// divided by ratio.
func pairs(t testing.TB, ratio int) *dataset.Set {
	t.Helper()
	root := t.TempDir()
	for i := range 12 {
		clean := dataset.DeadLeaves(random.New(uint64(i)), 24, 20)
		degraded := clean
		if ratio == 2 {
			degraded = clean.Nearest(12, 10)
		}
		degraded = &picture.Planar{C: 3, W: degraded.W, H: degraded.H, Pix: slices.Clone(degraded.Pix)}
		for k, v := range degraded.Pix {
			degraded.Pix[k] = 255 - v
		}
		for folder, p := range map[string]*picture.Planar{"clean": clean, "degraded": degraded} {
			if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := p.Save(filepath.Join(root, folder, fmt.Sprintf("%d.png", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	set, err := dataset.Open(dataset.Options{Name: "pairs", Root: root, Side: 16})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestRestorationDraws: both pictures of a pair are restricted in the same way, and on all meshes they
// show the same scene.
func TestRestorationDraws(t *testing.T) {
	set := pairs(t, 1)
	for _, r := range mesh.Restrictions() {
		s := task.NewSampler(task.Restoration(), set, 16, 7)
		s.Restriction = r
		for level := range 2 {
			fine, coarse, err := s.Draw(mesh.Request{Iteration: 3, Level: level, Size: 5, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range []mesh.Batch{fine, coarse} {
				for i, v := range b.Target.Data {
					// Pixels are in [-1,1], so that the degraded ones are their negatives, up to rounding.
					if d := float64(b.Input.Data[i] + v); d > 1e-6 || d < -1e-6 {
						t.Fatalf("%s, level %d: pixel %d is %v of the degraded picture, %v of the clean one", r.Name(), level, i, b.Input.Data[i], v)
					}
				}
			}
			if want := mesh.RestrictBatch(r, fine, 1); !slices.Equal(want.Input.Data, coarse.Input.Data) || !slices.Equal(want.Target.Data, coarse.Target.Data) {
				t.Errorf("%s, level %d: the coarse batch is not the restricted one", r.Name(), level)
			}
		}
	}
}

// TestRestorationOfRatio: for degraded pictures with half the sides, the task has the settings of
// super-resolution. Other ratios are errors.
func TestRestorationOfRatio(t *testing.T) {
	of := task.Restoration()
	twice, sr := of.OfRatio(2), task.Superresolution()
	if of.OfRatio(1).Scale != 1 || twice.Scale != 2 || twice.Name != of.Name || twice.LearningRate != sr.LearningRate || twice.Restriction != sr.Restriction ||
		twice.BatchFactor != sr.BatchFactor || twice.MinSide != sr.MinSide || !twice.Scaling.Equal(pixel.Unit) || twice.Measures[0].Name != sr.Measures[0].Name ||
		!slices.EqualFunc(twice.Networks, sr.Networks, func(a, b network.Network) bool { return a.Name() == b.Name() && a.Scale() == b.Scale() }) {
		t.Errorf("%+v", twice)
	}
	for _, c := range []struct {
		of    task.Task
		set   *dataset.Set
		words string
	}{
		{of, pairs(t, 1), ""},
		{twice, pairs(t, 2), ""},
		{of, pairs(t, 2), "2 times those of the degraded ones"},
		{twice, pairs(t, 1), "1 times those"},
		{sr, pairs(t, 1), "1 times those"},
		{sr, leaves(t, 16), ""},
		{task.Denoising(), pairs(t, 2), ""},
		{of, leaves(t, 16), "use -data pairs"},
	} {
		if err := c.of.Suits(c.set); (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s of scale %d on %s of ratio %d: %v", c.of.Name, c.of.Scale, c.set.Name, c.set.Report.Ratio, err)
		}
	}
	s := task.NewSampler(twice, pairs(t, 2), 16, 7)
	fine, coarse, err := s.Draw(mesh.Request{Size: 3, Coarse: true})
	if err != nil || fine.Input.H != 8 || fine.Target.H != 16 || coarse.Input.H != 4 || coarse.Target.H != 8 {
		t.Errorf("%v, %v, %v, %v, %v", fine.Input.Shape, fine.Target.Shape, coarse.Input.Shape, coarse.Target.Shape, err)
	}
}

// TestAugment: symmetries are applied on the finest mesh, the same ones to both pictures of a pair, and
// coarse meshes are restricted from the result.
func TestAugment(t *testing.T) {
	for _, ratio := range []int{1, 2} {
		set := pairs(t, ratio)
		of := task.Restoration().OfRatio(ratio)
		draw := func(list []dataset.Augmentation, level int) (fine, coarse mesh.Batch) {
			s := task.NewSampler(of, set, 16, 7)
			s.Augment, s.Restriction = list, mesh.Nearest
			fine, coarse, err := s.Draw(mesh.Request{Iteration: 3, Level: level, Size: 40, Coarse: true})
			if err != nil {
				t.Fatal(err)
			}
			return fine, coarse
		}
		plain, _ := draw(nil, 0)
		fine, coarse := draw(dataset.Augmentations(), 0)
		seen := map[dataset.Symmetry]int{}
		for i := range plain.Len() {
			before, after := plain.Slice(i, i+1), fine.Slice(i, i+1)
			found := false
			for s := range dataset.Symmetry(8) {
				input, target := slices.Clone(before.Input.Data), slices.Clone(before.Target.Data)
				s.Apply(input, before.Input.H)
				s.Apply(target, before.Target.H)
				if slices.Equal(input, after.Input.Data) && slices.Equal(target, after.Target.Data) {
					seen[s]++
					found = true
				}
			}
			if !found {
				t.Fatalf("ratio %d: sample %d is not the plain one with a symmetry", ratio, i)
			}
		}
		if len(seen) != 8 {
			t.Errorf("ratio %d: of eight symmetries %v were drawn", ratio, seen)
		}
		if want := mesh.RestrictBatch(mesh.Nearest, fine, 1); !slices.Equal(want.Input.Data, coarse.Input.Data) || !slices.Equal(want.Target.Data, coarse.Target.Data) {
			t.Errorf("ratio %d: the coarse batch is not the restricted one", ratio)
		}
	}
	// Symmetries are applied to the clean image before it is degraded.
	s := task.NewSampler(task.Inpainting(), leaves(t, 16), 16, 7)
	plain, _, err := s.Draw(mesh.Request{Size: 4, Level: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Augment = dataset.Augmentations()
	turned, _, err := s.Draw(mesh.Request{Size: 4, Level: 1})
	if err != nil || slices.Equal(plain.Target.Data, turned.Target.Data) || !slices.Equal(plain.T, turned.T) {
		t.Errorf("%v", err)
	}
}
