package session_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

func load(t *testing.T, data []byte, runtime string) *session.Session {
	t.Helper()
	s, err := session.Load("small.onnx", data, session.Options{Runtime: runtime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func noise(h, w int) pixel.Images {
	x := pixel.NewImages(2, 3, h, w)
	r := random.New(1)
	r.Normals(x.Data)
	return x
}

// TestNetworks: a session determines the properties of each kind of network, and all
// runtimes give the results of this project's backend.
func TestNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		network                network.Network
		task                   string
		scale, multiple, reach int
	}{
		"resnet": {sessiontest.ResNet, "denoising", 1, 1, session.Unlimited},
		"unet":   {sessiontest.UNet, "denoising", 1, 4, session.Unlimited},
		"espcn":  {sessiontest.ESPCN, "superresolution", 2, 1, 2 + 1 + 1},
		"srnet":  {sessiontest.SRNet, "superresolution", 2, 1, session.Unlimited},
	} {
		t.Run(name, func(t *testing.T) {
			data := sessiontest.Network(t, c.network, sessiontest.Signed(c.task))
			x := noise(4*3, 4*5)
			var want []float32
			for _, runtime := range []string{session.OnnxGo, session.Network, session.Auto} {
				s := load(t, data, runtime)
				if s.Scale != c.scale || s.Multiple != c.multiple || s.Reach != c.reach || s.Conditions != c.network.Conditions() || s.Channels != 3 || s.Task != c.task {
					t.Errorf("scale %d, multiple %d, reach %d, conditions %d, task %q", s.Scale, s.Multiple, s.Reach, s.Conditions, s.Task)
				}
				y := make([]float32, len(x.Data)*c.scale*c.scale)
				if err := s.Apply(t.Context(), y, x, []float32{0.3, 0.9}); err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = y
				}
				for i, v := range y {
					// The tolerance of cross-checks.
					if d := math.Abs(float64(v - want[i])); !(d <= 1e-4*max(1, math.Abs(float64(v)))) {
						t.Fatalf("element %d: %v in %s, %v in onnx-go", i, v, s.Runtime, want[i])
					}
				}
				small, err := s.Memory(32, 32)
				if err != nil {
					t.Fatal(err)
				}
				if large, err := s.Memory(64, 64); err != nil || large < 3*small || small < 32*32*3*4 {
					t.Errorf("%s: %d bytes for side 32, %d for 64 (%v)", s.Runtime, small, large, err)
				}
			}
		})
	}
	if _, err := session.Load("smooth.onnx", sessiontest.Smooth(t), session.Options{Runtime: session.Network}); !errors.Is(err, export.ErrForeign) {
		t.Errorf("a model of other origin is taken for a network: %v", err)
	}
}

// TestReach follows pictures through graphs made by hand.
func TestReach(t *testing.T) {
	n, h, w := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	pool := func(in, out string, kernel, pad, stride int64) *onnx.Node {
		return &onnx.Node{Op: "AveragePool", Inputs: []string{in}, Outputs: []string{out}, Attributes: []*onnx.Attribute{
			export.Attribute("kernel_shape", []int64{kernel, kernel}), export.Attribute("pads", []int64{pad, pad, pad, pad}), export.Attribute("strides", []int64{stride, stride})}}
	}
	double := &onnx.Node{Op: "Resize", Inputs: []string{"c", "", "twice"}, Outputs: []string{"y"}, Attributes: []*onnx.Attribute{
		export.Attribute("mode", "nearest"), export.Attribute("coordinate_transformation_mode", "asymmetric"), export.Attribute("nearest_mode", "floor")}}
	for name, c := range map[string]struct {
		nodes           []*onnx.Node
		reach, multiple int
	}{
		"windows add up":           {[]*onnx.Node{pool("x", "a", 3, 1, 1), pool("a", "y", 5, 2, 1)}, 3, 1},
		"the longer way counts":    {[]*onnx.Node{pool("x", "a", 3, 1, 1), pool("a", "b", 3, 1, 1), {Op: "Add", Inputs: []string{"b", "x"}, Outputs: []string{"y"}}}, 2, 1},
		"coarse pixels are larger": {[]*onnx.Node{pool("x", "a", 2, 0, 2), pool("a", "c", 3, 1, 1), double}, 1 + 2 + 2, 2},
		"t has no pixels":          {[]*onnx.Node{{Op: "Reshape", Inputs: []string{"t", "column"}, Outputs: []string{"a"}}, {Op: "Mul", Inputs: []string{"x", "a"}, Outputs: []string{"y"}}}, 0, 1},
		"softmax sees all":         {[]*onnx.Node{{Op: "Softmax", Inputs: []string{"x"}, Outputs: []string{"y"}}}, session.Unlimited, 1},
		"means see all":            {[]*onnx.Node{{Op: "GlobalAveragePool", Inputs: []string{"x"}, Outputs: []string{"a"}}, {Op: "Sub", Inputs: []string{"x", "a"}, Outputs: []string{"y"}}}, session.Unlimited, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m := sessiontest.Model(sessiontest.Signed("denoising"), c.nodes, n, h, w)
			m.Graph.Initializers = append(m.Graph.Initializers, onnx.NewFloats("twice", []int64{4}, []float32{1, 1, 2, 2}))
			s := load(t, sessiontest.Encode(t, m), session.OnnxGo)
			if s.Reach != c.reach || s.Multiple != c.multiple {
				t.Errorf("reach %d, want %d; multiple %d, want %d", s.Reach, c.reach, s.Multiple, c.multiple)
			}
		})
	}
}

