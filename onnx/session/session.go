package session

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/export"
	"multiscale/onnx/native"
	"multiscale/onnx/runtime"
	"multiscale/pkg/pixel"
)

// The runtimes, as flags and reports call them.
const (
	Auto        = "auto"    // the network if it is known, else ONNX Runtime if it is found, else onnx-go
	Network     = "network" // the network from which the model was exported, with the kernels of training
	ONNXRuntime = "onnxruntime"
	OnnxGo      = "onnx-go" // onnx-go's decoder with this project's backend
)

// Runtimes lists the values of Options.Runtime.
func Runtimes() []string { return []string{Auto, Network, ONNXRuntime, OnnxGo} }

// Options select the runtime of a model. The zero value means Auto.
type Options struct {
	Runtime string
	// Library is the path of ONNX Runtime's shared library; empty to search for it. If it is
	// set, Auto means ONNX Runtime.
	Library string
	// Extensions are the program's own networks and operations. Without them, models that use
	// these cannot run as networks.
	Extensions export.Extensions
}

// Session is a model in a runtime. It is not safe for concurrent use.
type Session struct {
	Path string // of the file, for messages
	export.Metadata
	Runtime, Version string // the runtime of the model
	Note             string // why Auto chose onnx-go instead of ONNX Runtime; else empty

	Scale      int // ratio of the result's sides to the picture's
	Multiple   int // the sides of pictures must be multiples of it
	Reach      int // distance, in pixels of the picture, on which a pixel of the result depends; or Unlimited
	Channels   int // of pictures and results
	Conditions int // number of conditions per picture, the input t: 0, 1 (shape (N)), or k (shape (N,k))
	// Height and Width are the only size that the model accepts; 0 for any.
	Height, Width int

	image, time, result string // names of the inputs and the output
	batch               int    // the only batch size; 0 for any
	ours                *backend.Model
	network             *native.Model // nil unless the model runs as a network
	runner              Runner
}

// Runner is a model in any runtime. Inputs and outputs are by name.
type Runner interface {
	Run(map[string]onnx.Value) (map[string]onnx.Value, error)
	Close() error
}

// Open opens an exported model. Errors name the file.
func Open(path string, o Options) (*Session, error) {
	data, err := onnx.ReadBytes(path)
	if err != nil {
		return nil, err
	}
	return Load(path, data, o)
}

