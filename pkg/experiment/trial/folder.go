package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"multiscale/pkg/durable"
)

// maxRecord is the largest record that is read, in bytes.
const maxRecord = 1 << 20

// Claim checks before the work begins that the folder -out can be written, and that it has no tables of
// something else. If an earlier call left a record in file, other gets it and returns what the folder has by
// it; "" if that is the same as in this call.
func Claim[R any](out, file string, other func(there R) string) error {
	if err := durable.CheckFolder(out); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	path := filepath.Join(out, file)
	data, err := durable.ReadFile(durable.OS, path, maxRecord)
	if err == nil {
		var there R
		if err := json.Unmarshal(data, &there); err != nil {
			return fmt.Errorf("-out %s: it cannot be read: %w; choose another folder", path, err)
		}
		if held := other(there); held != "" {
			return fmt.Errorf("-out %s: it holds %s; choose another folder", out, held)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("-out: %w", err)
	}
	return nil
}

// File is a file of a folder of tables.
type File struct {
	Name  string
	Write func(io.Writer) error
}

// JSON returns a file with a record in JSON.
func JSON(name string, record any) File {
	return File{name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(record)
	}}
}

// Text returns a file with a text.
func Text(name, text string) File {
	return File{name, durable.Content(text)}
}

// Report creates the folder -out, writes files into it, and prints text. The record should be the first file, so that a
// folder with a table always has its record.
func Report(out string, to io.Writer, text string, files ...File) error {
	if err := durable.OS.MkdirAll(out); err != nil {
		return fmt.Errorf("-out %s: %w", out, err)
	}
	for _, f := range files {
		if err := durable.WriteFile(durable.OS, filepath.Join(out, f.Name), f.Write); err != nil {
			return fmt.Errorf("-out: %w", err)
		}
	}
	_, err := fmt.Fprintf(to, "%sWritten to %s.\n", text, out)
	return err
}
