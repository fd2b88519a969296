package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Strings defines a flag that may be given several times. Each value is added to *p;
// it must not be empty.
func (f *Flags) Strings(p *[]string, name, unit, usage string) {
	f.Func(name, unit, "", usage, func(s string) error {
		f.given[name] = false // else the next one would be an error
		if s == "" {
			return Wrong(name, s, "the value is empty", "give "+unit)
		}
		*p = append(*p, s)
		return nil
	})
}

// CheckOnce returns a *UsageError if two of a flag's values are the same file, even by different paths or
// links. Values that are not files are compared as text.
func CheckOnce(flag string, files []string) error {
	var seen []os.FileInfo
	for i, file := range files {
		info, err := os.Stat(file)
		same := func(other os.FileInfo) bool { return err == nil && os.SameFile(info, other) }
		written := func(other string) bool { return filepath.Clean(other) == filepath.Clean(file) }
		if slices.ContainsFunc(files[:i], written) || slices.ContainsFunc(seen, same) {
			return Wrong(flag, file, "given twice", "give each file once")
		}
		if err == nil {
			seen = append(seen, info)
		}
	}
	return nil
}

// ShortNames returns the names of files without folder and extension. Files that would
// have the same name get their whole path, with slashes.
func ShortNames(paths []string) []string {
	short := func(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }
	count := map[string]int{}
	for _, p := range paths {
		count[short(p)]++
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		if names[i] = short(p); count[names[i]] > 1 {
			names[i] = filepath.ToSlash(p)
		}
	}
	return names
}
