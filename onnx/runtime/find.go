package runtime

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
)

// Variable is the environment variable that names the shared library.
const Variable = "ONNXRUNTIME_LIB"

// ErrUnavailable is wrapped in errors which say that ONNX Runtime cannot be used here. Unless the user has
// named a library, a program can continue without it.
var ErrUnavailable = errors.New("ONNX Runtime is not available")

// Find returns the path of ONNX Runtime's shared library. If explicit is not empty, it must be
// the path of the library; else, the environment variable ONNXRUNTIME_LIB, if set, must be.
// Without either, Find searches
//
//   - next to the program,
//   - in node_modules/onnxruntime-node of the working folder and of the folders above it, up to the one with go.mod,
//   - in the user's cache folder, multiscale/onnxruntime, where [InstallCommand] puts it,
//   - in the system's folders of libraries.
//
// If it finds none, the error is one line that says how to install the library.
func Find(explicit string) (string, error) {
	for _, asked := range []struct{ path, by string }{{explicit, ""}, {os.Getenv(Variable), Variable + ": "}} {
		if asked.path == "" {
			continue
		}
		info, err := os.Stat(asked.path)
		switch {
		case err != nil:
			return "", fmt.Errorf("%sno ONNX Runtime library at %s", asked.by, asked.path)
		case info.IsDir():
			return "", fmt.Errorf("%s%s is a folder; name the library file in it", asked.by, asked.path)
		}
		return filepath.Abs(asked.path)
	}
	for _, dir := range folders() {
		if path := libraryIn(dir); path != "" {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("%w: its library was not found; install it with: %s", ErrUnavailable, InstallCommand())
}

// InstallCommand returns the shell command that installs the library where [Find] finds it.
func InstallCommand() string {
	return fmt.Sprintf("npm install --ignore-scripts --prefix %q onnxruntime-node", cacheFolder())
}

func cacheFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = "."
	}
	return filepath.Join(cache, "multiscale", "onnxruntime")
}

// folders returns the folders to search, in order of preference.
func folders() []string {
	var dirs []string
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
	}
	for _, dir := range ancestors() {
		dirs = append(dirs, packaged(dir)...)
	}
	dirs = append(dirs, cacheFolder())
	dirs = append(dirs, packaged(cacheFolder())...)
	dirs = append(dirs, filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))...)
	return append(dirs, systemFolders()...)
}

// ancestors returns the working folder and its parents up to the module's root. Outside of a
// module it returns only the working folder.
func ancestors() []string {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	first := dir
	var dirs []string
	for {
		dirs = append(dirs, dir)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dirs
		}
		up := filepath.Dir(dir)
		if up == dir {
			return []string{first}
		}
		dir = up
	}
}

// packaged returns the folders in dir's node_modules where the npm package has libraries for
// this system, the newest interface first.
func packaged(dir string) []string {
	arch := map[string]string{"amd64": "x64"}[goruntime.GOARCH]
	system := map[string]string{"windows": "win32"}[goruntime.GOOS]
	found, _ := filepath.Glob(filepath.Join(dir, "node_modules", "onnxruntime-node", "bin", "napi-v*",
		cmp.Or(system, goruntime.GOOS), cmp.Or(arch, goruntime.GOARCH)))
	number := func(path string) int {
		base := filepath.Base(filepath.Dir(filepath.Dir(path)))
		n, _ := strconv.Atoi(strings.TrimPrefix(base, "napi-v"))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return number(b) - number(a) })
	return found
}

func systemFolders() []string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[goruntime.GOARCH]
	return []string{
		"/usr/local/lib", "/usr/local/lib/onnxruntime/lib", "/usr/lib/" + triplet, "/usr/lib64", "/usr/lib", "/opt/onnxruntime/lib", "/opt/homebrew/lib",
	}
}

// libraryIn returns the library in a folder, or "".
func libraryIn(dir string) string {
	if dir == "" {
		return ""
	}
	patterns := []string{"libonnxruntime.so.1", "libonnxruntime.so", "libonnxruntime.so.1.*"}
	switch goruntime.GOOS {
	case "darwin":
		patterns = []string{"libonnxruntime.1.dylib", "libonnxruntime.dylib", "libonnxruntime.*.dylib"}
	case "windows":
		patterns = []string{"onnxruntime.dll"}
	}
	for _, p := range patterns {
		if found, _ := filepath.Glob(filepath.Join(dir, p)); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	return ""
}
