// Package plan reads plans: small text files with the experiments behind a set of tables,
// that is their tasks, networks, data, strategies and seeds. It finds which of a plan's runs
// are finished and which are missing, estimates the cost of the missing ones, and runs them.
package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/setting"
)

// Limits against wrong or damaged files.
const (
	maxBytes       = 1 << 16 // of a file
	maxExperiments = 1000
)

// File is the content of a plan's file.
type File struct {
	Name    string // of the tables' folder: lower case, digits and dashes
	Entries []Entry
}

// Entry is an experiment of a plan, which becomes one run folder.
type Entry struct {
	setting.Config        // that of a call of the task's command
	Folder         string // name of the run folder
}

// Units returns the strategies and seeds of the entry.
func (e Entry) Units() []runfolder.Unit { return runfolder.Units(e.Strategies, e.Seeds) }

// Read reads a plan from a YAML file. roots has the folders of data sets by name, for
// those that are not where datasets/fetch puts them. Errors name the file and, if
// possible, the line.
func Read(path string, known catalog.Catalog, roots map[string]string) (*File, error) {
	data, err := durable.ReadFile(durable.OS, path, maxBytes)
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return nil, fmt.Errorf("%s: %w", path, at.Err)
	}
	if err != nil {
		return nil, err
	}
	f, err := Parse(data, known, roots)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// content is the text of a plan's file, before profiles are applied.
type content struct {
	name    string
	given   given // of every experiment
	entries []entry
}

// entry is an experiment of the file.
type entry struct {
	line  int
	given given
}

// Parse reads a plan from the content of its file; see Read.
func Parse(data []byte, known catalog.Catalog, roots map[string]string) (*File, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%d bytes, more than a plan's %d", len(data), maxBytes)
	}
	var root yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	switch err := documents.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; see experiments/plans for examples")
	case err != nil && tab(data) > 0:
		return nil, &lineError{tab(data), "a tab at the beginning of a line; YAML is indented with spaces"}
	case err != nil:
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = *root.Content[0]
	}
	if err := documents.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document in the file; a plan is one")
	}
	c := content{given: newGiven()}
	if err := c.read(&root); err != nil {
		return nil, err
	}
	return c.file(known, roots)
}

// read reads the mapping of a plan.
func (c *content) read(n *yaml.Node) error {
	return readMapping(n, "a plan", []field{
		{"name", func(n *yaml.Node) (err error) { c.name, err = readText(n, "name"); return err }},
		text(c.given, "profile", "profile"),
		list(c.given, "seeds", "seeds"), list(c.given, "strategies", "strategy"), settings(c.given),
		{"experiments", func(n *yaml.Node) error {
			if n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > maxExperiments {
				return wrong(n, "experiments must be a list of 1 to %d", maxExperiments)
			}
			for _, item := range n.Content {
				given := newGiven()
				if err := readMapping(item, "an experiment", []field{
					text(given, "task", "task"), text(given, "network", "network"), text(given, "data", "data"),
					file(given, "root"), file(given, "validation"),
					list(given, "seeds", "seeds"), list(given, "strategies", "strategy"), settings(given),
				}); err != nil {
					return err
				}
				c.entries = append(c.entries, entry{item.Line, given})
			}
			return nil
		}},
	})
}

// namePattern matches valid names of plans.
const namePattern = `^[a-z0-9][a-z0-9-]{0,39}$`

var nameRule = regexp.MustCompile(namePattern)

// file converts the content to configurations.
func (c *content) file(known catalog.Catalog, roots map[string]string) (*File, error) {
	switch {
	case !nameRule.MatchString(c.name):
		return nil, fmt.Errorf("name %.40q: give one of lower case letters, digits and dashes; results are put under it", c.name)
	case len(c.entries) == 0:
		return nil, errors.New("there are no experiments")
	case c.given.Values["seeds"] == "":
		return nil, errors.New("there are no seeds; write them like seeds: [1, 2, 3]")
	}
	f := &File{Name: c.name}
	folders := map[string]int{}
	for _, e := range c.entries {
		given := e.given.over(c.given)
		if root := roots[given.Values["data"]]; root != "" {
			given.Values["root"] = root
		}
		given.Values["resume"] = "true" // continue units that an earlier call left unfinished
		config, err := setting.Parse(known, given.Values)
		if err != nil {
			return nil, e.mistake(given, err)
		}
		if x := config.Extend; x.Steps > 0 && !x.Stated {
			return nil, &lineError{e.line, fmt.Sprintf("extend %d: a plan states the learning rate of added steps; write it like extend: %d@1e-5", x.Steps, x.Steps)}
		}
		x := Entry{config, filepath.Base(config.Out)}
		if line, ok := folders[x.Folder]; ok {
			return nil, &lineError{e.line, fmt.Sprintf("the same experiment as in line %d", line)}
		}
		folders[x.Folder] = e.line
		f.Entries = append(f.Entries, x)
	}
	return f, nil
}

// mistake returns an error of an experiment's settings with the line of the setting that caused it.
func (e entry) mistake(g given, err error) error {
	var usage *command.UsageError
	if !errors.As(err, &usage) {
		return &lineError{e.line, err.Error()}
	}
	name := strings.TrimPrefix(usage.Flag, "-")
	if name == "root" && g.Values[name] == "" {
		usage.Advice = "give -root " + g.Values["data"] + "=DIR" // the form of -root in the command that runs plans
	}
	if line, ok := e.given.lines[name]; ok {
		return &lineError{line, err.Error()}
	}
	if line, ok := g.lines[name]; ok { // a setting of the plan
		return &lineError{line, fmt.Sprintf("%s (in the experiment of line %d)", err, e.line)}
	}
	return &lineError{e.line, err.Error()}
}
