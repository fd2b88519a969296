package setting

import (
	"fmt"
	"io"
	"os"
	"slices"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/task"
)

// Line is the command line of a program that trains networks or measures trained ones.
type Line struct {
	Known catalog.Catalog
	// Given has the values of settings that are not flags of the program. Parse adds those
	// of the flags.
	Given Values
	// Takes names the settings that are flags; nil for all that are not in Given.
	Takes []string
	// Prefix is the beginning of the default run folder's name.
	Prefix string
}

// Parse adds the flags of the settings to f and parses args. If the help is asked for, it
// shows defaults for the values before -h.
func (l *Line) Parse(f *command.Flags, args []string) (Config, error) {
	if l.Given == nil {
		l.Given = Values{}
	}
	group := ""
	for _, s := range Table() {
		_, fixed := l.Given[s.Name]
		if t, err := l.Known.Task(l.Given["task"]); err == nil && s.appliesTo != nil && !s.appliesTo(t) {
			continue
		}
		if fixed || l.Takes != nil && !slices.Contains(l.Takes, s.Name) {
			continue
		}
		if s.Group != group {
			group = s.Group
			f.Group(group)
		}
		f.Lazy(s.Name, s.isSwitch, func() (unit, usage, preset string) {
			unit, preset = s.described(resolving{known: l.Known, given: l.Given, prefix: l.Prefix})
			return unit, s.Help, preset
		}, func(text string) error { l.Given[s.Name] = text; return nil })
	}
	if err := f.Parse(args); err != nil {
		return Config{}, err
	}
	r := resolving{known: l.Known, given: l.Given, prefix: l.Prefix}
	if err := r.resolve(); err != nil {
		return Config{}, err
	}
	return r.Config, r.check()
}

// Arguments returns the configuration that the command line of a task's training program
// gives; args are without the program's name. Errors are *command.UsageError, or
// flag.ErrHelp after Arguments has printed the help.
func Arguments(known catalog.Catalog, t task.Task, args []string) (Config, error) {
	return ArgumentsOf(t.Name, known, t, args, os.Stdout)
}

// ArgumentsOf is Arguments for a program with another name than the task: the help says that it is called as
// called, and goes to help.
func ArgumentsOf(called string, known catalog.Catalog, t task.Task, args []string, help io.Writer) (Config, error) {
	known.Tasks = []task.Task{t}
	f := command.NewFlags(t.Name, fmt.Sprintf("compares single-scale training, MGE and Full-Multiscale of networks for %s", t.Name))
	f.Called(called)
	f.Help = help
	line := Line{Known: known, Given: Values{"task": t.Name}}
	return line.Parse(f, args)
}
