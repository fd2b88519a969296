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

// lineError is a mistake in a plan, at a line.
type lineError struct {
	line   int
	reason string
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

func wrong(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Sprintf(format, args...)}
}

// field is a key that a mapping may have.
type field struct {
	name string
	read func(n *yaml.Node) error
}

// readMapping reads a mapping that has no keys but those of fields. Anything
// else is an error that names the line.
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
			if strings.Contains(key.Value, "=") { // unet:base=48,dropout=0 in a line of YAML ends at its comma
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

// maxText is the longest scalar, which a network with many options is.
const maxText = 1000

// readText reads a scalar as it is written.
func readText(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > maxText {
		return "", wrong(n, "%s must be a short text or a number", what)
	}
	return n.Value, nil
}

// readList reads a list of scalars; a single one is a list, too.
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

// given are settings, with the lines that they stand in.
type given struct {
	setting.Values
	lines map[string]int
}

func newGiven() given { return given{setting.Values{}, map[string]int{}} }

// over returns the settings of both, those of g before those of all.
func (g given) over(all given) given {
	sum := given{maps.Clone(all.Values), maps.Clone(all.lines)}
	maps.Copy(sum.Values, g.Values)
	maps.Copy(sum.lines, g.lines)
	return sum
}

// put sets a setting to the text of a node.
func (g given) put(name, text string, n *yaml.Node) { g.Values[name], g.lines[name] = text, n.Line }

// text is a key with a scalar, the setting of a name.
func text(to given, key, name string) field {
	return field{key, func(n *yaml.Node) error {
		value, err := readText(n, key)
		to.put(name, value, n)
		return err
	}}
}

// maxPath is the longest name of a file or folder.
const maxPath = 4096

// file is a key with the name of a file or folder, the setting of the same name.
func file(to given, name string) field {
	return field{name, func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > maxPath {
			return wrong(n, "%s must be the name of a file or folder", name)
		}
		to.put(name, n.Value, n)
		return nil
	}}
}

// list is a key with a list, the setting of a name.
func list(to given, key, name string) field {
	return field{key, func(n *yaml.Node) error {
		parts, err := readList(n, key)
		to.put(name, strings.Join(parts, ","), n)
		return err
	}}
}

// tab returns the first line that begins with a tab, behind spaces perhaps; 0 for none.
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
