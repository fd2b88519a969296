// Command experiments lists the programs of this project, one a line.
//
//	go run ./experiments
package main

import (
	"embed"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"strings"
)

// sources has the sources of this folder's programs. The package comment of each says what it does.
//
//go:embed */main.go
var sources embed.FS

// others has the programs of other folders, which cannot be embedded here.
var others = []program{
	{"onnx/check", "runs an ONNX model in every available runtime on the same random inputs of several shapes and compares the results"},
	{"onnx/convert", "converts the file of a network"},
	{"datasets/fetch", "downloads a data set into datasets/data and verifies it"},
}

// program has the folder of a program, and what the program does.
type program struct{ dir, does string }

func main() {
	if err := list(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "experiments:", err)
		os.Exit(1)
	}
}

// list prints all programs.
func list(w io.Writer) error {
	all, err := programs()
	if err != nil {
		return err
	}
	for _, p := range append(all, others...) {
		fmt.Fprintf(w, "%-30s %s\n", "./"+p.dir, p.does)
	}
	_, err = fmt.Fprint(w, "\nStart one with go run, as in: go run ./experiments/denoising; -h lists its flags.\n")
	return err
}

// programs returns the programs of this folder, sorted by name.
func programs() (all []program, err error) {
	entries, err := sources.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		data, err := sources.ReadFile(path.Join(e.Name(), "main.go"))
		if err != nil {
			return nil, err
		}
		does, err := synopsis(e.Name(), data)
		if err != nil {
			return nil, err
		}
		all = append(all, program{"experiments/" + e.Name(), does})
	}
	return all, nil
}

// synopsis returns the first sentence of a program's comment up to a colon or semicolon, without "Command NAME".
func synopsis(name string, source []byte) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return "", err
	}
	does := strings.TrimPrefix(new(doc.Package).Synopsis(f.Doc.Text()), "Command "+name+" ")
	if i := strings.IndexAny(does, ":;"); i >= 0 {
		does = does[:i]
	}
	return strings.TrimSuffix(does, "."), nil
}
