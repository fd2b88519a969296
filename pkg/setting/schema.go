package setting

import (
	"maps"
	"regexp"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/lists"
)

// form is a part of a JSON Schema.
type form = map[string]any

// Schema describes the values of a setting in JSON Schema (2020-12), for files whose values are numbers, texts and lists of
// them. The choices are those of all tasks of known.
func (s Setting) Schema(known catalog.Catalog) map[string]any {
	schema := form{}
	maps.Copy(schema, s.form)
	names := s.choicesOf(known)
	one := "(" + strings.Join(lists.Of(names, regexp.QuoteMeta), "|") + ")"
	switch {
	case len(names) == 0:
	case s.options: // behind a colon
		schema["type"], schema["pattern"] = "string", "^"+one+"(:.+)?$"
	case s.list:
		text := "^" + one + "(," + one + ")*$"
		if s.Former == none {
			text = "^" + none + "$|" + text
		}
		schema["anyOf"] = []form{{"type": "string", "pattern": text}, {"type": "array", "items": form{"enum": names}, "minItems": 1, "uniqueItems": true}}
	default:
		schema["enum"] = names
	}
	schema["description"] = s.Help
	return schema
}

// choicesOf returns what a setting can be in any task, in the order of the help; nil where any value may do.
func (s Setting) choicesOf(known catalog.Catalog) (names []string) {
	if s.choices == nil {
		return nil
	}
	for _, t := range known.Tasks {
		r := resolving{known: known, given: Values{"task": t.Name}}
		if r.resolve() != nil { // a task whose data have no default
			r = resolving{known: known, given: Values{}, Config: Config{Task: t, known: known}}
		}
		names = append(names, s.choices(&r)...)
	}
	return lists.Distinct(names)
}

// forms of values that several kinds of rows have.
func integers(min, max int) form { return form{"type": "integer", "minimum": min, "maximum": max} }

// listOf is a list, or one value, or text with commas.
func listOf(one form) form {
	return form{"anyOf": []form{one, {"type": "array", "items": one, "minItems": 1}, {"type": "string"}}}
}
