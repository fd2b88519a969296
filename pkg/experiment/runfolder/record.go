package runfolder

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/metric"
)

// Record is run.json: what was run, with what, and where.
type Record struct {
	// Configuration is what the results follow from, by flag name, and the
	// digests of the data. All units of a folder share it.
	Configuration map[string]any `json:"configuration"`
	// Flags is every flag in force in the last call that trained.
	Flags map[string]any `json:"flags"`
	// Environment is the program and the machine of that call: versions,
	// commit, kernel path, CPU.
	Environment map[string]any `json:"environment"`
	// Measures are those of the task, the deciding one first. Folders of earlier
	// versions have none.
	Measures []metric.Measure `json:"measures,omitempty"`
	// Data is what the data set holds and what of it is not used. Folders of earlier
	// versions have none.
	Data *dataset.Report `json:"data,omitempty"`
}

// further are the names of the measures beyond metric.Always.
func (r Record) further() (names []string) {
	for _, m := range metric.Union(metric.Always(), r.Measures)[len(metric.Always()):] {
		names = append(names, m.Name)
	}
	return names
}

// encode writes the record with sorted keys, indented.
func (r Record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// Write writes the record as run.json has it.
func (r Record) Write(w io.Writer) error {
	data, err := r.encode()
	if err != nil {
		return fmt.Errorf("%s: %w", RecordFile, err)
	}
	_, err = w.Write(data)
	return err
}

func decodeRecord(data []byte) (r Record, err error) {
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, err
	}
	if r.Configuration == nil {
		return Record{}, fmt.Errorf("it has no configuration")
	}
	return r, nil
}

// DifferentError says that a folder was made with another configuration.
type DifferentError struct {
	Dir         string
	Differences []string // "batch is 8 there and 16 now"
}

func (e *DifferentError) Error() string {
	shown := e.Differences
	if len(shown) > 4 {
		shown = append(slices.Clone(shown[:3]), fmt.Sprintf("%d more", len(shown)-3))
	}
	return fmt.Sprintf("%s holds runs of another configuration: %s; choose another folder with -out, or remove this one",
		e.Dir, strings.Join(shown, ", "))
}

// differences compares two configurations key by key, as JSON writes them.
func differences(there, now map[string]any) (list []string) {
	keys := maps.Clone(there)
	maps.Copy(keys, now)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		a, b := canonical(there, key), canonical(now, key)
		if a != b {
			list = append(list, fmt.Sprintf("%s is %s there and %s now", key, a, b))
		}
	}
	return list
}

// canonical is a value as JSON, strings without quotes: numbers that came out of
// a file and numbers of the program look the same.
func canonical(m map[string]any, key string) string {
	v, ok := m[key]
	if !ok {
		return "missing"
	}
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // not JSON; caught when the record is written
	}
	return string(data)
}

// Setting returns a value of the configuration as text; "missing" where there
// is none.
func (r Record) Setting(name string) string { return canonical(r.Configuration, name) }

// Differing returns the settings of now that the record has with another value,
// sorted. What the record does not know does not count.
func (r Record) Differing(now map[string]any) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if _, known := r.Configuration[name]; known && canonical(now, name) != r.Setting(name) {
			names = append(names, name)
		}
	}
	return names
}
