package plan

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/setting"
)

// further are settings that do not change results; an experiment of a plan may have these of them.
var further = []string{"allow-incomplete", "checkpoint-every", "init", "keep", "skip-bad", "tensorboard"}

// settable returns the settings that stand under the key settings: those that results follow from and that have no keys of
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

// settings is the key of further settings, which go to given.
func settings(to given) field {
	return field{"settings", func(n *yaml.Node) error {
		var fields []field
		for _, s := range settable() {
			fields = append(fields, field{s.Name, func(n *yaml.Node) error {
				switch {
				case n.Kind == yaml.SequenceNode: // as of stages
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
