package experiment_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/evaluate"
	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/experiment/tables"
)

// TestHidden: a network that is not given t can be trained, used to restore, evaluated and trained
// further. It is exported without t, and record, model and tables say so.
func TestHidden(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "hidden")
	flags := []string{"-network", "unet:base=16", "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "2", "-strategy", "mge", "-validation-pictures", "4"}
	if printed, err := run(t.Context(), t, out, append(flags, "-t", "hidden")...); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if record := string(read(t, filepath.Join(out, "run.json"))); !strings.Contains(record, `"t": "hidden"`) {
		t.Errorf("run.json has no t:\n%s", record)
	}
	model := filepath.Join(out, "mge-seed1.onnx")
	s, err := session.Open(model, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s.Conditions != 0 || !s.Blind || s.Task != "denoising" || s.Time == "" {
		t.Errorf("the model takes %d numbers t, metadata %+v", s.Conditions, s.Metadata)
	}
	photo := filepath.Join(folderOf(t, 1), "00.png")
	var printed bytes.Buffer
	if err := restore.Run(t.Context(), restore.Request{Catalog: catalog.Standard(), Model: model, In: photo, Out: filepath.Join(dir, "restored.png"), Memory: 1 << 28}, &printed, &printed); err != nil {
		t.Errorf("restore: %v\n%s", err, printed.String())
	}
	r := evaluate.Request{Catalog: catalog.Standard(), Models: []string{model}, Data: "deadleaves", Pictures: 1, Settings: map[string][]float64{}, Memory: 1 << 28, Out: filepath.Join(dir, "measured")}
	if err := evaluate.Run(t.Context(), r, &printed, &printed); err != nil || !strings.Contains(printed.String(), "t hidden") {
		t.Errorf("evaluate: %v\n%s", err, printed.String())
	}
	// Continue from a blind model, and from a model that is given t to a blind one.
	if printed, err := run(t.Context(), t, filepath.Join(dir, "further"), append(flags, "-t", "hidden", "-init", model)...); err != nil {
		t.Errorf("further: %v\n%s", err, printed)
	}
	if printed, err := run(t.Context(), t, filepath.Join(dir, "given"), append(flags, "-init", model)...); err != nil {
		t.Errorf("with t: %v\n%s", err, printed)
	}
	printed.Reset()
	request := tables.Request{Catalog: catalog.Standard(), Runs: []string{out, filepath.Join(dir, "given")}, Out: filepath.Join(dir, "tables")}
	if err := tables.Run(t.Context(), request, &printed, &printed); err != nil || !strings.Contains(printed.String(), "mge (t hidden") {
		t.Errorf("tables: %v\n%s", err, printed.String())
	}
}
