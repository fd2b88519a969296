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
	Name   string // short, and different from the others'
	Runner *tile.Runner
	Tiled  int // pictures that did not fit the memory as a whole and were blended from tiles
}

// Models are models that are compared.
type Models []*Model

// OpenModels opens what -model names: files, or models in the folder files, which may be nil. memory
// is the budget in bytes for what a network computes in between. note gets each remark of a session
// once. Models that were opened before an error are returned with it: Close them in any case.
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

// Lines describes the models, a line each, for the text below a table of measures.
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
