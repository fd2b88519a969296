package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"multiscale/onnx"
	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/pkg/experiment/limit"
	"multiscale/pkg/random"
)

// timing is the line that -time prints for one runtime.
type timing struct {
	Runtime      string  `json:"runtime"`
	Version      string  `json:"version"`
	Side         int     `json:"side"`
	SecondsOpen  float64 `json:"seconds_open"` // from the file to a model that can run
	Seconds      float64 `json:"seconds"`      // of one picture
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
}

// timer measures a model in several runtimes.
type timer struct {
	path, library, only string
	side                int
}

// rounds is the number of turns of each runtime.
const rounds = 3

// run prints one line per runtime, with the best of its turns. Each turn is a separate process, so
// that peak memory is that of one runtime, and no runtime profits from caches that another has filled.
func (t timer) run(stdout, stderr io.Writer) error {
	if t.only != "" {
		line, err := t.measure()
		if err != nil {
			return fmt.Errorf("%s: %w", t.path, err)
		}
		return json.NewEncoder(stdout).Encode(line)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	candidates, best := []string{session.Network, session.ONNXRuntime}, map[string]timing{}
	var problems []error
	for round := range rounds {
		for _, name := range candidates {
			if _, ran := best[name]; round > 0 && !ran {
				continue
			}
			line, err := t.turn(program, name)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			best[name] = line.better(best[name])
		}
		if _, ours := best[session.Network]; round == 0 && !ours {
			if line, err := t.turn(program, session.OnnxGo); err == nil {
				candidates, best[session.OnnxGo] = append(candidates, session.OnnxGo), line
			}
		}
	}
	if len(best) == 0 {
		return problems[0]
	}
	for _, err := range problems {
		fmt.Fprintln(stderr, err)
	}
	out := json.NewEncoder(stdout)
	for _, name := range candidates {
		if line, ran := best[name]; ran {
			if err := out.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn measures one runtime in a separate process.
func (t timer) turn(program, name string) (line timing, err error) {
	args := []string{"-time", "-runtime", name, "-side", strconv.Itoa(t.side)}
	if t.library != "" {
		args = append(args, "-onnxruntime", t.library)
	}
	c := exec.Command(program, append(args, t.path)...)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return line, fmt.Errorf("%s: %s", name, bytes.TrimSpace(problems.Bytes()))
	}
	return line, json.Unmarshal(out.Bytes(), &line)
}

// better returns the shorter times of two turns, and the larger peak. The zero value of other means no turn.
func (l timing) better(other timing) timing {
	if other.Runtime == "" {
		return l
	}
	l.SecondsOpen, l.Seconds = min(l.SecondsOpen, other.SecondsOpen), min(l.Seconds, other.Seconds)
	l.PeakRSSBytes = max(l.PeakRSSBytes, other.PeakRSSBytes)
	return l
}

// measure times one runtime in this process.
func (t timer) measure() (timing, error) {
	line := timing{Runtime: t.only}
	var library *runtime.Library
	if t.only == session.ONNXRuntime { // loading the library does not count as opening a model
		var err error
		if library, err = runtime.Load(t.library); err != nil {
			return line, err
		}
	}
	start := time.Now()
	data, err := onnx.ReadBytes(t.path)
	if err != nil {
		return line, err
	}
	var m session.Runner
	if library != nil {
		m, err = library.Open(data)
		line.Version = library.Version()
	} else {
		var s *session.Session
		if s, err = session.Load(t.path, data, session.Options{Runtime: t.only}); err == nil {
			m, line.Version = s.Runner(), s.Version
		}
	}
	if err != nil {
		return line, err
	}
	defer m.Close()
	line.SecondsOpen = time.Since(start).Seconds()
	described, err := onnx.Inspect(data)
	if err != nil {
		return line, err
	}
	inputs, side, err := picture(described.Graph, t.side)
	if err != nil {
		return line, err
	}
	line.Side = side
	// The first run does not count, because it prepares what later ones reuse.
	const least, enough = 3, 2 * time.Second
	for i, begin := 0, time.Now(); i <= least || i < 50 && time.Since(begin) < enough; i++ {
		start := time.Now()
		if _, err := m.Run(inputs); err != nil {
			return line, err
		}
		if seconds := time.Since(start).Seconds(); i == 1 || i > 1 && seconds < line.Seconds {
			line.Seconds = seconds
		}
	}
	line.PeakRSSBytes = limit.PeakRSS()
	return line, nil
}

// picture makes random inputs of one picture, with the given side or, if the model accepts only one size,
// with that size.
func picture(g *onnx.Graph, side int) (map[string]onnx.Value, int, error) {
	inputs, found := map[string]onnx.Value{}, 0
	r := random.New(1)
	for _, in := range g.Feeds() {
		shape, n := make([]int, len(in.Dims)), 1
		for i, d := range in.Dims {
			switch {
			case d.Known():
				shape[i] = int(d.Size)
			case i >= 2:
				shape[i] = side
			case i == 1:
				shape[i] = 3
			default:
				shape[i] = 1
			}
			if n *= shape[i]; n < 1 || n > 1<<28 {
				return nil, 0, fmt.Errorf("input %q of shape %s is too large to be timed", in.Name, onnx.FormatDims(in.Dims))
			}
		}
		v := onnx.Value{Shape: shape, Data: make([]float32, n)}
		if len(shape) == 4 {
			found = shape[3]
			r.Normals(v.Data)
		} else {
			r.Uniforms(v.Data)
		}
		inputs[in.Name] = v
	}
	if found == 0 {
		return nil, 0, errors.New("it has no input of images (N,C,H,W): -time takes models of pictures")
	}
	return inputs, found, nil
}
