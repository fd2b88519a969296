package plan

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/setting"
)

// further has the settings that do not change results but are valid in an experiment of a plan.
var further = []string{"allow-incomplete", "checkpoint-every", "init", "keep", "skip-bad", "tensorboard"}

// settable returns the settings that are valid under the key settings: those that decide results and have no keys of
// their own in a plan, and further ones. They are sorted by name.
func settable() (list []setting.Setting) {
	for _, s := range setting.Table() {
		own := slices.Contains([]string{"task", "profile", "network", "data"}, s.Name)
		if !own && (s.Effect == setting.Results || s.Effect == setting.Rounding) || slices.Contains(further, s.Name) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b setting.Setting) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// settings is the field of the key settings; its values go to given.
func settings(to given) field {
	return field{"settings", func(n *yaml.Node) error {
		var fields []field
		for _, s := range settable() {
			fields = append(fields, field{s.Name, func(n *yaml.Node) error {
				switch {
				case n.Kind == yaml.SequenceNode: // as for stages
					return list(to, s.Name, s.Name).read(n)
				case s.Name == "init":
					return file(to, s.Name).read(n)
				}
				return text(to, s.Name, s.Name).read(n)
			}})
		}
		return readMapping(n, "settings", fields)
	}}
}
