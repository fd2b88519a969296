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

// Schema describes the values of a setting in JSON Schema (2020-12), for files whose values are numbers, texts and
// lists of them. A value is valid if any task of known has it as a choice.
func (s Setting) Schema(known catalog.Catalog) map[string]any {
	schema := form{}
	maps.Copy(schema, s.form)
	names := s.choicesOf(known)
	one := "(" + strings.Join(lists.Of(names, regexp.QuoteMeta), "|") + ")"
	switch {
	case len(names) == 0:
	case s.options: // after a colon
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

// choicesOf returns the choices of a setting over all tasks, in the order of the help; nil if it has no list of choices.
func (s Setting) choicesOf(known catalog.Catalog) (names []string) {
	if s.choices == nil {
		return nil
	}
	for _, t := range known.Tasks {
		r := resolving{known: known, given: Values{"task": t.Name}}
		if r.resolve() != nil { // the data set of the task has no default
			r = resolving{known: known, given: Values{}, Config: Config{Task: t, known: known}}
		}
		names = append(names, s.choices(&r)...)
	}
	return lists.Distinct(names)
}

// integers is the form of whole numbers from min to max.
func integers(min, max int) form { return form{"type": "integer", "minimum": min, "maximum": max} }

// listOf is the form of a list, one value, or a text with commas.
func listOf(one form) form {
	return form{"anyOf": []form{one, {"type": "array", "items": one, "minItems": 1}, {"type": "string"}}}
}
