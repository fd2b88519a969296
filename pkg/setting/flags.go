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

// Line is the command line of a program that trains, or measures trained networks.
type Line struct {
	Known catalog.Catalog
	// Given are values that are no flags of the program; flags add theirs.
	Given Values
	// Takes are the settings that are flags, all that are not Given if nil.
	Takes []string
	// Prefix begins the name of the default run folder.
	Prefix string
}

// Parse defines the flags in f, behind those that it has, and parses arguments. The help
// shows the defaults of the task that is given before -h.
func (l *Line) Parse(f *command.Flags, args []string) (Config, error) {
	if l.Given == nil {
		l.Given = Values{}
	}
	group := ""
	for _, s := range Table() {
		_, fixed := l.Given[s.Name]
		if t, err := l.Known.Task(l.Given["task"]); err == nil && s.of != nil && !s.of(t) {
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

// Arguments returns the configuration of a task's training program from its command
// line, without the program's name. Its errors are *command.UsageError, or flag.ErrHelp
// after the help was printed.
func Arguments(known catalog.Catalog, t task.Task, args []string) (Config, error) {
	return ArgumentsOf(t.Name, known, t, args, os.Stdout)
}

// ArgumentsOf is Arguments for a program that is not called by the task's name: called is what the
// help shows, and help is where it is printed.
func ArgumentsOf(called string, known catalog.Catalog, t task.Task, args []string, help io.Writer) (Config, error) {
	known.Tasks = []task.Task{t}
	f := command.NewFlags(t.Name, fmt.Sprintf("compares single-scale training, MGE and Full-Multiscale of networks for %s", t.Name))
	f.Called(called)
	f.Help = help
	line := Line{Known: known, Given: Values{"task": t.Name}}
	return line.Parse(f, args)
}
