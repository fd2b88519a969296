package restore

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/random"
)

// mixed creates a folder with a subfolder: 18 pictures of several formats and sizes, two broken
// ones, and files that are not pictures.
func mixed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 18 {
		name := fmt.Sprintf("%02d%s", i, []string{".png", ".jpg", ".tif", ".bmp", ".gif"}[i%5])
		if i%3 == 0 {
			name = filepath.Join("more", name)
		}
		if err := dataset.DeadLeaves(random.New(uint64(i)), 20+i, 40-i).Save(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, "01.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"cut.jpg": whole[:len(whole)/2], "page.png": []byte("<html>not found</html>"), "notes.txt": []byte("x"), ".hidden.png": []byte("x"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// results returns the times of a folder's files by name.
func results(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestFolder: for 20 pictures of which two are broken, there are 18 results, two named failures
// and exit status 1. -resume only restores pictures whose results are missing or damaged.
func TestFolder(t *testing.T) {
	model := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	in := mixed(t)
	out := filepath.Join(in, "restored") // inside -in, where it is skipped
	line := []string{"-model", model, "-in", in, "-out", out}
	failures := func(more ...string) string {
		t.Helper()
		printed, err := invoke(t.Context(), t, append(line, more...)...)
		if command.Status(err) != command.StatusFailed || err.Error() != "2 of 20 pictures could not be restored: those named above" {
			t.Errorf("%v: %v\n%s", more, err, printed)
		}
		for _, want := range []string{"failed: " + filepath.Join(in, "cut.jpg") + ": the picture is cut short", "failed: " + filepath.Join(in, "page.png") + ": a web page"} {
			if !strings.Contains(printed, want) {
				t.Errorf("%v prints no %q:\n%s", more, want, printed)
			}
		}
		return printed
	}
	failures()
	first := results(t, out)
	if len(first) != 18 {
		t.Errorf("results %v", first)
	}
	for name := range first {
		if small, large := load(t, filepath.Join(in, name)), load(t, filepath.Join(out, name)); large.W != 2*small.W || large.H != 2*small.H {
			t.Errorf("%s: %dx%d become %dx%d", name, small.W, small.H, large.W, large.H)
		}
	}
	// One is missing, one is cut short, one has the size of the picture.
	cut := filepath.Join(out, "01.jpg")
	whole, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Remove(filepath.Join(out, "more", "00.png")), os.WriteFile(cut, whole[:len(whole)/2], 0o666), load(t, filepath.Join(in, "02.tif")).Save(filepath.Join(out, "02.tif")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := results(t, out)
	if printed := failures("-resume"); !strings.Contains(printed, "15 of 20 results are there and complete") {
		t.Errorf("-resume prints\n%s", printed)
	}
	for name, when := range results(t, out) {
		if again := name == "more/00.png" || name == "01.jpg" || name == "02.tif"; again == (when == before[name]) {
			t.Errorf("%s was restored again: %t, want %t", name, !again, again)
		}
	}
	if again, err := os.ReadFile(cut); err != nil || !bytes.Equal(again, whole) {
		t.Errorf("a result that was cut short is not the same again, %v", err)
	}
}

// TestFolderErrors: errors come before anything is written, and a stopped call says how to
// continue.
func TestFolderErrors(t *testing.T) {
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	in, empty, twice := mixed(t), t.TempDir(), t.TempDir()
	file := filepath.Join(in, "01.jpg")
	for _, name := range []string{"a.webp", "a.webp.png"} {
		if err := os.WriteFile(filepath.Join(twice, name), []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(empty, "out")
	for _, c := range []struct {
		line   string
		status int
		want   string
	}{
		{"-in " + in + " -out " + in, 1, "it is the folder of the pictures"},
		{"-in " + in + " -out " + file, 1, "it is a file"},
		{"-in " + in + " -out " + filepath.Join(file, "x"), 1, "not a directory"},
		{"-in " + empty + " -out " + out, 1, "there are no pictures"},
		{"-in " + twice + " -out " + out, 1, "would have one name"},
		{"-in " + in + " -out " + out + " -test noise=0.2", 2, "a picture, not a folder"},
		{"-in " + file + " -out " + file + ".png -resume", 2, "-in is no folder"},
	} {
		if printed, err := invoke(t.Context(), t, append([]string{"-model", model}, strings.Fields(c.line)...)...); command.Status(err) != c.status || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.line, err, c.want, printed)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := invoke(ctx, t, "-model", model, "-in", in, "-out", out); err == nil || !strings.Contains(err.Error(), "stopped after 0 of 20 pictures; -resume continues") {
		t.Errorf("stopped: %v", err)
	}
	if left, err := os.ReadDir(out); err == nil && len(left) > 0 {
		t.Errorf("a stopped command left %v", left)
	}
}
