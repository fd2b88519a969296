// Package plan is the experiments behind a set of tables as one small text file:
// which task, network, data, strategies and seeds; what of it is there, what is
// missing and what that costs; and the running of what is missing.
package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/durable"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/task"
)

// Limits that only keep nonsense out.
const (
	mostBytes       = 1 << 16 // of a file
	mostExperiments = 1000
)

// Plan is the experiments behind a set of tables.
type Plan struct {
	Name        string // of the tables' folder: lower case, digits and dashes
	Experiments []Experiment
}

// Experiment is what one run folder of a plan has to hold.
type Experiment struct {
	Task   task.Task
	Config command.Config // what a call of the task's command would ask for
	Folder string         // the run folder's name
}

// Units returns the strategies and seeds of the experiment.
func (e Experiment) Units() []runfolder.Unit {
	return runfolder.Units(e.Config.Strategies, e.Config.Seeds)
}

// Read reads a plan from a YAML file. roots are folders of data sets by name,
// where they are not where datasets/fetch puts them. An error names the file
// and, where it can, the line.
func Read(path string, known catalog.Catalog, roots map[string]string) (*Plan, error) {
	data, err := durable.ReadFile(durable.OS, path, mostBytes)
	if err != nil {
		return nil, err
	}
	p, err := Parse(data, known, roots)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// file is what a plan's file says, before profiles are applied.
type file struct {
	name, profile     string
	seeds, strategies []string
	settings          settings
	experiments       []entry
}

// entry is an experiment of the file.
type entry struct {
	line                int
	task, network, data string
	strategies          []string
	settings            settings
}

// Parse reads a plan from the content of its file; see Read.
func Parse(data []byte, known catalog.Catalog, roots map[string]string) (*Plan, error) {
	if len(data) > mostBytes {
		return nil, fmt.Errorf("%d bytes, more than a plan's %d", len(data), mostBytes)
	}
	var root yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	switch err := documents.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("the file is empty; see experiments/plans for examples")
	case err != nil:
		return nil, fmt.Errorf("not YAML: %w", err)
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = *root.Content[0]
	}
	if err := documents.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document in the file; a plan is one")
	}
	var f file
	if err := f.read(&root); err != nil {
		return nil, err
	}
	return f.plan(known, roots)
}

func (f *file) read(n *yaml.Node) error {
	return readMapping(n, "a plan", []field{
		text(&f.name, "name"), text(&f.profile, "profile"),
		list(&f.seeds, "seeds"), list(&f.strategies, "strategies"), f.settings.field(),
		{"experiments", func(n *yaml.Node) error {
			if n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > mostExperiments {
				return wrong(n, "experiments must be a list of 1 to %d", mostExperiments)
			}
			for _, item := range n.Content {
				e := entry{line: item.Line}
				if err := readMapping(item, "an experiment", []field{
					text(&e.task, "task"), text(&e.network, "network"), text(&e.data, "data"),
					list(&e.strategies, "strategies"), e.settings.field(),
				}); err != nil {
					return err
				}
				f.experiments = append(f.experiments, e)
			}
			return nil
		}},
	})
}

var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// plan brings the file's text to configurations.
func (f *file) plan(known catalog.Catalog, roots map[string]string) (*Plan, error) {
	switch {
	case !nameRule.MatchString(f.name):
		return nil, fmt.Errorf("name %.40q: give one of lower case letters, digits and dashes; results are put under it", f.name)
	case len(f.experiments) == 0:
		return nil, errors.New("there are no experiments")
	case len(f.seeds) == 0:
		return nil, errors.New("there are no seeds; write them like seeds: [1, 2, 3]")
	}
	p := &Plan{Name: f.name}
	folders := map[string]int{}
	for _, e := range f.experiments {
		x, err := f.experiment(e, known, roots)
		if err != nil {
			return nil, &lineError{e.line, err.Error()}
		}
		if line, ok := folders[x.Folder]; ok {
			return nil, &lineError{e.line, fmt.Sprintf("the same experiment as in line %d", line)}
		}
		folders[x.Folder] = e.line
		p.Experiments = append(p.Experiments, x)
	}
	return p, nil
}

func (f *file) experiment(e entry, known catalog.Catalog, roots map[string]string) (x Experiment, err error) {
	if x.Task, err = known.Task(e.task); err != nil {
		return x, err
	}
	strategies := e.strategies
	if strategies == nil {
		strategies = f.strategies
	}
	args := []string{"-seeds=" + strings.Join(f.seeds, ",")}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, "-"+flag+"="+value)
		}
	}
	add("profile", f.profile)
	add("network", e.network)
	add("data", e.data)
	add("root", roots[e.data])
	add("strategy", strings.Join(strategies, ","))
	all := maps.Clone(f.settings.values)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, e.settings.values)
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		add(name, all[name])
	}
	if x.Config, err = command.Parse(experiment.Flags(known, x.Task), args); err != nil {
		return x, err
	}
	x.Folder = filepath.Base(x.Config.Out)
	for _, name := range names {
		x.Folder += "-" + name + "-" + unfit.ReplaceAllString(all[name], "-")
	}
	// What an earlier call left unfinished is gone on with.
	x.Config.Resume = true
	return x, nil
}

// unfit is what folders are not named with.
var unfit = regexp.MustCompile(`[^A-Za-z0-9.]+`)
