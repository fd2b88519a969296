package command

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"multiscale/pkg/lists"
)

// Flags is a set of flags with the standard library's syntax. Its help shows them in
// groups with unit and default, and every mistake is a *UsageError.
type Flags struct {
	name, does string
	set        *flag.FlagSet
	groups     []group
	given      map[string]bool
	wrong      error // of the flag at which parsing stopped
	arguments  string
	called     string    // how the command is called; its name unless another one was given
	Help       io.Writer // where -h prints; standard output by default
}

type group struct {
	title   string
	entries []entry
}

// entry is a flag in the help; its description is computed when it is printed.
type entry struct {
	name     string
	describe func() (unit, usage, preset string)
}

// fixed describes a flag whose help depends on nothing.
func fixed(name, unit, usage, preset string) entry {
	return entry{name, func() (string, string, string) { return unit, usage, preset }}
}

// NewFlags returns an empty set for the named command. The help shows does, a
// sentence about the command without its subject ("trains networks").
func NewFlags(name, does string) *Flags {
	f := &Flags{name: name, called: name, does: does, set: flag.NewFlagSet(name, flag.ContinueOnError), given: map[string]bool{}, Help: os.Stdout}
	f.set.SetOutput(io.Discard)
	f.set.Usage = func() {}
	return f
}

// Group starts a group of flags in the help.
func (f *Flags) Group(title string) { f.groups = append(f.groups, group{title: title}) }

// Arguments says what the command takes after its flags, as shown in the help
// ("MODEL.onnx"). Without it, arguments are an error.
func (f *Flags) Arguments(shown string) { f.arguments = shown }

// Called sets how the help says that the command is called ("train denoising"); the default is its name.
func (f *Flags) Called(shown string) { f.called = shown }

// Args returns the arguments after the flags.
func (f *Flags) Args() []string { return f.set.Args() }

// Func defines a flag whose value set parses. In the help, unit stands for the
// value ("N", "DIR", "quick|cpu|paper") and preset for the default ("" to show
// none). Parse returns the error of set, which should be one of Wrong.
func (f *Flags) Func(name, unit, preset, usage string, set func(string) error) {
	f.define(fixed(name, unit, usage, preset), set, false)
}

// Lazy is Func with a help that is computed when it is printed, so that it may depend
// on the flags before -h. A switch needs no value; set gets "true" then.
func (f *Flags) Lazy(name string, isSwitch bool, help func() (unit, usage, preset string), set func(string) error) {
	f.define(entry{name, help}, set, isSwitch)
}

// Bool defines a flag that needs no value and sets *p. -name=false clears it.
func (f *Flags) Bool(p *bool, name, usage string) {
	f.define(fixed(name, "", usage, ""), func(s string) error {
		switch s {
		case "true", "false":
			*p = s == "true"
			return nil
		}
		return Wrong(name, s, "the flag takes no value but true or false", "")
	}, true)
}

// Switch defines a flag that takes no value and calls on when it is given.
func (f *Flags) Switch(name, usage string, on func()) {
	f.define(fixed(name, "", usage, ""), func(s string) error {
		if s != "true" {
			return Wrong(name, s, "the flag takes no value", "")
		}
		on()
		return nil
	}, true)
}

// String defines a flag that takes any value except the empty one. The default is *p.
func (f *Flags) String(p *string, name, unit, usage string) {
	f.Func(name, unit, *p, usage, func(s string) error {
		if s == "" {
			return Wrong(name, s, "the value is empty", "give "+unit)
		}
		*p = s
		return nil
	})
}

// Choice defines a flag that takes one of choices, which the help shows. The default
// is *p.
func (f *Flags) Choice(p *string, name string, choices []string, usage string) {
	f.Func(name, strings.Join(choices, "|"), *p, usage, func(s string) error {
		if !slices.Contains(choices, s) {
			return Wrong(name, s, "unknown", OneOf(choices))
		}
		*p = s
		return nil
	})
}

// Int defines a flag that takes a whole number from low to high.
func (f *Flags) Int(p *int, name, unit string, low, high int, preset, usage string) {
	f.Func(name, unit, preset, usage, func(s string) (err error) {
		*p, err = parseInt(name, s, low, high)
		return err
	})
}

// Threads defines -threads, which limits the cores that the process uses. Results are the same with any number.
func (f *Flags) Threads() {
	n := 0
	f.Func("threads", "N", "all", "cores to use; results are the same with any number", func(s string) (err error) {
		if n, err = parseInt("threads", s, 1, MaxThreads); err == nil {
			UseThreads(n)
		}
		return err
	})
}

