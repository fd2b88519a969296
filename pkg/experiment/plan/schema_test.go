package plan_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/plan"
	"multiscale/pkg/setting"
)

// schema returns the schema, ready to validate.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := plan.Schema(catalog.Standard())
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(plan.SchemaID, document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(plan.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document converts a YAML text to values of JSON.
func document(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchema: the schema accepts plans and rejects other texts, as far as a single value shows the mistake.
func TestSchema(t *testing.T) {
	s := schema(t)
	files, err := filepath.Glob(filepath.Join(plans, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	texts := []string{tiny, every(t)}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
		if !strings.Contains(string(data), "yaml-language-server: $schema=../../docs/"+plan.SchemaID) {
			t.Errorf("%s does not name its schema for editors", file)
		}
	}
	for _, text := range texts {
		if _, err := plan.Parse([]byte(text), catalog.Standard(), nil); err != nil {
			t.Errorf("not a plan: %v\n%s", err, text)
		}
		if err := s.Validate(document(t, text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	for from, to := range map[string]string{
		"name: tiny": "name: ../x", "profile: quick": "proflie: quick", "profile:": "profile: huge #", "seeds: [1, 2]": "seeds: []",
		"task: superresolution": "task: dehazing", "network: espcn": "network: vgg", "data: deadleaves": "data: imagenet",
		"strategies: [single, mge]": "strategies: [single, sgd]", "side: 16": "side: -16", "batch: 2": "batch: many", "levels: 1": "levels: all",
		"released: false": "released: perhaps", "iterations: 2": "out: x", "seeds: [1, 2]\n": "",
	} {
		text := strings.Replace(tiny, from, to, 1)
		if text == tiny {
			t.Fatalf("%q is not in the plan", from)
		}
		if _, err := plan.Parse([]byte(text), catalog.Standard(), nil); err == nil {
			t.Errorf("%s is a plan", to)
		}
		if s.Validate(document(t, text)) == nil {
			t.Errorf("the schema takes %s", to)
		}
	}
}

// every returns a plan with the default of every setting, as in run.json.
func every(t *testing.T) string {
	t.Helper()
	c, err := setting.Parse(catalog.Standard(), setting.Values{"task": "denoising"})
	if err != nil {
		t.Fatal(err)
	}
	flags := c.Flags()
	for name, v := range flags {
		own := []string{"task", "profile", "network", "data", "strategy", "seeds", "root", "validation", "out", "log", "quiet", "threads", "patience", "describe", "dry-run", "resume", "force", "detect-anomaly", "onnxruntime"}
		if slices.Contains(own, name) || v == "" {
			delete(flags, name)
		}
	}
	text, err := yaml.Marshal(map[string]any{"name": "every", "seeds": 1, "settings": flags, "experiments": []any{map[string]any{"task": "denoising"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
