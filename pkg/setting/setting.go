package setting

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/lists"
	"multiscale/pkg/task"
)

// Effect says what a setting changes.
type Effect uint8

// The effects.
const (
	Results  Effect = iota // what a run computes
	Rounding               // only how its numbers are rounded
	Units                  // which units a run folder has
	Control                // paths of files, and how the run proceeds
)

// Setting is a row of the table.
type Setting struct {
	Name   string // of the flag; also the key in plans and in run.json
	Group  string // in the help
	Unit   string // of the value in the help; "" for a switch, or to show the choices
	Help   string
	Effect Effect
	// Former is the value, as text, that a run.json without the setting implies. Every
	// setting that the first run folders did not have has one.
	Former string

	former func(configuration map[string]any) string // instead of Former if it depends on other settings
	// appliesTo reports whether a task has the setting; nil if all have it.
	appliesTo func(t task.Task) bool

	shown    string                // the default in the help, if its value says too little
	remark   func(c Config) string // added to the default in the help; nil or "" for none
	isSwitch bool
	choices  func(r *resolving) []string // nil if the values are not a list of choices
	list     bool                        // several of the choices may be given
	options  bool                        // a choice may have options after a colon
	form     form                        // of values in JSON Schema; nil for any
	fallback func(r *resolving)          // sets the default; may depend on earlier rows
	set      func(r *resolving, text string) error
	value    func(c Config) any // for run.json; nil if it is not recorded
}

// formerIn returns the value, as text, that a configuration without the setting implies; "" if
// it implies none.
func (s Setting) formerIn(configuration map[string]any) string {
	if s.former != nil {
		return s.former(configuration)
	}
	return s.Former
}

// find returns the row with the name, which must exist.
func find(name string) Setting {
	s, ok := lists.Find(Table(), func(s Setting) string { return s.Name }, name)
	if !ok {
		panic("no setting " + name)
	}
	return s
}

// Values has the text of the given settings by name, without defaults.
type Values map[string]string

// Difference is a setting and its values in two configurations, as text.
type Difference struct{ Name, There, Now string }

// Differences returns the differences of two configurations of run.json, sorted by name.
// A setting that one of them lacks has its Former value, or else "missing".
func Differences(there, now map[string]any) (list []Difference) {
	a, b := Complete(there), Complete(now)
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if x, y := or(a, name), or(b, name); x != y {
			list = append(list, Difference{name, x, y})
		}
	}
	return list
}

// Complete returns a configuration of run.json as text, with the Former values of the
// settings that it lacks.
func Complete(configuration map[string]any) Values {
	all := Values{}
	for _, s := range Table() {
		if former := s.formerIn(configuration); former != "" && (s.Effect == Results || s.Effect == Rounding) {
			all[s.Name] = former
		}
	}
	for name, v := range configuration {
		all[name] = text(v)
	}
	return all
}

func or(v Values, name string) string {
	if t, ok := v[name]; ok {
		return t
	}
	return "missing"
}

// Text returns a value of run.json as text: lists with commas, numbers with the fewest digits
// that are exact.
func Text(v any) string { return text(v) }

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		return joined(v)
	case []int:
		return joined(v)
	case []uint64:
		return joined(v)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(v)
}

func joined[V any](list []V) string {
	return strings.Join(lists.Of(list, func(v V) string { return text(v) }), ",")
}

// resolving is a Config whose settings are set row by row.
type resolving struct {
	known  catalog.Catalog
	given  Values
	prefix string // of the run folder's name
	Config
}

// Parse returns the configuration of given values and defaults of the task and profile.
// The choices are those of known. Errors are *command.UsageError, which name the setting
// as a flag.
func Parse(known catalog.Catalog, given Values) (Config, error) {
	r := resolving{known: known, given: given}
	if err := r.resolve(); err != nil {
		return Config{}, err
	}
	if err := r.check(); err != nil {
		return Config{}, err
	}
	return r.Config, nil
}

// resolve sets all rows, in the order of the table: given ones to their values, the others to their defaults.
func (r *resolving) resolve() error {
	r.Config = Config{known: r.known}
	for _, s := range Table() {
		value, given := r.given[s.Name]
		if !given {
			s.fallback(r)
			continue
		}
		if err := s.set(r, value); err != nil {
			var m mistake
			if errors.As(err, &m) {
				return command.Wrong(s.Name, value, m.reason, m.advice)
			}
			return err
		}
	}
	if r.Out == "" {
		r.Out = folder(r)
	}
	r.Out = r.Extends() + r.Extend.folder()
	return nil
}

func (r *resolving) isGiven(name string) bool { _, ok := r.given[name]; return ok }

// differing returns the sorted names of the settings of r that decide results and differ from
// the defaults of its task, profile, network and data.
func differing(r *resolving) (names []string) {
	defaults := &resolving{known: r.known, given: Values{}}
	for _, s := range Table() {
		switch s.Name {
		case "task", "profile", "network", "data":
			continue
		}
		if s.Effect != Results && s.Effect != Rounding {
			continue
		}
		// The default of this setting, with all others as they are.
		defaults.Config = r.Config
		s.fallback(defaults)
		if text(s.value(defaults.Config)) != text(s.value(r.Config)) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// mistake says what is wrong with a value, and what to do.
type mistake struct{ reason, advice string }

func (m mistake) Error() string { return m.reason + "; " + m.advice }

func wrong(reason, advice string) error { return mistake{reason, advice} }
