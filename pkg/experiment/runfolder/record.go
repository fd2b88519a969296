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

// Record is the content of run.json: the configuration, the program and the machine of a run.
type Record struct {
	// Configuration has the settings that decide the results, by flag name, and the
	// digests of the data. All units of a folder share it.
	Configuration map[string]any `json:"configuration"`
	// Flags has the values of all flags in the last call that trained.
	Flags map[string]any `json:"flags"`
	// Environment has the program and the machine of that call: versions, commit,
	// kernel path, CPU.
	Environment map[string]any `json:"environment"`
	// Measures has those of the task, the deciding one first. Folders of earlier
	// versions have none.
	Measures []metric.Measure `json:"measures,omitempty"`
	// Data says what the data set has, and which pictures are not used. Folders of earlier
	// versions do not have it.
	Data *dataset.Report `json:"data,omitempty"`
	// Defaults is the Configuration of a run with the same task, network, data and size
	// of the work, and default values otherwise. It lets a program without the task find
	// the settings that are not defaults. Folders of earlier versions do not have it.
	Defaults map[string]any `json:"defaults,omitempty"`
	// Scale is that of the task, above 1 if it enlarges; 0 in folders of earlier versions.
	Scale int `json:"scale,omitempty"`
	// Digests reports whether digests.csv has the digests of every finished unit. It is false in a folder
	// that an earlier version began without that file. Open sets it.
	Digests bool `json:"digests,omitempty"`
}

// further returns the names of the task's measures that are not among the usual ones.
func (r Record) further(usual ...metric.Measure) []string {
	return lists.Of(metric.Union(usual, r.Measures)[len(usual):], func(m metric.Measure) string { return m.Name })
}

// beyondAlways returns the names of the task's measures that not every task has.
func (r Record) beyondAlways() []string { return r.further(metric.Always()...) }

// averages reports whether there are averaged weights in addition to the last ones.
func (r Record) averages() bool {
	decay := setting.Text(r.Configuration["ema"])
	return decay != "" && decay != "0"
}

// onTheWay returns the names of the measures of history.csv in addition to its usual ones.
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

// encode returns the record as indented JSON, with a newline at the end.
func (r Record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}

// Write writes the content of run.json.
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

// DifferentError says that a folder has another configuration.
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

// CheckConfiguration returns a *DifferentError if the configuration of a folder, there, differs from
// the required one, now.
func CheckConfiguration(dir string, there, now map[string]any) error {
	if d := differences(there, now); len(d) > 0 {
		return &DifferentError{dir, d}
	}
	return nil
}

// differences describes the settings in which two configurations differ.
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
