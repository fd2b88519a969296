package experiment_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// pairsOf makes a folder of pairs whose clean pictures have ratio times the sides.
func pairsOf(t *testing.T, ratio int) string {
	t.Helper()
	root := t.TempDir()
	for i := range 12 {
		clean := dataset.DeadLeaves(random.New(1).Child("pair", uint64(i)), 32, 32)
		for folder, p := range map[string]*picture.Planar{"clean": clean, "degraded": clean.Nearest(16, 16).Nearest(32/ratio, 32/ratio)} {
			if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := p.Save(filepath.Join(root, folder, fmt.Sprintf("%02d.png", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func runRestoration(t *testing.T, out string, args ...string) (string, error) {
	t.Helper()
	c, err := setting.Arguments(catalog.Standard(), task.Restoration(), append(args, "-out", out))
	if err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	err = experiment.Run(t.Context(), catalog.Standard(), c.Task, c, &printed, &printed)
	return printed.String(), err
}

// TestPairs: networks are trained on folders of pairs, with the ratio of their pictures. Equal
// runs give equal bytes, and record and model have the task and the data.
func TestPairs(t *testing.T) {
	for _, ratio := range []int{1, 2} {
		root, outs := pairsOf(t, ratio), []string{t.TempDir(), t.TempDir()}
		name := map[int]string{1: "resnet:hidden=8", 2: "espcn:hidden1=8"}[ratio]
		for _, out := range outs {
			printed, err := runRestoration(t, out, "-root", root, "-network", name, "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "2", "-strategy", "mge")
			if err != nil || !strings.Contains(printed, "pairs: ") {
				t.Fatalf("%v\n%s", err, printed)
			}
		}
		for _, file := range []string{"summary.csv", "history.csv", "mge-seed1.onnx"} {
			if !bytes.Equal(read(t, filepath.Join(outs[0], file)), read(t, filepath.Join(outs[1], file))) {
				t.Errorf("ratio %d: %s differs", ratio, file)
			}
		}
		if report := reportOf(t, outs[0]); report.Ratio != ratio || report.Train+report.Validation != 12 {
			t.Errorf("run.json has %+v", report)
		}
		m, err := onnx.Decode(read(t, filepath.Join(outs[0], "mge-seed1.onnx")))
		if err != nil {
			t.Fatal(err)
		}
		about, err := export.ReadMetadata(m)
		if err != nil || about.Task != "restoration" || !about.Paired || about.Network != name {
			t.Errorf("the model says %+v, %v", about, err)
		}
		// A folder with another ratio is an error.
		if printed, err := runRestoration(t, t.TempDir(), "-root", root, "-ratio", fmt.Sprint(3-ratio)); err == nil || !strings.Contains(err.Error(), "they must be") {
			t.Errorf("%v\n%s", err, printed)
		}
	}
	// Tasks that degrade pictures themselves say so.
	printed, err := run(t.Context(), t, t.TempDir(), append([]string{"-data", "pairs", "-root", pairsOf(t, 1), "-dry-run"}, small...)...)
	if err != nil || !strings.Contains(printed, "the degraded pictures are not used") {
		t.Errorf("%v\n%s", err, printed)
	}
}
