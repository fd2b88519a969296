package evaluate

import (
	"fmt"
	"path/filepath"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/trial"
)

// Record is the content of evaluation.json: the models and the pictures of an evaluation.
type Record struct {
	Data   string   `json:"data"`
	Root   string   `json:"root"`        // as given in the call
	Digest string   `json:"data_digest"` // of the pictures
	Models []string `json:"models"`      // paths
	// Report says what the data set has, and which pictures are not used.
	Report dataset.Report `json:"report"`
}

// claim checks before the measurement that the folder can be written and has no tables of
// other pictures. It also sets the default folder.
func (e *evaluation) claim() error {
	if e.Out == "" {
		e.Out = filepath.Join("results", "runs", "evaluation-"+e.Data)
		if e.Root != "" {
			e.Out += "-" + e.set.Digest[:8]
		}
	}
	return trial.Claim(e.Out, RecordFile, func(there Record) string {
		if there.Digest == e.set.Digest {
			return ""
		}
		return fmt.Sprintf("measures of other pictures (%s)", strings.TrimSpace(there.Data+" "+there.Root))
	})
}

// record returns the record of the evaluation.
func (e *evaluation) record() Record {
	report := e.set.Report
	report.Train = 0 // training pictures are not read
	return Record{Data: e.Data, Root: e.Root, Digest: e.set.Digest, Models: e.Models, Report: report}
}
