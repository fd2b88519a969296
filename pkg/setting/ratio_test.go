package setting

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
	"multiscale/pkg/task"
)

// pair is a folder of one pair whose clean picture has ratio times the sides.
func pair(t *testing.T, ratio int) string {
	root := filepath.Join(t.TempDir(), "photos of 2024")
	for folder, side := range map[string]int{"clean": 8 * ratio, "degraded": 8} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := picture.New(3, side, side).Save(filepath.Join(root, folder, "a.png")); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestRatio: scale, networks and sizes of tasks that learn from pairs follow from the
// pictures, from -ratio, or from a record.
func TestRatio(t *testing.T) {
	of := task.Restoration()
	one, two := pair(t, 1), pair(t, 2)
	none := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		root, args string
		ratio      int
		network    string
		batch      int
	}{
		{one, "", 1, "resnet", 8},
		{two, "", 2, "srnet", 4},
		{two, "-data pairs -network espcn", 2, "espcn", 4},
		{one, "-network nafnet -levels 1 -batch 2", 1, "nafnet", 2},
		{one, "-ratio 2", 2, "srnet", 4}, // opening the data will fail
		{none, "", 1, "resnet", 8},
		{none, "-ratio 2 -network espcn", 2, "espcn", 4},
	} {
		got, _, err := parseQuietly(of, append(strings.Fields(c.args), "-root", c.root)...)
		if err != nil || got.Ratio != c.ratio || got.Task.Scale != c.ratio || got.Network.Name() != c.network || got.Batch != c.batch || got.Data.Name != "pairs" {
			t.Errorf("%s %s: ratio %d, %v, batch %d, %v", filepath.Base(c.root), c.args, got.Ratio, got.Network, got.Batch, err)
			continue
		}
		if flags := got.Flags(); flags["ratio"] != c.ratio || got.Defaults()["ratio"] != c.ratio {
			t.Errorf("%s %s: recorded as %v, by default %v", filepath.Base(c.root), c.args, flags["ratio"], got.Defaults())
		}
		if want := "-root-" + strings.ReplaceAll(filepath.Base(c.root), " ", "-"); !strings.Contains(got.Out, want) {
			t.Errorf("%s has no %s", got.Out, want)
		}
		// A record can be read without the pictures.
		given := fromRecord(got.Flags())
		delete(given, "seed")
		given["root"] = none
		if again, err := Parse(catalog.Standard(), given); err != nil || again.Ratio != c.ratio || again.Network.Name() != c.network {
			t.Errorf("read again: %d, %v, %v", again.Ratio, again.Network, err)
		}
	}
	for _, c := range []struct{ args, words string }{
		{"-ratio 3 -root x", "-ratio 3: too large"},
		{"", "-root: -data pairs needs"},
		{"-data folder -root " + none, "-data folder: unknown; use pairs"},
		{"-degrade coarse -root " + none, "-degrade: there is no such flag"},
		{"-network unet -ratio 2 -root " + none, "-network unet: unknown; use srnet"},
	} {
		if _, _, err := parseQuietly(of, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v, want %s", c.args, err, c.words)
		}
	}
	if _, err := Parse(catalog.Standard(), Values{"task": "denoising", "ratio": "1"}); err == nil || !strings.Contains(err.Error(), "-ratio 1: task denoising") {
		t.Errorf("a ratio of denoising: %v", err)
	}
	if _, err := Parse(catalog.Standard(), Values{"task": "restoration", "root": one, "degrade": "coarse"}); err == nil || !strings.Contains(err.Error(), "-degrade coarse: the pictures of task restoration") {
		t.Errorf("degraded anew: %v", err)
	}
	// Data of another program may have degraded pictures; only opening it tells.
	own, err := catalog.Standard().With(catalog.Catalog{Data: []dataset.Format{{Name: "own", BuiltIn: true}}})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse(own, Values{"task": "restoration", "data": "own"}); err != nil || c.Data.Name != "own" || c.Ratio != 1 {
		t.Errorf("%+v, %v", c.Data, err)
	}
	if c, _, err := parseQuietly(denoising); err != nil || c.Flags()["ratio"] != nil {
		t.Errorf("denoising records a ratio, %v", err)
	}
}
