package experiment

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/kernel"
)

// record returns the content of run.json: configuration, flags and environment.
func (e *Experiment) record() runfolder.Record {
	configuration := e.config.Determining()
	configuration["data_digest"] = e.set.Digest
	configuration["kernel_path"] = kernel.Path()
	if e.config.LevelsAuto {
		configuration["levels_chosen"] = e.config.Levels
	}
	if e.initial != nil {
		configuration["init_digest"] = e.initial.Digest
	}
	flags := e.config.Flags()
	maps.Copy(flags, e.asked)
	return runfolder.Record{
		Configuration: configuration,
		Flags:         flags,
		Environment:   Environment(),
		Measures:      e.task.Measures,
		Data:          &e.set.Report,
		Defaults:      e.config.Defaults(),
		Scale:         e.task.Scale,
	}
}

// recorded has the modules whose versions matter for results.
var recorded = []string{
	"gorgonia.org/gorgonia", "gorgonia.org/tensor", "gonum.org/v1/gonum", "gonum.org/v1/plot",
	"github.com/owulveryck/onnx-go", "github.com/yalue/onnxruntime_go", "github.com/disintegration/imaging",
}

// module is the path of this module, as in build information.
var module = strings.TrimSuffix(reflect.TypeFor[Experiment]().PkgPath(), "/pkg/experiment")

// Environment describes the program and the machine for run.json. "commit" is that of
// this module. If the program belongs to another module, "program" has that module and
// its commit.
func Environment() map[string]any {
	modules := make(map[string]string)
	env := map[string]any{
		"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "cores": runtime.GOMAXPROCS(0),
		"cpu": cpuName(), "kernel_path": kernel.Path(), "modules": modules,
	}
	built := commitOfTree(".") // of the main module
	info, ok := debug.ReadBuildInfo()
	if !ok {
		env["commit"] = built
		return env
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			built = s.Value
		}
	}
	env["commit"] = built
	if info.Main.Path != module {
		env["program"] = map[string]string{"module": info.Main.Path, "commit": built}
		env["commit"] = "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == module {
			env["commit"] = commitOfModule(m)
		}
		if slices.Contains(recorded, m.Path) {
			modules[m.Path] = m.Version
		}
	}
	return env
}

// commitOfModule returns the commit of this module if another one depends on it: its
// version, or the commit of the tree that replaces it. The path of the tree may be relative
// to an unknown folder, so the go.mod there must name this module.
func commitOfModule(m *debug.Module) string {
	if m.Replace == nil {
		return m.Version
	}
	if m.Replace.Version != "" && m.Replace.Version != "(devel)" {
		return m.Replace.Version
	}
	mod, err := os.ReadFile(filepath.Join(m.Replace.Path, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module "+module+"\n") {
		return "unknown"
	}
	return commitOfTree(m.Replace.Path)
}

// commitOfTree returns the commit that is checked out in dir or above it, because
// `go run` records none; "unknown" if there is none.
func commitOfTree(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "unknown"
	}
	for {
		git := filepath.Join(dir, ".git")
		if head, err := os.ReadFile(filepath.Join(git, "HEAD")); err == nil {
			return resolve(git, strings.TrimSpace(string(head)))
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "unknown"
		}
		dir = parent
	}
}

// resolve follows a symbolic reference to its commit.
func resolve(git, head string) string {
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return head
	}
	if loose, err := os.ReadFile(filepath.Join(git, filepath.FromSlash(ref))); err == nil {
		return strings.TrimSpace(string(loose))
	}
	packed, err := os.ReadFile(filepath.Join(git, "packed-refs"))
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(packed)) {
		if commit, ok := strings.CutSuffix(strings.TrimSpace(line), " "+ref); ok {
			return commit
		}
	}
	return "unknown"
}

// cpuName returns the name of the processor from /proc/cpuinfo, or "unknown".
func cpuName() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return "unknown"
}
