package task_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/share"
	"multiscale/pkg/share/sharetest"
	"multiscale/pkg/task"
)

// answers is a Restorer that returns the targets, batch by batch.
type answers struct{ batches []mesh.Batch }

func (a *answers) Apply(_ context.Context, y []float32, x pixel.Images, _ []float32) error {
	if len(a.batches) == 0 || x.N != a.batches[0].Len() {
		return fmt.Errorf("an unexpected batch of %d", x.N)
	}
	copy(y, a.batches[0].Target.Data)
	a.batches = a.batches[1:]
	return nil
}

// TestValidation: the set is the same in every run. The clean pictures have perfect measures, and the
// degraded ones have not.
func TestValidation(t *testing.T) {
	each(t, func(t *testing.T, of task.Task) {
		set := leaves(t, 16)
		v, err := task.NewValidation(of, set, 16, 12, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := task.NewValidation(of, leaves(t, 16), 16, 12, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v.Batch.Input.Data, again.Batch.Input.Data) {
			t.Error("two validation sets of one data set differ")
		}
		m, err := v.Measure(t.Context(), &answers{[]mesh.Batch{v.Batch}})
		if err != nil {
			t.Fatal(err)
		}
		if m.Of(metric.MSE) != 0 || math.Abs(m.Of(metric.SSIM)-1) > 1e-12 {
			t.Errorf("the clean pictures themselves: MSE %v, SSIM %v", m.Of(metric.MSE), m.Of(metric.SSIM))
		}
		if d := v.Degraded(); !(d.Of(metric.MSE) > 1e-4) || !(d.Of(metric.PSNR) < 40) || !(d.Of(metric.SSIM) < 0.99) {
			t.Errorf("the trivial answer: %v", d)
		}
	})
	if _, err := task.NewValidation(task.Superresolution(), leaves(t, 16), 15, 1, nil); err == nil {
		t.Error("super-resolution of odd sides is no error")
	}
}

// TestWholePictures: super-resolution measures whole validation pictures of Urban100, of any sizes. Other
// tasks and sets measure crops.
func TestWholePictures(t *testing.T) {
	root := t.TempDir()
	sizes := []image.Point{{20, 16}, {16, 17}, {18, 16}, {22, 16}, {16, 16}, {17, 30}, {16, 16}, {16, 16}, {24, 17}, {16, 20}}
	for i, size := range sizes {
		save(t, filepath.Join(root, "HR", fmt.Sprintf("img_%03d.png", i+1)), size)
	}
	open := func(name string) *dataset.Set {
		set, err := dataset.Open(dataset.Options{Name: name, Root: root, Side: 8, AllowIncomplete: true})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	urban := open("urban100")
	v, err := task.NewValidation(task.Superresolution(), urban, 8, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Whole) != 2 || v.Batch.Len() != 3 || v.Batch.Target.H != 8 {
		t.Fatalf("%d whole pictures, %d crops of side %d", len(v.Whole), v.Batch.Len(), v.Batch.Target.H)
	}
	for i, want := range []image.Point{{24, 16}, {16, 20}} { // the last two, sides made even
		high, low := v.Whole[i].Target, v.Whole[i].Input
		if high.W != want.X || high.H != want.Y || low.W != want.X/2 || low.H != want.Y/2 {
			t.Errorf("picture %d: %dx%d from %dx%d, want %v", i, high.W, high.H, low.W, low.H, want)
		}
	}
	if m, err := v.Measure(t.Context(), &answers{v.Whole}); err != nil || m.Of(metric.MSE) != 0 {
		t.Errorf("the clean pictures: %v, error %v", m, err)
	}
	if d := v.Degraded(); !(d.Of(metric.MSE) > 0) || !(d.Of(metric.SSIM) < 1) {
		t.Errorf("bilinear enlargement: %v", d)
	}
	if v, err := task.NewValidation(task.Denoising(), urban, 8, 3, nil); err != nil || len(v.Whole) != 0 {
		t.Errorf("denoising of whole pictures; error %v", err)
	}
	if v, err := task.NewValidation(task.Superresolution(), open("folder"), 8, 3, nil); err != nil || len(v.Whole) != 0 {
		t.Errorf("whole pictures of a folder; error %v", err)
	}
}

// save writes a picture of stripes.
func save(t *testing.T, path string, size image.Point) {
	t.Helper()
	p := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			p.SetGray(x, y, color.Gray{Y: uint8(40 * (x + y*y) % 256)})
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, p); err != nil {
		t.Fatal(err)
	}
}

// counting is a Restorer of any batch that counts images.
type counting struct {
	images int
	fails  error
}

func (c *counting) Apply(_ context.Context, y []float32, x pixel.Images, _ []float32) error {
	c.images += x.N
	for i := range y {
		y[i] = x.Data[i%len(x.Data)] / 2
	}
	return c.fails
}

// TestRanksMeasureTogether: each rank restores its part of the images (crops, whole pictures and probes),
// and all ranks get the same bytes as one process, or an error.
func TestRanksMeasureTogether(t *testing.T) {
	root := t.TempDir()
	for i := range 15 {
		save(t, filepath.Join(root, "HR", fmt.Sprintf("img_%03d.png", i+1)), image.Point{X: 16, Y: 16 + 2*i})
	}
	urban, err := dataset.Open(dataset.Options{Name: "urban100", Root: root, Side: 8, AllowIncomplete: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		images int
		open   func(share.Ranks) (*task.Validation, error)
	}{
		"crops": {7, func(r share.Ranks) (*task.Validation, error) {
			return task.NewValidation(task.Denoising(), leaves(t, 16), 16, 7, r)
		}},
		"whole pictures": {3, func(r share.Ranks) (*task.Validation, error) {
			return task.NewValidation(task.Superresolution(), urban, 8, 7, r)
		}},
		"probe": {5, func(r share.Ranks) (*task.Validation, error) {
			return task.NewProbe(task.NewSampler(task.Denoising(), leaves(t, 16), 16, 3), 5, r)
		}},
	} {
		alone, err := c.open(nil)
		if err != nil {
			t.Fatal(err)
		}
		var all counting
		want, err := alone.Measure(t.Context(), &all)
		if err != nil || all.images != c.images {
			t.Fatalf("%s: %d images, error %v", name, all.images, err)
		}
		for _, size := range []int{1, 2, 4, 8} {
			restorers := make([]counting, size)
			var wait sync.WaitGroup
			for i, r := range sharetest.Ranks(size) {
				wait.Go(func() {
					v, err := c.open(r)
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := v.Measure(t.Context(), &restorers[i]); err != nil || !maps.Equal(got, want) {
						t.Errorf("%s: rank %d of %d measures %v, error %v; one process %v", name, i, size, got, err, want)
					}
					failing := counting{}
					if i == size-1 {
						failing.fails = errors.New("no")
					}
					if _, err := v.Measure(t.Context(), &failing); err == nil && size < c.images {
						t.Errorf("%s: rank %d of %d does not hear of an error", name, i, size)
					}
				})
			}
			wait.Wait()
			sum := 0
			for i, r := range restorers {
				if sum += r.images; r.images > (c.images+size-1)/size {
					t.Errorf("%s: rank %d of %d restores %d of %d images", name, i, size, r.images, c.images)
				}
			}
			if sum != c.images {
				t.Errorf("%s: %d ranks restore %d images, there are %d", name, size, sum, c.images)
			}
		}
	}
}
