package command

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Strings defines a flag that may be given several times, with any value but the
// empty one each time.
func (f *Flags) Strings(p *[]string, name, unit, usage string) {
	f.Func(name, unit, "", usage, func(s string) error {
		f.given[name] = false // so that the next time is as welcome as the first
		if s == "" {
			return Wrong(name, s, "the value is empty", "give "+unit)
		}
		*p = append(*p, s)
		return nil
	})
}

// CheckOnce returns a *UsageError where a flag's files name one twice, also by another path or a link. A
// value that is no file is compared as it is written.
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

// ShortNames are the files' names without folder and ending where that tells them
// apart, else the paths.
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
