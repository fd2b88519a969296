package plan

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/command"
	"multiscale/pkg/lists"
	"multiscale/pkg/setting"
)

// lineError is a mistake in a line of a plan.
type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

func wrong(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Sprintf(format, args...)}
}

// field is a key of a mapping, and the function that reads its value.
type field struct {
	name string
	read func(n *yaml.Node) error
}

// readMapping reads a mapping whose keys are all in fields, each at most once.
// Anything else is an error that names the line.
func readMapping(n *yaml.Node, what string, fields []field) error {
	if n.Kind != yaml.MappingNode {
		return wrong(n, "%s must be keys with values, like name: cpu", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		k := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
		if key.Kind != yaml.ScalarNode || k < 0 {
			names := lists.Of(fields, func(f field) string { return f.name })
			advice := "there are " + strings.Join(names, ", ")
			if near := command.Nearest(key.Value, names); near != "" {
				advice = "did you mean " + near + "? " + advice
			}
			if strings.Contains(key.Value, "=") { // in a YAML flow mapping, unet:base=48,dropout=0 ends at its comma
				advice = "a text with commas stands in quotes, as in \"unet:base=48,dropout=0\""
			}
			return wrong(key, "%.40q is not a key of %s; %s", key.Value, what, advice)
		}
		if seen[key.Value] {
			return wrong(key, "%s is given twice", key.Value)
		}
		seen[key.Value] = true
		if err := fields[k].read(value); err != nil {
			return err
		}
	}
	return nil
}

// maxText is the longest scalar, in bytes. The longest useful ones are networks with many options.
const maxText = 1000

// readText reads a scalar as text.
func readText(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > maxText {
		return "", wrong(n, "%s must be a short text or a number", what)
	}
	return n.Value, nil
}

// readList reads a list of scalars, or a single scalar.
func readList(n *yaml.Node, what string) (list []string, err error) {
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		text, err := readText(n, what)
		return []string{text}, err
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, wrong(n, "%s must be a list, like [single, mge]", what)
	}
	for _, item := range n.Content {
		text, err := readText(item, "an entry of "+what)
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// given has settings and the lines of the file that give them.
type given struct {
	setting.Values
	lines map[string]int
}

func newGiven() given { return given{setting.Values{}, map[string]int{}} }

// over returns the settings of both. Those of g replace those of all.
func (g given) over(all given) given {
	sum := given{maps.Clone(all.Values), maps.Clone(all.lines)}
	maps.Copy(sum.Values, g.Values)
	maps.Copy(sum.lines, g.lines)
	return sum
}

// put sets a setting to the text of a node.
func (g given) put(name, text string, n *yaml.Node) { g.Values[name], g.lines[name] = text, n.Line }

// text returns a field whose scalar is the value of the named setting.
func text(to given, key, name string) field {
	return field{key, func(n *yaml.Node) error {
		value, err := readText(n, key)
		to.put(name, value, n)
		return err
	}}
}

// maxPath is the longest name of a file or folder, in bytes.
const maxPath = 4096

// file returns a field with the name of a file or folder, for the setting of the same name.
func file(to given, name string) field {
	return field{name, func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > maxPath {
			return wrong(n, "%s must be the name of a file or folder", name)
		}
		to.put(name, n.Value, n)
		return nil
	}}
}

// list returns a field whose list is the value of the named setting.
func list(to given, key, name string) field {
	return field{key, func(n *yaml.Node) error {
		parts, err := readList(n, key)
		to.put(name, strings.Join(parts, ","), n)
		return err
	}}
}

// tab returns the number of the first line with a tab in its indentation, counted from 1; 0 if there is none.
func tab(data []byte) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if bytes.HasPrefix(bytes.TrimLeft(text, " "), []byte("\t")) {
			return line
		}
	}
	return 0
}