func TestFixedSize(t *testing.T) {
	nodes := []*onnx.Node{{Op: "Tanh", Inputs: []string{"x"}, Outputs: []string{"y"}}}
	s := load(t, sessiontest.Encode(t, sessiontest.Model(sessiontest.Signed("denoising"), nodes, onnx.Fixed(1), onnx.Fixed(8), onnx.Fixed(12))), session.Auto)
	if s.Height != 8 || s.Width != 12 || s.Scale != 1 {
		t.Errorf("%dx%d, scale %d", s.Width, s.Height, s.Scale)
	}
	x := noise(8, 12) // two pictures, one at a time
	y := make([]float32, len(x.Data))
	if err := s.Apply(t.Context(), y, x, []float32{0, 0}); err != nil {
		t.Fatal(err)
	}
	if last := len(y) - 1; math.Abs(float64(y[last])-math.Tanh(float64(x.Data[last]))) > 1e-5 {
		t.Errorf("tanh(%v) = %v", x.Data[last], y[last])
	}
}

// TestErrors: unusable models are refused with one line that names the file and the
// reason.
func TestErrors(t *testing.T) {
	n, h, w := onnx.Symbolic("N"), onnx.Symbolic("H"), onnx.Symbolic("W")
	same := []*onnx.Node{{Op: "Tanh", Inputs: []string{"x"}, Outputs: []string{"y"}}}
	model := func(change func(*onnx.Model)) []byte {
		m := sessiontest.Model(sessiontest.Signed("denoising"), same, n, h, w)
		change(m)
		return sessiontest.Encode(t, m)
	}
	about := func(change func(*export.Metadata)) []byte {
		return model(func(m *onnx.Model) {
			d := sessiontest.Signed("denoising")
			change(&d)
			m.Metadata = d.Properties()
		})
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"garbage":       {[]byte("this is no model"), ""},
		"cut":           {sessiontest.Smooth(t)[:100], ""},
		"no metadata":   {model(func(m *onnx.Model) { m.Metadata = nil }), "metadata"},
		"normalisation": {about(func(d *export.Metadata) { d.Std = []float64{0, 1, 1} }), "normalisation"},
		"two channels":  {about(func(d *export.Metadata) { d.Mean, d.Std = []float64{0, 0}, []float64{1, 1} }), "2 channels"},
		"not a number":  {about(func(d *export.Metadata) { d.Mean[0] = math.NaN() }), "normalisation"},
		"grey": {model(func(m *onnx.Model) {
			m.Graph.Inputs[0].Dims = []onnx.Dim{n, onnx.Fixed(1), h, w}
		}), "its pictures have 1"},
		"bytes": {model(func(m *onnx.Model) {
			m.Graph.Inputs[0].Type = onnx.Uint8
		}), "\"x\" holds uint8, want a floating-point type"},
		"half fixed": {model(func(m *onnx.Model) {
			m.Graph.Inputs[0].Dims = []onnx.Dim{n, onnx.Fixed(3), onnx.Fixed(8), w}
		}), "one side"},
		"no image": {model(func(m *onnx.Model) {
			m.Graph.Inputs = m.Graph.Inputs[1:]
			m.Graph.Nodes = []*onnx.Node{{Op: "Tanh", Inputs: []string{"t"}, Outputs: []string{"y"}}}
		}), "no input of images"},
		"no shape": {model(func(m *onnx.Model) {
			m.Graph.Nodes = []*onnx.Node{{Op: "GlobalAveragePool", Inputs: []string{"x"}, Outputs: []string{"y"}}}
		}), "no size that was tried"},
		"operation": {model(func(m *onnx.Model) {
			m.Graph.Nodes = []*onnx.Node{{Op: "Magic", Inputs: []string{"x"}, Outputs: []string{"y"}}}
		}), "Magic"},
		"two outputs": {model(func(m *onnx.Model) {
			m.Graph.Outputs = append(m.Graph.Outputs, &onnx.ValueInfo{Name: "x", Type: onnx.Float32})
		}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := session.Load("some.onnx", c.data, session.Options{Runtime: session.OnnxGo})
			if err == nil || !strings.HasPrefix(err.Error(), "some.onnx: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := session.Open("none.onnx", session.Options{}); err == nil || !strings.Contains(err.Error(), "none.onnx") {
		t.Errorf("no file: %v", err)
	}
	if _, err := session.Load("some.onnx", sessiontest.Smooth(t), session.Options{Library: "none.so"}); err == nil || !strings.Contains(err.Error(), "none.so") {
		t.Errorf("no library: %v", err)
	}
}

// TestAnswers: a model that divides by t has no finite result for t = 0, which is an error.
func TestAnswers(t *testing.T) {
	s := load(t, sessiontest.Smooth(t), session.Auto)
	x := noise(4, 4)
	y := make([]float32, len(x.Data))
	if err := s.Apply(t.Context(), y, x, []float32{1, 0}); err == nil || !strings.Contains(err.Error(), "Inf") {
		t.Errorf("infinite: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Apply(ctx, y, x, []float32{1, 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
