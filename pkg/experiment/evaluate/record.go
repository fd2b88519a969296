package evaluate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
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

// maxRecord bounds the file that is read back, in bytes.
const maxRecord = 1 << 20

// claim finds out early whether the folder can take the tables: it can be written,
// and has none of other pictures.
func (e *evaluation) claim() error {
	if e.Out == "" {
		e.Out = filepath.Join("results", "runs", "evaluation-"+e.Data)
		if e.Root != "" {
			e.Out += "-" + e.set.Digest[:8]
		}
	}
	if err := durable.CheckFolder(e.Out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	path := filepath.Join(e.Out, RecordFile)
	data, err := durable.ReadFile(durable.OS, path, maxRecord)
	if err == nil {
		var there Record
		if err := json.Unmarshal(data, &there); err != nil {
			return fmt.Errorf("-out %s: it cannot be read: %w; choose another folder", path, err)
		}
		if there.Digest != e.set.Digest {
			return fmt.Errorf("-out %s: it holds measures of other pictures (%s); choose another folder", e.Out, strings.TrimSpace(there.Data+" "+there.Root))
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("-out: %w", err)
	}
	return nil
}

// writeRecord says whose tables are in the folder.
func (e *evaluation) writeRecord(w io.Writer) error {
	report := e.set.Report
	report.Train = 0 // these are not read
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(Record{Data: e.Data, Root: e.Root, Digest: e.set.Digest, Models: e.Models, Report: report})
}
