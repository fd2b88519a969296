package experiment_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// TestWholeAtEnd: with -whole-at-end validations in training measure crops, and the tables have the same values of whole pictures
// as without it.
func TestWholeAtEnd(t *testing.T) {
	root := t.TempDir()
	for i := range 6 {
		clean := dataset.DeadLeaves(random.New(1).Child("picture", uint64(i)), 48, 40)
		for folder, p := range map[string]*picture.Planar{"HR": clean, "LR": clean.Half()} {
			if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := p.Save(filepath.Join(root, folder, fmt.Sprintf("%02d.png", i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	args := []string{"-network", "espcn", "-data", "urban100", "-root", root, "-allow-incomplete", "-side", "16", "-levels", "1", "-batch", "2",
		"-iterations", "4", "-validation-pictures", "12", "-strategy", "mge", "-ema", "0.5"}
	usual, atEnd := t.TempDir(), t.TempDir()
	for out, more := range map[string][]string{usual: nil, atEnd: {"-whole-at-end"}} {
		if _, err := runTask(t.Context(), t, task.Superresolution(), out, append(more, args...)...); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"summary.csv", "input.csv", "ema.csv", "crosscheck.csv"} {
		if !bytes.Equal(read(t, filepath.Join(usual, name)), read(t, filepath.Join(atEnd, name))) {
			t.Errorf("%s differs", name)
		}
	}
	for out, same := range map[string]bool{usual: true, atEnd: false} {
		history := tabletest.Rows(t, filepath.Join(out, "history.csv"))
		last, end := history[len(history)-1]["validation_ssim"], tabletest.Rows(t, filepath.Join(out, "summary.csv"))[0]["ssim"]
		if last == "" || (last == end) != same {
			t.Errorf("the last validation is %q, the table has %s; equal must be %v", last, end, same)
		}
	}
}
