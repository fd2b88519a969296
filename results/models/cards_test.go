package models_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"multiscale/onnx/crosscheck"
	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/kernel"
	"multiscale/pkg/picture"
	"multiscale/pkg/shipped"
	"multiscale/results/models"
)

// mostBytes is the largest total size of the folder's files.
const mostBytes = 40 << 20

// each runs a test for every model.
func each(t *testing.T, check func(t *testing.T, m shipped.Model, s *session.Session, data []byte)) {
	t.Helper()
	all, err := shipped.Read(models.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.List {
		t.Run(m.Name, func(t *testing.T) {
			data, err := all.Load(m)
			if err != nil {
				t.Fatal(err)
			}
			s, err := session.Load(m.File, data, session.Options{Runtime: session.Network})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			check(t, m, s, data)
		})
	}
}

// read reads a file of the folder.
func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(models.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// header is the part of a model card that Hugging Face reads.
type header struct {
	License string   `yaml:"license"`
	Library string   `yaml:"library_name"`
	Kind    string   `yaml:"pipeline_tag"`
	Tags    []string `yaml:"tags"`
	Data    []string `yaml:"datasets"`
	Metrics []string `yaml:"metrics"`
	Index   []struct {
		Name    string `yaml:"name"`
		Results []struct {
			Task struct {
				Type string `yaml:"type"`
				Name string `yaml:"name"`
			} `yaml:"task"`
			Dataset struct {
				Type string `yaml:"type"`
				Name string `yaml:"name"`
			} `yaml:"dataset"`
			Metrics []struct {
				Type  string  `yaml:"type"`
				Name  string  `yaml:"name"`
				Value float64 `yaml:"value"`
			} `yaml:"metrics"`
		} `yaml:"results"`
	} `yaml:"model-index"`
}

// TestCards: each card has a header with licence, data and measured values, and names the digests, version, seed and plan of
// its model.
func TestCards(t *testing.T) {
	each(t, func(t *testing.T, m shipped.Model, s *session.Session, _ []byte) {
		card := read(t, m.Card)
		front, body, ok := bytes.Cut(bytes.TrimPrefix(card, []byte("---\n")), []byte("\n---\n"))
		if !ok {
			t.Fatal("no header between lines of ---")
		}
		var h header
		d := yaml.NewDecoder(bytes.NewReader(front))
		d.KnownFields(true)
		if err := d.Decode(&h); err != nil {
			t.Fatal(err)
		}
		if h.License == "" || h.Library == "" || h.Kind != "image-to-image" || len(h.Tags) == 0 || len(h.Data) == 0 || len(h.Metrics) == 0 || len(h.Index) != 1 || h.Index[0].Name != m.Name || len(h.Index[0].Results) == 0 {
			t.Fatalf("header %+v", h)
		}
		for _, r := range h.Index[0].Results {
			if r.Task.Type == "" || r.Task.Name == "" || r.Dataset.Type == "" || r.Dataset.Name == "" || len(r.Metrics) == 0 {
				t.Errorf("result %+v", r)
			}
			for _, v := range r.Metrics {
				if v.Name == "" || !(v.Value > 0) || !bytes.Contains(body, []byte(strconv.FormatFloat(v.Value, 'f', -1, 64))) {
					t.Errorf("%s %s of %v is not in the text", v.Type, v.Name, v.Value)
				}
			}
		}
		for what, text := range map[string]string{
			"digest of the file": m.SHA256, "version": "Version " + m.Version, "digest of the pictures": s.DataDigest, "seed": "-seed " + strconv.FormatUint(s.Seed, 10),
			"kernel path": "MULTISCALE_KERNEL=avx2", "plan": "experiments/plans/", "use": "## What it is for", "limits": "## What it is not for",
		} {
			if !bytes.Contains(body, []byte(text)) {
				t.Errorf("the card lacks the %s, %q", what, text)
			}
		}
	})
}

// entry is the description of a model in OpenModelDB.
type entry struct {
	Name, Author, License, Description, Date, Architecture, Dataset string

	Tags, Size                           []string
	Scale, InputChannels, OutputChannels int
	Resources                            []struct {
		Platform, Type, SHA256 string
		Size                   int
		URLs                   []string
	}
}

// TestEntries: each model has an entry for OpenModelDB that matches its file.
func TestEntries(t *testing.T) {
	each(t, func(t *testing.T, m shipped.Model, s *session.Session, data []byte) {
		var e entry
		d := json.NewDecoder(bytes.NewReader(read(t, strings.TrimSuffix(m.File, ".onnx")+".json")))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		architecture, _, _ := strings.Cut(m.Network, ":")
		if e.Name == "" || e.Author == "" || e.License == "" || e.Description == "" || e.Date == "" || e.Dataset == "" || len(e.Tags) == 0 || e.Architecture != architecture {
			t.Errorf("%+v", e)
		}
		if e.Scale != s.Scale || e.InputChannels != s.Channels || e.OutputChannels != s.Channels {
			t.Errorf("scale %d, channels %d and %d; the model has %d and %d", e.Scale, e.InputChannels, e.OutputChannels, s.Scale, s.Channels)
		}
		if r := e.Resources; len(r) != 1 || r[0].Platform != "onnx" || r[0].Type != "onnx" || r[0].SHA256 != m.SHA256 || r[0].Size != len(data) {
			t.Errorf("resources %+v, the file has %d bytes", r, len(data))
		}
	})
}

// TestRestores: in every runtime, the restored test picture differs from the stored one by at most one grey level; on the
// kernel path that made the stored one, not at all.
func TestRestores(t *testing.T) {
	library, missing := runtime.Find("")
	each(t, func(t *testing.T, m shipped.Model, s *session.Session, data []byte) {
		want, err := picture.Open(m.Test.Out)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range session.Runtimes() {
			if in == session.ONNXRuntime && missing != nil {
				t.Logf("not in %s: %v", in, missing)
				continue
			}
			out := filepath.Join(t.TempDir(), "out.png")
			args := []string{"-model", m.File, "-in", m.Test.In, "-out", out, "-runtime", in}
			if m.Test.Mask != "" {
				args = append(args, "-mask", m.Test.Mask)
			}
			if in == session.ONNXRuntime {
				args = append(args, "-onnxruntime", library)
			}
			if err := restore.Main(t.Context(), catalog.Standard(), args); err != nil {
				t.Errorf("%s: %v", in, err)
				continue
			}
			got, err := picture.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			if got.C != want.C || got.H != want.H || got.W != want.W {
				t.Fatalf("%s: %d channels of %dx%d", in, got.C, got.W, got.H)
			}
			most := 0
			for i, v := range got.Pix {
				most = max(most, max(int(v), int(want.Pix[i]))-min(int(v), int(want.Pix[i])))
			}
			if most > 1 || most > 0 && in == session.Network && kernel.Path() == "avx2" {
				t.Errorf("%s: differs by %d grey levels", in, most)
			}
		}
		// Also in the runtimes that restore does not offer.
		side := max(8, s.Multiple)
		report, err := crosscheck.Run(t.Context(), data, crosscheck.Options{Seed: 1, Shapes: [][]int{{1, s.Channels, 2 * side, 3 * side}}})
		if err != nil {
			t.Fatal(err)
		}
		if worst, above := report.Worst(report.Tolerance); above || len(report.Rows) < 2 {
			t.Errorf("%d runtimes, of which %+v differs most", len(report.Rows), worst)
		}
	})
}

// TestSize: the folder stays small enough for programs to embed it.
func TestSize(t *testing.T) {
	var sum int64
	err := fs.WalkDir(models.Files, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil || sum > mostBytes {
		t.Errorf("%d bytes, want at most %d, %v", sum, mostBytes, err)
	}
}
