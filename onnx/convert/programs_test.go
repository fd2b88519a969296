package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/runtime"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// TestPrograms: the programs of docs/programs.md, which are those of testdata/restore, restore a picture
// by a model of the image form. Their results are equal.
func TestPrograms(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "programs.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.go", "restore.js"} {
		program, err := os.ReadFile(filepath.Join("testdata", "restore", name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "\n"+string(program)+"```") {
			t.Errorf("docs/programs.md does not show testdata/restore/%s as it is", name)
		}
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := dataset.DeadLeaves(random.New(3), 45, 31).Save(at("photo.png")); err != nil {
		t.Fatal(err)
	}
	from := sessiontest.File(t, "m.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")))
	if err := imageForm(t, from).WriteFile(at("image.onnx")); err != nil {
		t.Fatal(err)
	}
	must(t, exec.CommandContext(t.Context(), "go", "build", "-o", at("restore"), "./testdata/restore"))
	must(t, exec.CommandContext(t.Context(), at("restore"), at("image.onnx"), at("photo.png"), at("go.png")))
	node, modules := findNode(t)
	js := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "restore", "restore.js"), at("image.onnx"), at("photo.png"), at("node.png"))
	js.Env = append(os.Environ(), "NODE_PATH="+modules, "ORT_DISABLE_TELEMETRY=1")
	must(t, js)
	a, err := picture.Open(at("go.png"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := picture.Open(at("node.png"))
	if err != nil {
		t.Fatal(err)
	}
	if a.W != 45 || a.H != 31 || len(a.Pix) != len(b.Pix) {
		t.Fatalf("%dx%d and %dx%d pixels", a.W, a.H, b.W, b.H)
	}
	for i, v := range a.Pix {
		if d := int(v) - int(b.Pix[i]); d < -1 || d > 1 { // a value midway between two bytes may round either way
			t.Fatalf("sample %d is %d in Go and %d in Node", i, v, b.Pix[i])
		}
	}
}

func must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

// findNode returns Node's executable and the folder of the packages that the program needs.
func findNode(t *testing.T) (node, modules string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	library, err := runtime.Find("")
	if err != nil {
		t.Skip("the npm package onnxruntime-node is not installed")
	}
	before, _, found := strings.Cut(library, "onnxruntime-node"+string(filepath.Separator))
	if _, err := os.Stat(filepath.Join(before, "pngjs")); !found || err != nil {
		t.Skip("the npm packages onnxruntime-node and pngjs are not installed together")
	}
	return node, before
}