// Load opens the bytes of an .onnx file. Errors begin with path.
func Load(path string, data []byte, o Options) (*Session, error) {
	s := &Session{Path: path}
	if err := s.load(data, o); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// load reads the model, determines its properties and chooses the runtime.
func (s *Session) load(data []byte, o Options) error {
	m, err := onnx.Decode(data)
	if err != nil {
		return err
	}
	if s.Metadata, err = export.ReadMetadata(m); err != nil {
		return err
	}
	if err := s.interfaceOf(m.Graph); err != nil {
		return err
	}
	if err := s.checkNormalisation(); err != nil {
		return err
	}
	s.Reach = reach(m.Graph, s.image, s.result)
	if o.Runtime == Network || o.Runtime != OnnxGo && o.Runtime != ONNXRuntime && o.Library == "" {
		if err = s.asNetwork(m, o.Extensions); err == nil || o.Runtime == Network {
			return err
		}
	}
	if s.ours, err = backend.New(m); err != nil {
		return err
	}
	if err := s.measure(); err != nil {
		return err
	}
	return s.start(data, o)
}

// asNetwork makes the model run as the network from which it was exported.
func (s *Session) asNetwork(m *onnx.Model, own export.Extensions) error {
	network, err := native.New(m, own)
	if err != nil {
		return err
	}
	s.network, s.runner, s.Runtime, s.Version = network, network, Network, native.Version()
	s.Scale, s.Multiple = network.Network.Scale(), network.Network.Multiple()
	if s.Height > 0 {
		s.Multiple = 1
	}
	return nil
}

// checkNormalisation refuses a normalisation that does not fit the channels, or that is implausible for pixels in [0,1].
func (s *Session) checkNormalisation() error {
	if n := len(s.Mean); n != 1 && n != s.Channels {
		return fmt.Errorf("its normalisation is of %d channels, its pictures have %d", n, s.Channels)
	}
	for i, mean := range s.Mean {
		if std := s.Std[i]; !(math.Abs(mean) <= 1e3) || !(std >= 1e-3 && std <= 1e3) {
			return fmt.Errorf("its normalisation, mean %v and standard deviation %v, is not one of pixels in [0,1]", s.Mean, s.Std)
		}
	}
	return nil
}

// maxChannels and maxConditions bound the memory that a file can take.
const maxChannels, maxConditions = 64, 64

// interfaceOf finds the inputs, images (N,C,H,W) and optionally numbers (N) or (N,k), and the only output.
func (s *Session) interfaceOf(g *onnx.Graph) error {
	for _, v := range slices.Concat(g.Feeds(), g.Outputs) {
		// Pixels are normalised numbers. The meaning of integers would be unknown.
		if !slices.Contains([]onnx.DataType{onnx.Undefined, onnx.Float32, onnx.Float16, onnx.BFloat16, onnx.Float64}, v.Type) {
			return fmt.Errorf("%q holds %v, want a floating-point type", v.Name, v.Type)
		}
	}
	for _, in := range g.Feeds() {
		switch {
		case len(in.Dims) == 4 && s.image == "":
			s.image = in.Name
			if s.Channels = len(s.Mean); in.Dims[1].Known() {
				s.Channels = int(in.Dims[1].Size)
			}
			if s.Channels < 1 || s.Channels > maxChannels {
				return fmt.Errorf("it takes images of %d channels, want 1 to %d", s.Channels, maxChannels)
			}
			for i, p := range []*int{&s.batch, nil, &s.Height, &s.Width} {
				d := in.Dims[i]
				if p == nil || !d.Known() {
					continue
				}
				if d.Size < 1 || d.Size > maxSide {
					return fmt.Errorf("input %q of shape %s is not one of images", in.Name, onnx.FormatDims(in.Dims))
				}
				*p = int(d.Size)
			}
		case len(in.Dims) == 1 && s.time == "":
			s.time, s.Conditions = in.Name, 1
		case len(in.Dims) == 2 && s.time == "" && in.Dims[1].Known() && in.Dims[1].Size > 1 && in.Dims[1].Size <= maxConditions:
			s.time, s.Conditions = in.Name, int(in.Dims[1].Size)
		default:
			return fmt.Errorf("input %q of shape %s is neither images (N,C,H,W) nor numbers (N) or (N,k)", in.Name, onnx.FormatDims(in.Dims))
		}
	}
	if s.image == "" {
		return errors.New("it has no input of images (N,C,H,W)")
	}
	if (s.Height == 0) != (s.Width == 0) {
		return errors.New("it fixes one side of its images but not the other")
	}
	if len(g.Outputs) != 1 {
		return fmt.Errorf("it has %d outputs, want one", len(g.Outputs))
	}
	s.result = g.Outputs[0].Name
	return nil
}

// maxSide bounds sizes in files, far below an overflow.
const maxSide = 1 << 15

// start chooses the runtime of a model that does not run as a network.
func (s *Session) start(data []byte, o Options) error {
	if o.Runtime != OnnxGo {
		library, err := runtime.Load(o.Library)
		switch {
		case err == nil:
			if s.runner, err = library.Open(data); err != nil {
				return err
			}
			s.Runtime, s.Version = ONNXRuntime, library.Version()
			return nil
		case o.Runtime == ONNXRuntime || o.Library != "" || !errors.Is(err, runtime.ErrUnavailable):
			return err
		}
		s.Note = err.Error()
	}
	s.runner, s.Runtime, s.Version = s.ours, OnnxGo, backend.Version()
	return nil
}

// Runner returns the model in its runtime.
func (s *Session) Runner() Runner { return s.runner }

// Close frees the runtime's memory.
func (s *Session) Close() error { return s.runner.Close() }

// Pixels returns the normalisation of pixels in [0,1] for the model.
func (s *Session) Pixels() pixel.Scale { return pixel.Scale{Mean: s.Mean, Std: s.Std} }

// Apply computes the model's result for normalised pictures x (N,C,H,W) and, if the model has conditions, t (N) or
// (N,Conditions). It writes the result to y (N,C,Scale*H,Scale*W). With Apply, a Session is a task.Restorer. When ctx is
// done, Apply returns before the next run of the model, but does not interrupt a run.
func (s *Session) Apply(ctx context.Context, y []float32, x pixel.Images, t []float32) error {
	per := x.N
	if s.batch > 0 {
		per = s.batch
	}
	if x.C != s.Channels {
		return fmt.Errorf("%s: it takes pictures of %d channels, not %d", s.Path, s.Channels, x.C)
	}
	if len(t) < s.Conditions*x.N {
		return fmt.Errorf("%s: it takes %d numbers beside each picture, %d are given for %d", s.Path, s.Conditions, len(t), x.N)
	}
	if x.N < 1 || x.N%per != 0 {
		return fmt.Errorf("%s: it takes batches of %d pictures, not %d", s.Path, per, x.N)
	}
	for i := 0; i < x.N; i += per {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := x.Slice(i, i+per)
		inputs := map[string]onnx.Value{s.image: {Shape: []int{per, x.C, x.H, x.W}, Data: part.Data}}
		if k := s.Conditions; k > 0 {
			inputs[s.time] = onnx.Value{Shape: s.conditions(per), Data: t[i*k : (i+per)*k]}
		}
		if err := s.run(y[len(y)/x.N*i:][:len(y)/x.N*per], inputs); err != nil {
			return fmt.Errorf("%s: pictures of %dx%d pixels: %w", s.Path, x.W, x.H, err)
		}
	}
	return nil
}

// conditions returns the shape of t for n pictures.
func (s *Session) conditions(n int) []int {
	if s.Conditions == 1 {
		return []int{n}
	}
	return []int{n, s.Conditions}
}

// run runs the model once and copies its result, which must be finite, to y.
func (s *Session) run(y []float32, inputs map[string]onnx.Value) error {
	out, err := s.runner.Run(inputs)
	if err != nil {
		return err
	}
	got := out[s.result]
	if len(got.Data) != len(y) {
		return fmt.Errorf("the result has the shape %v", got.Shape)
	}
	for _, v := range got.Data {
		if v-v != 0 { // NaN or infinite
			return fmt.Errorf("the result contains %v; the model cannot be used", v)
		}
	}
	copy(y, got.Data)
	return nil
}

// Memory returns approximately the number of bytes that the model needs for one picture of h by w pixels (for a fixed batch,
// the whole batch), without weights, picture and result. It returns an error for sides that the model does not accept.
func (s *Session) Memory(h, w int) (int64, error) {
	if s.network != nil {
		bytes, err := s.network.Memory(max(1, s.batch), h, w)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", s.Path, err)
		}
		return bytes, nil
	}
	f, err := s.footprint(h, w)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.Path, err)
	}
	return f.Bytes, nil
}

