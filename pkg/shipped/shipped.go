// Package shipped finds trained models by name. A folder such as results/models, which
// programs embed, lists its models in manifest.json:
//
//	{"models": [{
//	  "name": "denoise", "about": "noise in colour photographs, of any level",
//	  "file": "denoise.onnx", "sha256": "64 digits of the SHA-256",
//	  "task": "awgn", "network": "folded", "version": "1.0",
//	  "card": "denoise.md",
//	  "test": {
//	    "in": "denoise-in.png", "in_sha256": "...", "out": "denoise-out.png", "out_sha256": "...",
//	    "mask": "only of inpainting", "mask_sha256": "..."
//	  }
//	}]}
//
// All files are in the same folder. Lists of models have the order of the manifest.
package shipped

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/session"
	"multiscale/pkg/lists"
)

// Manifest is the name of the file that lists a folder's models.
const Manifest = "manifest.json"

// Model is a trained model of a manifest.
type Model struct {
	Name    string `json:"name"`    // for -model: lower-case letters, digits and single dashes
	About   string `json:"about"`   // its purpose, in one line
	File    string `json:"file"`    // name of the ONNX file
	SHA256  string `json:"sha256"`  // of File, 64 hexadecimal digits
	Task    string `json:"task"`    // as in File's metadata
	Network string `json:"network"` // as in File's metadata
	Version string `json:"version"` // rises when File changes
	Card    string `json:"card"`    // name of the model card, in Markdown
	Test    Test   `json:"test"`
}

// Test is a small picture and the result that restore writes with the flags -model, -in,
// -out and, if there is a mask, -mask. The results of other runtimes and kernel paths may
// differ by a grey level.
type Test struct {
	In        string `json:"in"`
	InSHA256  string `json:"in_sha256"`
	Out       string `json:"out"`
	OutSHA256 string `json:"out_sha256"`
	// Mask and MaskSHA256 are empty unless the model fills holes.
	Mask       string `json:"mask,omitempty"`
	MaskSHA256 string `json:"mask_sha256,omitempty"`
}

// Models are the models of a folder.
type Models struct {
	List  []Model
	files fs.FS
}

// maxManifest and maxFile are the largest sizes of the manifest and of other files, in bytes.
const maxManifest, maxFile = 1 << 20, 256 << 20

// Read reads the manifest of a folder. All files that it names must exist; their digests
// are checked when they are opened. If files is nil, there are no models.
func Read(files fs.FS) (*Models, error) {
	m := &Models{files: files}
	if files == nil {
		return m, nil
	}
	data, err := read(files, Manifest, maxManifest)
	if err != nil {
		return nil, err
	}
	if m.List, err = parse(data); err != nil {
		return nil, fmt.Errorf("%s: %w", Manifest, err)
	}
	for _, model := range m.List {
		for _, name := range model.names() {
			if info, err := fs.Stat(files, name); err != nil || !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s: model %q names %s, which is no file of the folder", Manifest, model.Name, name)
			}
		}
	}
	return m, nil
}

