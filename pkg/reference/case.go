package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/npy"
)

// Case is one case of the reference data.
type Case struct {
	ID    string `json:"id"`   // group/name, which is also the path of its folder
	Kind  string `json:"kind"` // selects the function that tests the case
	Title string `json:"title"`
	// HyperParameters depend on the kind; see Decode.
	HyperParameters json.RawMessage `json:"hyper_parameters"`
	Files           []File          `json:"files"`
	// Parameters are those of the case's model, in the order of files with a value for each, such as
	// norms.
	Parameters []Parameter `json:"parameters_in_order"`
	// ParameterCount is the number of values of all parameters, or 0 if it is not stated.
	ParameterCount int `json:"parameter_count"`
	// LearningRates are the rates of a schedule in float64.
	LearningRates []float64 `json:"learning_rates_double"`

	root string // the folder of the reference data
}

// The roles of files.
const (
	Input    = "input"
	Expected = "expected"
)

// File is an array of a case, or another file if it has no Shape.
type File struct {
	Path  string `json:"file"` // relative to the case's folder, with slashes
	Role  string `json:"role"`
	Name  string `json:"name"` // of an input
	Shape []int  `json:"shape"`
	// The tolerances of Compare for an expected file.
	TolMaxAbs *float64  `json:"tol_max_abs"`
	TolRelL2  *float64  `json:"tol_rel_l2"`
	Sampling  *Sampling `json:"sampling"` // nil if the file has all elements
}

// Sampling describes a file with every Stride-th of Numel elements of an array.
type Sampling struct {
	FullShape []int `json:"full_shape"`
	Numel     int   `json:"numel"`
	Stride    int   `json:"stride"`
}

// Of returns the sample of the whole array data.
func (s *Sampling) Of(data []float32) ([]float32, error) {
	if len(data) != s.Numel {
		return nil, fmt.Errorf("%d values, want %d", len(data), s.Numel)
	}
	var sample []float32
	for i := 0; i < len(data); i += s.Stride {
		sample = append(sample, data[i])
	}
	return sample, nil
}

// Parameter is a parameter of a model. Path is empty if the case has no file with its values.
type Parameter struct {
	Name  string `json:"name"`
	Path  string `json:"file"`
	Shape []int  `json:"shape"`
}

// DecodeCase reads a case.json. It checks everything that can be checked without the case's files,
// for instance that no path leaves the folder of the reference data.
func DecodeCase(data []byte) (*Case, error) {
	c := new(Case)
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(c); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	if c.Kind == "" {
		return nil, fmt.Errorf("no kind")
	}
	group, name, _ := strings.Cut(c.ID, "/")
	if !plain(group) || !plain(name) {
		return nil, fmt.Errorf("id %q is not of the form group/name", c.ID)
	}
	for _, f := range c.Files {
		if err := c.check(f); err != nil {
			return nil, fmt.Errorf("file %q: %w", f.Path, err)
		}
	}
	if file, twice := lists.Twice(c.Files, func(f File) string { return f.Path }); twice {
		return nil, fmt.Errorf("file %q is listed twice", file)
	}
	seen := make(map[string]bool)
	for _, p := range c.Parameters {
		if _, err := npy.Elements(p.Shape); err != nil {
			return nil, fmt.Errorf("parameter %q: %w", p.Name, err)
		}
		if p.Path != "" && !c.inside(p.Path) {
			return nil, fmt.Errorf("parameter %q: %q is not a path inside the reference data", p.Name, p.Path)
		}
		if p.Name == "" || seen[p.Name] {
			return nil, fmt.Errorf("parameter %q has no name of its own", p.Name)
		}
		seen[p.Name] = true
	}
	return c, nil
}

// plain reports whether s is a name and not a path.
func plain(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, `/\:`) && filepath.IsLocal(s)
}

// inside reports whether a path relative to the case's folder stays in the folder of the reference
// data.
func (c *Case) inside(file string) bool {
	return !path.IsAbs(file) && !strings.ContainsAny(file, `\:`) && filepath.IsLocal(path.Join(c.ID, file))
}

// check returns an error if the description of a file is wrong.
func (c *Case) check(f File) error {
	if !c.inside(f.Path) {
		return fmt.Errorf("not a path inside the reference data")
	}
	for _, tol := range []*float64{f.TolMaxAbs, f.TolRelL2} {
		if tol != nil && !(*tol >= 0 && *tol < math.Inf(1)) {
			return fmt.Errorf("tolerance %v", *tol)
		}
	}
	switch f.Role {
	case Input:
		if f.Shape == nil {
			return nil
		}
	case Expected:
		if f.TolMaxAbs == nil && f.TolRelL2 == nil {
			return fmt.Errorf("expected, but with no tolerance")
		}
	default:
		return fmt.Errorf("unknown role %q", f.Role)
	}
	n, err := npy.Elements(f.Shape)
	if err != nil || f.Sampling == nil {
		return err
	}
	s := f.Sampling
	full, err := npy.Elements(s.FullShape)
	if err != nil {
		return err
	}
	if s.Stride < 1 || s.Numel != full || n != (full-1)/s.Stride+1 {
		return fmt.Errorf("%d samples, stride %d, of %d elements of shape %v do not fit together", n, s.Stride, s.Numel, s.FullShape)
	}
	return nil
}

// Decode reads the hyper-parameters into a struct of the case's kind. It returns an error for
// hyper-parameters that the struct does not have, so that none is silently ignored.
func (c *Case) Decode(into any) error {
	d := json.NewDecoder(bytes.NewReader(c.HyperParameters))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: hyper-parameters %s: %w", c.ID, c.HyperParameters, err)
	}
	return nil
}

// Input reads the array of the input with the given name.
func (c *Case) Input(name string) (Array, error) {
	for _, f := range c.Files {
		if f.Role == Input && f.Name == name {
			return c.Read(f)
		}
	}
	return Array{}, fmt.Errorf("%s has no input %q", c.ID, name)
}

// Expected returns the expected file with the given path, or nil.
func (c *Case) Expected(file string) *File {
	for i, f := range c.Files {
		if f.Role == Expected && f.Path == file {
			return &c.Files[i]
		}
	}
	return nil
}

// Read reads a file of the case. It is an error if the array does not have the stated shape.
func (c *Case) Read(f File) (Array, error) { return c.read(f.Path, f.Shape) }

// Value reads the values of a parameter.
func (c *Case) Value(p Parameter) (Array, error) {
	if p.Path == "" {
		return Array{}, fmt.Errorf("%s: no file for parameter %s", c.ID, p.Name)
	}
	return c.read(p.Path, p.Shape)
}

func (c *Case) read(file string, shape []int) (Array, error) {
	name := filepath.Join(c.root, filepath.FromSlash(path.Join(c.ID, file)))
	a, err := ReadArray(name)
	if err == nil && !slices.Equal(a.Shape, shape) {
		err = fmt.Errorf("%s has shape %v, case.json says %v", name, a.Shape, shape)
	}
	return a, err
}
