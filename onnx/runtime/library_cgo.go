//go:build cgo

package runtime

import (
	"fmt"
	"os"
	goruntime "runtime"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// Library is ONNX Runtime's shared library, loaded into this process.
type Library struct {
	path, version string
}

var (
	loading sync.Mutex
	loaded  *Library // a process can load only one
)

// Load loads the library that [Find] finds. It stays loaded: a later call for the same file
// returns it again, and one for another file returns an error.
func Load(explicit string) (*Library, error) {
	path, err := Find(explicit)
	if err != nil {
		return nil, err
	}
	loading.Lock()
	defer loading.Unlock()
	switch {
	case loaded != nil && loaded.path == path:
		return loaded, nil
	case loaded != nil:
		return nil, fmt.Errorf("%s cannot be loaded beside %s", path, loaded.path)
	}
	// Unless this is set before they start, official builds send telemetry to Microsoft and store files for it.
	if _, chosen := os.LookupEnv(telemetryOff); !chosen {
		if err := os.Setenv(telemetryOff, "1"); err != nil {
			return nil, err
		}
	}
	ort.SetSharedLibraryPath(path)
	// The caller receives all errors, so the library need not print them.
	if err := ort.InitializeEnvironment(ort.WithLogLevelFatal()); err != nil {
		return nil, fmt.Errorf("%s is not a usable ONNX Runtime library: %s", path, firstLine(err))
	}
	_ = ort.DisableTelemetry() // for Windows; elsewhere it may return an error, which does not matter
	loaded = &Library{path: path, version: ort.GetVersion()}
	return loaded, nil
}

// telemetryOff is ONNX Runtime's environment variable. A value that the user has set is kept.
const telemetryOff = "ORT_DISABLE_TELEMETRY"

// Version returns the version of ONNX Runtime.
func (l *Library) Version() string { return l.version }

// Session is a model in ONNX Runtime.
type Session struct {
	session *ort.DynamicAdvancedSession
	inputs  []*onnx.ValueInfo
	results []result
}

// Open makes a session for the bytes of an .onnx file, which ONNX Runtime itself decodes. The caller
// must close it.
func (l *Library) Open(data []byte) (*Session, error) { return l.OpenIn("", data) }

// folderOption is the option for the folder of weights in other files.
const folderOption = "session.model_external_initializers_file_folder_path"

// OpenIn is Open for a model that may have weights in other files of a folder.
func (l *Library) OpenIn(folder string, data []byte) (*Session, error) {
	m, err := onnx.Inspect(data)
	if err != nil {
		return nil, err
	}
	s := &Session{inputs: m.Graph.Feeds()}
	names := lists.Of(s.inputs, func(in *onnx.ValueInfo) string { return in.Name })
	s.results, data = fetchable(m, data)
	fetched := lists.Of(s.results, func(r result) string { return r.fetched })
	if len(names) == 0 {
		return nil, fmt.Errorf("the model has no input")
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %s", firstLine(err))
	}
	defer options.Destroy()
	if err := options.SetIntraOpNumThreads(goruntime.GOMAXPROCS(0)); err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %s", firstLine(err))
	}
	if folder != "" {
		if err := options.AddSessionConfigEntry(folderOption, folder); err != nil {
			return nil, fmt.Errorf("ONNX Runtime: %s", firstLine(err))
		}
	}
	if s.session, err = ort.NewDynamicAdvancedSessionWithONNXData(data, names, fetched, options); err != nil {
		return nil, fmt.Errorf("ONNX Runtime refuses the model: %s", firstLine(err))
	}
	return s, nil
}

// Run computes the outputs by name. Inputs and outputs are float32 for every type that the model
// declares.
func (s *Session) Run(inputs map[string]onnx.Value) (map[string]onnx.Value, error) {
	if err := onnx.CheckInputs(s.inputs, inputs); err != nil {
		return nil, err
	}
	var in []ort.Value
	out := make([]ort.Value, len(s.results))
	defer func() {
		destroy(in)
		destroy(out)
	}()
	for _, d := range s.inputs {
		if len(inputs[d.Name].Data) == 0 {
			return nil, fmt.Errorf("input %q is empty", d.Name)
		}
		v, err := tensorOf(d.Type, inputs[d.Name])
		if err != nil {
			return nil, fmt.Errorf("input %q: %s", d.Name, firstLine(err))
		}
		in = append(in, v)
	}
	if err := s.session.Run(in, out); err != nil {
		return nil, fmt.Errorf("ONNX Runtime: %s", firstLine(err))
	}
	results := make(map[string]onnx.Value, len(out))
	for i, r := range s.results {
		t, ok := out[i].(*ort.Tensor[float32])
		if !ok {
			return nil, fmt.Errorf("output %q does not hold numbers", r.name)
		}
		v := onnx.Value{Shape: lists.To[int](t.GetShape()), Data: t.GetData()} // a copy, made by the binding
		if r.wrapped {
			v.Shape = v.Shape[1:]
		}
		results[r.name] = v
	}
	return results, nil
}

// Close frees the session.
func (s *Session) Close() error { return s.session.Destroy() }

// firstLine shortens the library's errors, which may contain a trace, to one line.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
