package runfolder

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/setting"
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
	// Defaults is what Configuration would be with the same task, network, data and
	// size of the work and nothing else set; so a program that does not have the task
	// can tell what is special about a run. Earlier versions have none.
	Defaults map[string]any `json:"defaults,omitempty"`
	// Scale is that of the task: above 1 where it enlarges. 0 in earlier versions.
	Scale int `json:"scale,omitempty"`
	// Digests says that digests.csv has those of each finished unit. Earlier versions did not have it,
	// and a folder that one of them began stays without this promise. Open sets it.
	Digests bool `json:"digests,omitempty"`
}

// further are the names of the task's measures that are not among usual ones.
func (r Record) further(usual ...metric.Measure) []string {
	return lists.Of(metric.Union(usual, r.Measures)[len(usual):], func(m metric.Measure) string { return m.Name })
}

// beyondAlways are the names of the task's measures that not every task has.
func (r Record) beyondAlways() []string { return r.further(metric.Always()...) }

// averages reports whether there are averaged weights beside the last ones.
func (r Record) averages() bool {
	decay := setting.Text(r.Configuration["ema"])
	return decay != "" && decay != "0"
}

// onTheWay are the names of the measures of history.csv beyond its own.
func (r Record) onTheWay() []string {
	usual := []metric.Measure{metric.MSE, metric.SSIM}
	names := r.further(usual...)
	if r.averages() {
		for _, m := range metric.Union(usual, r.Measures) {
			names = append(names, OfAverage(m.Name))
		}
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

// CheckConfiguration returns a *DifferentError where the configuration of a folder is not what
// it has to be.
func CheckConfiguration(dir string, there, now map[string]any) error {
	if d := differences(there, now); len(d) > 0 {
		return &DifferentError{dir, d}
	}
	return nil
}

// differences says in which settings two configurations differ.
func differences(there, now map[string]any) (list []string) {
	for _, d := range setting.Differences(there, now) {
		line := fmt.Sprintf("%s is %s there and %s now", d.Name, d.There, d.Now)
		if d.Name == "kernel_path" {
			line += fmt.Sprintf(" (%s=%s chooses it where the CPU has it)", kernel.PathVariable, d.There)
		}
		list = append(list, line)
	}
	return list
}
