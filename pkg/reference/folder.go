package reference

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
)

// Variable is the environment variable that names a folder of reference data.
const Variable = "REFERENCE_DIR"

// Locate returns the folder of reference data. It is REFERENCE_DIR if that is set, which may be
// relative to the root of the module, otherwise ../shared/reference relative to that root if it
// exists, otherwise "". It is an error if REFERENCE_DIR is not a folder. Locate finds the root of
// the module from the working directory.
func Locate() (string, error) {
	module, err := moduleRoot()
	if err != nil {
		return "", err
	}
	folder, set := os.LookupEnv(Variable)
	if !set {
		folder = filepath.Join(module, "..", "shared", "reference")
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return "", nil
		}
		return folder, nil
	}
	if folder == "" {
		return "", fmt.Errorf("%s is set, but empty: name a folder or unset it", Variable)
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(module, folder)
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s=%s is not a folder", Variable, folder)
	}
	return folder, nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no go.mod in %s or above", dir)
		}
	}
}

// maxJSON bounds the size of a case.json.
const maxJSON = 16 << 20

// Load reads all cases of a folder, folder/<group>/<name>/case.json, in the order of groups and
// names. It is an error if there are none.
func Load(folder string) ([]*Case, error) {
	var cases []*Case
	groups, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		names, err := os.ReadDir(filepath.Join(folder, group.Name()))
		if err != nil {
			continue // a file, such as a description of the data
		}
		for _, name := range names {
			c, err := loadCase(folder, path.Join(group.Name(), name.Name()))
			if err != nil {
				return nil, err
			}
			if c != nil {
				cases = append(cases, c)
			}
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%s holds no cases: want <group>/<name>/case.json", folder)
	}
	return cases, nil
}

// loadCase returns the case with the given id, or nil if its folder has no case.json.
func loadCase(folder, id string) (*Case, error) {
	file := filepath.Join(folder, filepath.FromSlash(id), "case.json")
	info, err := os.Stat(file)
	if err != nil {
		return nil, nil
	}
	if info.Size() > maxJSON {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", file, info.Size(), maxJSON)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	c, err := DecodeCase(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if c.ID != id {
		return nil, fmt.Errorf("%s: the id is %q, want %q", file, c.ID, id)
	}
	c.root = folder
	return c, nil
}
