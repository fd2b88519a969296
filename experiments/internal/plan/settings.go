package plan

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// settings are flags of the task's command beyond the plan's own keys, by name.
type settings struct{ values map[string]string }

// settable are the flags that results follow from, which a plan may set.
var settable = []string{
	"allocation", "batch", "conv", "degrade", "dropout-coupling", "iterations", "levels", "lr", "memory", "optimizer",
	"released", "restriction", "schedule", "side", "stages",
}

func (s *settings) field() field { return field{"settings", s.read} }

func (s *settings) read(n *yaml.Node) error {
	s.values = map[string]string{}
	var fields []field
	for _, name := range settable {
		fields = append(fields, field{name, func(n *yaml.Node) error {
			if n.Kind == yaml.SequenceNode { // stages
				list, err := readList(n, name)
				s.values[name] = strings.Join(list, ",")
				return err
			}
			v, err := readText(n, name)
			s.values[name] = v
			return err
		}})
	}
	return readMapping(n, "settings", fields)
}
