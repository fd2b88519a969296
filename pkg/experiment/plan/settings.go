package plan

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/setting"
)

// settable returns the settings that results follow from and that have no keys of
// their own in a plan, sorted.
func settable() (names []string) {
	for _, s := range setting.Table() {
		own := slices.Contains([]string{"task", "profile", "network", "data"}, s.Name)
		if !own && (s.Effect == setting.Results || s.Effect == setting.Rounding) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// settings is the key of further settings, which go to given.
func settings(given setting.Values) field {
	return field{"settings", func(n *yaml.Node) error {
		var fields []field
		for _, name := range settable() {
			fields = append(fields, field{name, func(n *yaml.Node) error {
				if n.Kind == yaml.SequenceNode { // stages
					return list(given, name, name).read(n)
				}
				return text(given, name, name).read(n)
			}})
		}
		return readMapping(n, "settings", fields)
	}}
}
