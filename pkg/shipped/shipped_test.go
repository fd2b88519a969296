package shipped

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
)

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// folder returns a folder with two models that have the same file and the same test picture. change, if not nil, changes
// the first one.
func folder(t *testing.T, change func(*Model)) fstest.MapFS {
	t.Helper()
	data := sessiontest.Smooth(t)
	s, err := session.Load("smooth.onnx", data, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := Model{
		Name: "denoise", About: "noise", File: "smooth.onnx", SHA256: sum(data), Task: s.Task, Network: s.Metadata.Network, Version: "1.0", Card: "card.md",
		Test: Test{In: "in.png", InSHA256: sum([]byte("in")), Out: "out.png", OutSHA256: sum([]byte("out"))},
	}
	other := m
	other.Name = "denoise-grey"
	if change != nil {
		change(&m)
	}
	text, err := json.Marshal(map[string]any{"models": []Model{m, other}})
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		Manifest: {Data: text}, "smooth.onnx": {Data: data}, "card.md": {Data: []byte("card")},
		"in.png": {Data: []byte("in")}, "out.png": {Data: []byte("out")},
	}
}

// TestOpen: a name opens the model of the manifest, unless a file has this name. The error for
// an unknown name lists the available ones.
func TestOpen(t *testing.T) {
	files := folder(t, nil)
	t.Chdir(t.TempDir())
	s, err := Open(files, "denoise", session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Path != "smooth.onnx" {
		t.Errorf("opened %s", s.Path)
	}
	s.Close()
	if err := os.Mkdir("denoise", 0o777); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(files, "denoise", session.Options{}); err != nil {
		t.Fatalf("beside a folder of that name: %v", err)
	}
	s.Close()
	if err := os.Remove("denoise"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"denoize":     "models that come with the program: denoise, denoise-grey",
		"lost/m.onnx": "neither such a file nor a model",
	} {
		if _, err := Open(files, name, session.Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Open(nil, name, session.Options{}); err == nil || strings.Contains(err.Error(), "come with") {
			t.Errorf("%s without models: %v", name, err)
		}
	}
	if err := os.WriteFile("denoise", []byte("no model"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(files, "denoise", session.Options{}); err == nil {
		t.Error("the file of that name did not go first")
	}
}

// TestCheck: damage to any file is found, and the error names the file. Damage to a model is also found when it is opened.
func TestCheck(t *testing.T) {
	whole, err := Read(folder(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Check(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"smooth.onnx", "in.png", "out.png"} {
		files := folder(t, nil)
		files[name].Data = append([]byte(nil), files[name].Data...)
		files[name].Data[1]++
		m, err := Read(files)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err == nil || !strings.HasPrefix(err.Error(), name+": its SHA-256") {
			t.Errorf("%s damaged: %v", name, err)
		}
		if _, err := Open(files, "denoise", session.Options{}); (err == nil) == (name == "smooth.onnx") {
			t.Errorf("%s damaged: opening gives %v", name, err)
		}
	}
	m, err := Read(folder(t, func(m *Model) { m.Task = "other" }))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err == nil || !strings.Contains(err.Error(), `for task "other"`) {
		t.Errorf("another task: %v", err)
	}
}

// TestManifest: the error of an invalid manifest says what is wrong.
func TestManifest(t *testing.T) {
	for want, change := range map[string]func(*Model){
		"two models are called":               func(m *Model) { m.Name = "denoise-grey" },
		"a name has small letters":            func(m *Model) { m.Name = "De noise" },
		`about is ""`:                         func(m *Model) { m.About = "" },
		`version is "1\n"`:                    func(m *Model) { m.Version = "1\n" },
		`"../smooth.onnx" is not the name`:    func(m *Model) { m.File = "../smooth.onnx" },
		"does not end in .onnx":               func(m *Model) { m.File = "card.md" },
		"the digest of smooth.onnx":           func(m *Model) { m.SHA256 = strings.ToUpper(m.SHA256) },
		"the digest of out.png":               func(m *Model) { m.Test.OutSHA256 = "" },
		"mask_sha256 is there":                func(m *Model) { m.Test.MaskSHA256 = m.SHA256 },
		"names mask.png, which is no file":    func(m *Model) { m.Test.Mask, m.Test.MaskSHA256 = "mask.png", m.SHA256 },
		"names card-of.md, which is no file ": func(m *Model) { m.Card = "card-of.md" },
	} {
		if _, err := Read(folder(t, change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for text, want := range map[string]string{
		``:                               "EOF",
		`{"models": []} {}`:              "after the end",
		`{"models": [], "more": 1}`:      `unknown field "more"`,
		`{"models": [{"name": ["a"]}]}`:  "cannot unmarshal",
		strings.Repeat(" ", maxManifest): "EOF",
		strings.Repeat(" ", 1<<20+1):     "more than",
	} {
		if _, err := Read(fstest.MapFS{Manifest: {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), Manifest) {
			t.Errorf("%.20q: want %q, got %v", text, want, err)
		}
	}
	if _, err := Read(os.DirFS(filepath.Join(t.TempDir(), "none"))); err == nil {
		t.Error("a folder without manifest is taken")
	}
}

// FuzzManifest: the models of an accepted manifest are valid.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"models": []}`))
	f.Add([]byte(`{"models": [{"name": "a", "file": "a.onnx", "test": {"in": "b"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		models, err := parse(data)
		if err != nil {
			return
		}
		for _, m := range models {
			if err := m.check(); err != nil {
				t.Error(err)
			}
		}
	})
}