// parse parses a manifest and checks it without its files.
func parse(data []byte) ([]Model, error) {
	var manifest struct {
		Models []Model `json:"models"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&manifest); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is something after the end of its object")
	}
	for i, model := range manifest.Models {
		if err := model.check(); err != nil {
			return nil, fmt.Errorf("model %d, %q: %w", i+1, model.Name, err)
		}
	}
	if name, twice := lists.Twice(manifest.Models, nameOf); twice {
		return nil, fmt.Errorf("two models are called %q", name)
	}
	return manifest.Models, nil
}

var (
	name   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	digest = regexp.MustCompile(`^[0-9a-f]{64}$`)
	line   = regexp.MustCompile(`^[^\pC]+$`)
)

// names returns the files of a model, the ONNX file first.
func (m Model) names() []string {
	names := []string{m.File, m.Card, m.Test.In, m.Test.Out}
	if m.Test.Mask != "" {
		names = append(names, m.Test.Mask)
	}
	return names
}

// digested returns the names and digests of the files whose digests a manifest has.
func (m Model) digested() [][2]string {
	files := [][2]string{{m.File, m.SHA256}, {m.Test.In, m.Test.InSHA256}, {m.Test.Out, m.Test.OutSHA256}}
	if m.Test.Mask != "" {
		files = append(files, [2]string{m.Test.Mask, m.Test.MaskSHA256})
	}
	return files
}

// check returns an error if a field of the manifest is missing or malformed.
func (m Model) check() error {
	if !name.MatchString(m.Name) {
		return errors.New("a name has small letters, digits and single dashes between them")
	}
	for _, field := range [][2]string{{"about", m.About}, {"task", m.Task}, {"network", m.Network}, {"version", m.Version}} {
		if !line.MatchString(field[1]) {
			return fmt.Errorf("%s is %q, want one line of text", field[0], field[1])
		}
	}
	for _, file := range m.names() {
		if !fs.ValidPath(file) || strings.Contains(file, "/") || file == "." {
			return fmt.Errorf("%q is not the name of a file in the manifest's folder", file)
		}
	}
	if !strings.HasSuffix(m.File, ".onnx") {
		return fmt.Errorf("file %q does not end in .onnx", m.File)
	}
	if m.Test.Mask == "" && m.Test.MaskSHA256 != "" {
		return errors.New("mask_sha256 is there, mask is not")
	}
	for _, file := range m.digested() {
		if !digest.MatchString(file[1]) {
			return fmt.Errorf("the digest of %s is %q, want the 64 hexadecimal digits of its SHA-256 in small letters", file[0], file[1])
		}
	}
	return nil
}

// Find returns the model with the name, and reports whether there is one.
func (m *Models) Find(name string) (Model, bool) {
	return lists.Find(m.List, nameOf, name)
}

func nameOf(m Model) string { return m.Name }

// Load reads a model's ONNX file. It is an error if the file's digest differs from the manifest's.
func (m *Models) Load(model Model) ([]byte, error) { return m.load(model.File, model.SHA256) }

func (m *Models) load(file, sum string) ([]byte, error) {
	data, err := read(m.files, file, maxFile)
	if err != nil {
		return nil, err
	}
	if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
		return nil, fmt.Errorf("%s: its SHA-256 is %x, %s says %s; the file was changed or is damaged: get it again", file, got, Manifest, sum)
	}
	return data, nil
}

// Check returns an error if a file's digest differs from the manifest's, or if the task or network of a
// model differs from the metadata of its file.
func (m *Models) Check() error {
	for _, model := range m.List {
		for _, file := range model.digested() {
			if _, err := m.load(file[0], file[1]); err != nil {
				return err
			}
		}
		s, err := m.open(model, session.Options{Runtime: session.OnnxGo})
		if err != nil {
			return err
		}
		about := s.Metadata
		if err := s.Close(); err != nil {
			return err
		}
		if err := agrees(model, about); err != nil {
			return err
		}
	}
	return nil
}

func agrees(model Model, about export.Metadata) error {
	if about.Task != model.Task || about.Network != model.Network {
		return fmt.Errorf("%s is network %q for task %q, %s says network %q for task %q", model.File, about.Network, about.Task, Manifest, model.Network, model.Task)
	}
	return nil
}

func (m *Models) open(model Model, o session.Options) (*session.Session, error) {
	data, err := m.Load(model)
	if err != nil {
		return nil, err
	}
	return session.Load(model.File, data, o)
}

// Open opens the model of a command's -model: a file, or else the model with that name in
// the folder files, which may be nil. Errors name the file, or the available models.
func Open(files fs.FS, name string, o session.Options) (*session.Session, error) {
	m, model, err := named(files, name)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return session.Open(name, o)
	}
	return m.open(model, o)
}

// Decode returns the ONNX model of the file that Open would open.
func Decode(files fs.FS, name string) (*onnx.Model, error) {
	m, model, err := named(files, name)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return onnx.ReadFile(name)
	}
	data, err := m.Load(model)
	if err != nil {
		return nil, err
	}
	return onnx.Decode(data)
}

// named returns the model with the name and its folder. If the name is that of a file, or the folder has
// no models, the folder is nil.
func named(files fs.FS, name string) (*Models, Model, error) {
	info, missing := os.Stat(name)
	folder := missing == nil && info.IsDir() // a folder is not a model file, even if it has a model's name
	if files == nil || !folder && !errors.Is(missing, fs.ErrNotExist) {
		return nil, Model{}, nil
	}
	m, err := Read(files)
	if err != nil {
		return nil, Model{}, fmt.Errorf("%s: %w", name, err)
	}
	if model, ok := m.Find(name); ok {
		return m, model, nil
	}
	if len(m.List) == 0 {
		return nil, Model{}, nil
	}
	names := strings.Join(lists.Of(m.List, nameOf), ", ")
	return nil, Model{}, fmt.Errorf("%s: there is neither such a file nor a model of that name; models that come with the program: %s", name, names)
}

func read(files fs.FS, name string, limit int64) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: it has more than %d bytes", name, limit)
	}
	return data, nil
}
