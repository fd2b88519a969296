package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	"multiscale/pkg/catalog"
	"multiscale/pkg/setting"
)

// SchemaID names the schema of plans.
const SchemaID = "plan.schema.json"

// object is a schema, or a part of one.
type object = map[string]any

// Schema returns the JSON Schema (2020-12) of a program's plans, for editors: their keys, the meanings of these, and
// the valid values. It does not have rules about several values, such as which sides go with which levels.
func Schema(known catalog.Catalog) ([]byte, error) {
	table := setting.Table()
	of := func(name string) object {
		i := slices.IndexFunc(table, func(s setting.Setting) bool { return s.Name == name })
		return table[i].Schema(known)
	}
	settings := object{}
	for _, s := range settable() {
		settings[s.Name] = s.Schema(known)
	}
	schema := closed("what tables of experiments are made of", object{
		"name":       object{"type": "string", "pattern": namePattern, "description": "folder of the tables"},
		"profile":    of("profile"),
		"seeds":      of("seeds"),
		"strategies": of("strategy"),
		"settings":   object{"$ref": "#/$defs/settings"},
		"experiments": object{"type": "array", "minItems": 1, "maxItems": maxExperiments, "description": "each becomes a run folder", "items": closed(
			"an experiment; its seeds, strategies and settings replace the plan's", object{
				"task": of("task"), "network": of("network"), "data": of("data"), "root": of("root"), "validation": of("validation"),
				"seeds": of("seeds"), "strategies": of("strategy"), "settings": object{"$ref": "#/$defs/settings"},
			})},
	}, "name", "seeds", "experiments")
	schema["$schema"], schema["$id"], schema["title"] = "https://json-schema.org/draft/2020-12/schema", SchemaID, "multiscale plan"
	schema["$defs"] = object{"settings": closed("flags of training, without the dash", settings)}
	data, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", SchemaID, err)
	}
	return append(data, '\n'), nil
}

// closed returns the schema of a mapping with these keys and no others.
func closed(description string, properties object, required ...string) object {
	o := object{"type": "object", "description": description, "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}
