package experiment_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

var onFolder = []string{"-network", "resnet", "-side", "8", "-levels", "1", "-batch", "2", "-iterations", "2", "-strategy", "single"}

// folderOf makes a folder of pictures.
func folderOf(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		p := dataset.DeadLeaves(random.New(1).Child("picture", uint64(i)), 16, 16)
		if err := p.Save(filepath.Join(dir, fmt.Sprintf("%02d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBadPicture: a damaged picture ends a run before it begins. With -skip-bad, the record names
// it, and the run continues after it is removed.
func TestBadPicture(t *testing.T) {
	data, out := folderOf(t, 12), filepath.Join(t.TempDir(), "out")
	cut := filepath.Join(data, "cut.png")
	whole := read(t, filepath.Join(data, "00.png"))
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-data", "folder", "-root", data}, onFolder...)
	if _, err := run(t.Context(), t, out, args...); err == nil || !strings.Contains(err.Error(), cut) || !strings.Contains(err.Error(), "-skip-bad") {
		t.Fatalf("a damaged picture: %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("it leaves a run folder")
	}
	printed, err := run(t.Context(), t, out, append(args, "-skip-bad")...)
	if err != nil || !strings.Contains(printed, "cut.png") || !strings.Contains(printed, "for training") {
		t.Fatalf("left out: %v\n%s", err, printed)
	}
	report := reportOf(t, out)
	if report.Train+report.Validation != 12 || len(report.Bad) != 1 || report.Bad[0].Name != "cut.png" {
		t.Errorf("run.json has %+v", report)
	}
	if err := os.Remove(cut); err != nil {
		t.Fatal(err)
	}
	if printed, err := run(t.Context(), t, out, append(args, "-resume")...); err != nil {
		t.Errorf("after it is removed: %v\n%s", err, printed)
	}
}

// TestDecodedOnce: pictures that were decoded according to a run folder's record are not decoded again.
func TestDecodedOnce(t *testing.T) {
	data, out := folderOf(t, 12), filepath.Join(t.TempDir(), "out")
	args := append([]string{"-data", "folder", "-root", data}, onFolder...)
	if printed, err := run(t.Context(), t, out, args...); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	before := reportOf(t, out)
	if before.Decoded == "" {
		t.Error("the record does not say that pictures were decoded")
	}
	o := dataset.Options{Name: "folder", Root: data, Known: &before, Progress: func(int, int) error { t.Error("decoded again"); return nil }}
	if _, err := dataset.Open(o); err != nil {
		t.Error(err)
	}
}

func reportOf(t *testing.T, out string) dataset.Report {
	t.Helper()
	var record struct{ Data dataset.Report }
	if err := json.Unmarshal(read(t, filepath.Join(out, "run.json")), &record); err != nil {
		t.Fatal(err)
	}
	return record.Data
}

// TestGreyRun: training on grey pictures gives a network of one channel.
func TestGreyRun(t *testing.T) {
	data, out := folderOf(t, 6), filepath.Join(t.TempDir(), "out")
	args := append([]string{"-data", "folder", "-root", data, "-channels", "1"}, onFolder...)
	printed, err := run(t.Context(), t, out, args...)
	if err != nil || !strings.Contains(printed, "grey") {
		t.Fatalf("%v\n%s", err, printed)
	}
	if !bytes.Contains(read(t, filepath.Join(out, "run.json")), []byte(`"channels": 1`)) {
		t.Error("run.json does not have the channels")
	}
	p, err := picture.Open(filepath.Join(out, "samples.png"))
	if err != nil || p.W == 0 {
		t.Errorf("samples.png: %v", err)
	}
}

// TestDryRunData: a dry run prints the number of pictures. Without pictures it fails with one
// line.
func TestDryRunData(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	printed, err := run(t.Context(), t, out, append([]string{"-data", "folder", "-root", folderOf(t, 6), "-dry-run"}, onFolder...)...)
	if err != nil || !strings.Contains(printed, "pictures: ") {
		t.Errorf("%v\n%s", err, printed)
	}
	none := filepath.Join(t.TempDir(), "none")
	if _, err := run(t.Context(), t, out, append([]string{"-data", "folder", "-root", none, "-dry-run"}, onFolder...)...); err == nil || !strings.HasPrefix(err.Error(), none) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a missing folder: %v", err)
	}
}
