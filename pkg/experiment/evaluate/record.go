package evaluate

import (
	"fmt"
	"path/filepath"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/trial"
)

// Record is evaluation.json: what was measured on which pictures.
type Record struct {
	Data   string   `json:"data"`
	Root   string   `json:"root"`        // of the call
	Digest string   `json:"data_digest"` // of the pictures
	Models []string `json:"models"`      // paths
	// Report says what the data set holds and what of it is not used.
	Report dataset.Report `json:"report"`
}

// claim finds out early whether the folder can take the tables: it can be written,
// and has none of other pictures.
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

// record says whose tables are in the folder.
func (e *evaluation) record() Record {
	report := e.set.Report
	report.Train = 0 // these are not read
	return Record{Data: e.Data, Root: e.Root, Digest: e.set.Digest, Models: e.Models, Report: report}
}