func (s *Session) footprint(h, w int) (backend.Footprint, error) {
	n := max(1, s.batch)
	shapes := map[string][]int{s.image: {n, s.Channels, h, w}}
	if s.Conditions > 0 {
		shapes[s.time] = s.conditions(n)
	}
	return s.ours.Footprint(shapes)
}

// maxMultiple is the largest Multiple that is tried.
const maxMultiple = 64

// measure determines Scale and Multiple.
func (s *Session) measure() error {
	h, w := s.Height, s.Width
	s.Multiple = 1
	if h > 0 {
		return s.tryScale(h, w)
	}
	var first error
	for ; s.Multiple <= maxMultiple; s.Multiple *= 2 {
		// Both sides are multiples of s.Multiple, but not both of twice s.Multiple.
		err := s.tryScale(maxMultiple+s.Multiple, 2*maxMultiple+s.Multiple)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return fmt.Errorf("it accepts no size that was tried: %w", first)
}

// tryScale sets Scale if the model accepts pictures of this size.
func (s *Session) tryScale(h, w int) error {
	f, err := s.footprint(h, w)
	if err != nil {
		return err
	}
	y := f.Outputs[s.result]
	if len(y) != 4 || y[1] != s.Channels || y[2] < h || y[2]%h != 0 || y[3] != y[2]/h*w || y[2]/h > maxScale {
		return fmt.Errorf("a picture of %dx%d pixels gives a result of shape (%s)", w, h, strings.Trim(fmt.Sprint(y), "[]"))
	}
	s.Scale = y[2] / h
	return nil
}

// maxScale bounds the enlargement.
const maxScale = 8
