package trial

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/shipped"
)

// Model is one of several models that are compared.
type Model struct {
	*session.Session
	Name   string // short; all names differ
	Runner *tile.Runner
	Tiled  int // number of pictures that did not fit the memory and were restored in blended tiles
}

// Models are models that are compared.
type Models []*Model

// OpenModels opens the models of -model: files, or names of models in the folder files, which may be
// nil. memory is the budget for a network's activations, in bytes. OpenModels calls note once with each
// remark of the sessions. After an error, it returns the models that it has opened: the caller must close
// them in any case.
func OpenModels(files fs.FS, paths []string, memory int64, o session.Options, note func(format string, args ...any)) (m Models, err error) {
	names := command.ShortNames(paths)
	for i, path := range paths {
		s, err := shipped.Open(files, path, o)
		if err != nil {
			return m, fmt.Errorf("-model %w", err)
		}
		if s.Note != "" && !slices.ContainsFunc(m, func(o *Model) bool { return o.Note == s.Note }) {
			note("%s", s.Note)
		}
		m = append(m, &Model{Session: s, Name: names[i], Runner: &tile.Runner{Session: s, Memory: memory}})
	}
	return m, nil
}

// Close closes all models.
func (m Models) Close() {
	for _, o := range m {
		o.Session.Close()
	}
}

// Lines describes the models, one a line, for the text below a table.
func (m Models) Lines() string {
	var b strings.Builder
	for _, o := range m {
		fmt.Fprintf(&b, "- %s: %s for %s", o.Name, o.Network, o.Task)
		if o.Blind {
			b.WriteString(", t hidden")
		}
		fmt.Fprintf(&b, ", in %s %s", o.Runtime, o.Version)
		if o.Tiled > 0 {
			fmt.Fprintf(&b, "; %d of its inputs did not fit the memory as a whole and were restored in blended tiles", o.Tiled)
		}
		b.WriteString("\n")
	}
	return b.String()
}