// define registers a flag. It keeps the error of set, because package flag would
// turn it into text.
func (f *Flags) define(e entry, set func(string) error, isBool bool) {
	if len(f.groups) == 0 {
		f.Group("")
	}
	g := &f.groups[len(f.groups)-1]
	g.entries = append(g.entries, e)
	f.set.Var(&value{isBool: isBool, set: func(s string) error {
		if f.given[e.name] {
			f.wrong = Wrong(e.name, s, "the flag is given twice", "give it once")
			return f.wrong
		}
		f.given[e.name] = true
		f.wrong = set(s)
		return f.wrong
	}}, e.name, "")
}

type value struct {
	set    func(string) error
	isBool bool
}

func (v *value) String() string     { return "" }
func (v *value) Set(s string) error { return v.set(s) }
func (v *value) IsBoolFlag() bool   { return v.isBool }

// Parse parses the command line without the command's name. With -h it prints
// the help and returns flag.ErrHelp, for which Main exits with 0. Any other
// error is a *UsageError, or what a set function returned.
func (f *Flags) Parse(args []string) error {
	err := f.set.Parse(args)
	switch {
	case err == flag.ErrHelp:
		f.printHelp()
		return err
	case f.wrong != nil:
		return f.wrong
	case err != nil:
		return f.translate(err)
	case f.arguments == "" && f.set.NArg() > 0:
		return &UsageError{Value: f.set.Arg(0), Reason: "an argument without a flag", Advice: "-h lists the flags"}
	}
	return nil
}

// translate turns an error of package flag into a UsageError.
func (f *Flags) translate(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		advice := "-h lists the flags"
		if near := f.nearest(name); near != "" {
			advice = "did you mean -" + near + "? " + advice
		}
		return &UsageError{Flag: "-" + name, Reason: "there is no such flag", Advice: advice}
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return &UsageError{Flag: "-" + name, Reason: "the value is missing", Advice: "-h says what it takes"}
	}
	return &UsageError{Reason: text, Advice: "-h lists the flags"}
}

// nearest returns the flag whose name is at most two edits away, if any.
func (f *Flags) nearest(name string) string {
	var names []string
	for _, g := range f.groups {
		for _, e := range g.entries {
			names = append(names, e.name)
		}
	}
	return Nearest(name, names)
}

// Nearest returns the name with the smallest edit distance from written, if that is at most two; of equal ones the
// first. If there is none and written has several words, Nearest returns the name that is its first word (batch for
// batch-size) or its initials (lr for learning-rate), or else "".
func Nearest(written string, names []string) (best string) {
	min := 3
	for _, name := range names {
		if d := edits(written, name); d < min && d < len(name) && d < len(written) {
			best, min = name, d
		}
	}
	words := strings.FieldsFunc(written, func(r rune) bool { return r == '-' || r == '_' })
	if best != "" || len(words) < 2 {
		return best
	}
	var initials string
	for _, word := range words {
		initials += word[:1]
	}
	if i := slices.IndexFunc(names, func(name string) bool { return name == words[0] || name == initials }); i >= 0 {
		best = names[i]
	}
	return best
}

// edits returns the Levenshtein distance of two words. For words a of more than 40 bytes it returns their
// length, which is too far from any name.
func edits(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := lists.Indices(len(b) + 1)
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func (f *Flags) printHelp() {
	w := f.Help
	fmt.Fprintf(w, "%s %s\n\nUsage: %s\n", f.name, f.does, strings.TrimSpace(f.called+" [flags] "+f.arguments))
	for _, g := range f.groups {
		if len(g.entries) == 0 {
			continue
		}
		fmt.Fprintln(w)
		if g.title != "" {
			fmt.Fprintf(w, "%s\n", g.title)
		}
		for _, e := range g.entries {
			unit, usage, preset := e.describe()
			head := strings.TrimSpace("-" + e.name + " " + unit)
			if preset != "" {
				usage += " (default " + preset + ")"
			}
			lines := wrap(usage, helpWidth-helpIndent)
			if len(head) > helpIndent-4 { // no room: the usage begins on the next line
				fmt.Fprintf(w, "  %s\n", head)
				head = ""
			}
			for i, line := range lines {
				if i > 0 {
					head = ""
				}
				fmt.Fprintf(w, "  %-*s%s\n", helpIndent-2, head, line)
			}
		}
	}
}

const (
	helpIndent = 30  // column where usages begin
	helpWidth  = 110 // of a line, in bytes
)

// wrap breaks text into lines of at most width bytes.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// OneOf returns the advice to use one of choices: "use a, b or c".
func OneOf(choices []string) string {
	if len(choices) == 1 {
		return "use " + choices[0]
	}
	return "use " + strings.Join(choices[:len(choices)-1], ", ") + " or " + choices[len(choices)-1]
}
