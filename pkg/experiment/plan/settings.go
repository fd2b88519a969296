package plan

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"multiscale/pkg/command"
)

// settings are flags of the task's command beyond the plan's own keys, by name.
type settings struct{ values map[string]string }

// settable returns the flags that results follow from and that are no keys of a
// plan, sorted.
func settable() []string {
	flags := command.Config{WeightDecay: 1}.Determining() // all of them
	for _, key := range []string{"task", "network", "data", "profile"} {
		delete(flags, key)
	}
	return slices.Sorted(maps.Keys(flags))
}

func (s *settings) field() field { return field{"settings", s.read} }

func (s *settings) read(n *yaml.Node) error {
	s.values = map[string]string{}
	var fields []field
	for _, name := range settable() {
		fields = append(fields, field{name, func(n *yaml.Node) (err error) {
			if n.Kind == yaml.SequenceNode { // stages
				var list []string
				list, err = readList(n, name)
				s.values[name] = strings.Join(list, ",")
				return err
			}
			s.values[name], err = readText(n, name)
			return err
		}})
	}
	return readMapping(n, "settings", fields)
}
