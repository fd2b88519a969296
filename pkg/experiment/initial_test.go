package experiment_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/experiment"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/setting"
	"multiscale/pkg/weights"
)

// narrowWeights writes a network that is not the paper's as an ONNX model and as a safetensors file.
func narrowWeights(t *testing.T) (model, file string) {
	t.Helper()
	model = sessiontest.File(t, "narrow.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")))
	m, err := onnx.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	i, err := export.Import(m, export.Extensions{})
	if err != nil {
		t.Fatal(err)
	}
	tensors, metadata, err := i.Weights()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "narrow.safetensors")
	if err := weights.WriteSafetensors(file, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return model, file
}

// TestInitNotFinite: the error for a NaN among the weights names their file.
func TestInitNotFinite(t *testing.T) {
	n := network.NewResNet()
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	params.Update(func(values []float32) { values[len(values)-1] = float32(math.NaN()) })
	m, err := export.Network(n, 3, params, export.Options{Metadata: sessiontest.Signed("denoising").Properties()})
	if err != nil {
		t.Fatal(err)
	}
	file := sessiontest.File(t, "diverged.onnx", sessiontest.Encode(t, m))
	if _, err := experiment.ReadWeights(file, n, 3); err == nil || !strings.Contains(err.Error(), "-init "+file) || !strings.Contains(err.Error(), "is NaN") {
		t.Error(err)
	}
}

// TestInitWeights: a run from a safetensors file is the same as the run from the model of which the file was made,
// including the options of the network.
func TestInitWeights(t *testing.T) {
	var histories [][]byte
	model, file := narrowWeights(t)
	for _, path := range []string{model, file} {
		out := t.TempDir()
		if _, err := run(t.Context(), t, out, "-init", path, "-side", "16", "-levels", "1", "-batch", "2", "-iterations", "1", "-strategy", "mge"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(out, "history.csv"))
		if err != nil {
			t.Fatal(err)
		}
		histories = append(histories, data)
	}
	if !slices.Equal(histories[0], histories[1]) {
		t.Errorf("other histories:\n%s\n%s", histories[0], histories[1])
	}
}

// TestReadWeights reads weights that PyTorch saved, and says why those of another network do not fit.
func TestReadWeights(t *testing.T) {
	path := filepath.Join("..", "..", "onnx", "convert", "testdata", "unet.pth")
	n := network.UNet{Out: 3, Base: 2, Multipliers: []int{1, 2}, Blocks: 1, Heads: 1, Groups: 1}
	w, err := experiment.ReadWeights(path, n, 3)
	if err != nil {
		t.Fatal(err)
	}
	m, err := experiment.NewModel(n, 3, 1, w, nil, setting.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params.Params() {
		want, err := f.Tensors["module."+p.Name].Floats()
		if err != nil || !slices.Equal(p.Values(), want) {
			t.Errorf("%s is not what the file holds (%v)", p.Name, err)
		}
	}
	for name, c := range map[string]struct {
		path string
		n    network.Network
		want string
	}{
		"another width":   {path, network.NewUNet(), "of another shape (time_embed.0.weight is [8 2] instead of [128 32]"},
		"another network": {path, network.NewResNet(), "24 missing (Open.weight"},
		"none":            {"none.pt", n, "none.pt"},
	} {
		if _, err := experiment.ReadWeights(c.path, c.n, 3); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "-init "+c.path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInitGrey: a network for grey pictures that starts from one for colours returns the mean over channels of what that
// network returns for three equal channels. Networks whose inner layers depend on the channels are errors.
func TestInitGrey(t *testing.T) {
	for _, n := range []network.Network{network.Folded{Widths: []int{4, 6}, Blocks: 1}, network.DnCNN{Width: 6, Layers: 3, Groups: 2}} {
		params, err := network.Parameters(n, 3, 2)
		if err != nil {
			t.Fatal(err)
		}
		params.Update(func(values []float32) { // also of layers that start at zero
			r := random.New(3)
			for i := range values {
				values[i] = 0.2 * float32(r.Normal())
			}
		})
		m, err := export.Network(n, 3, params, export.Options{Metadata: sessiontest.Signed("denoising").Properties()})
		if err != nil {
			t.Fatal(err)
		}
		file := sessiontest.File(t, "colour.onnx", sessiontest.Encode(t, m))
		x, r := [2]pixel.Images{pixel.NewImages(1, 1, 8, 12), pixel.NewImages(1, 3, 8, 12)}, random.New(4)
		plane := x[0].Plane()
		for i := range plane {
			x[0].Data[i] = float32(r.Normal())
			for c := range 3 {
				x[1].Data[c*plane+i] = x[0].Data[i]
			}
		}
		var y [2][]float32
		for i, channels := range []int{1, 3} {
			w, err := experiment.ReadWeights(file, n, channels)
			if err != nil {
				t.Fatal(err)
			}
			m, err := experiment.NewModel(n, channels, 1, w, nil, setting.Config{})
			if err != nil {
				t.Fatal(err)
			}
			y[i] = make([]float32, len(x[i].Data))
			if err := m.Apply(t.Context(), y[i], x[i], make([]float32, n.Conditions())); err != nil {
				t.Fatal(err)
			}
		}
		for i, got := range y[0] {
			want := (y[1][i] + y[1][plane+i] + y[1][2*plane+i]) / 3
			if math.Abs(float64(got-want)) > 1e-5*(1+math.Abs(float64(want))) {
				t.Fatalf("%s: pixel %d is %v, want %v", n.Name(), i, got, want)
			}
		}
	}
	model, _ := narrowWeights(t)
	if _, err := experiment.ReadWeights(model, network.NewResNet(), 1); err == nil || !strings.Contains(err.Error(), "-init "+model) {
		t.Error(err)
	}
}

// TestInitNetwork: a run prints the network whose options come from -init, even if -network states the usual options.
func TestInitNetwork(t *testing.T) {
	args := []string{"-side", "16", "-levels", "1", "-batch", "2", "-iterations", "2", "-strategy", "mge", "-validation-pictures", "2"}
	first := t.TempDir()
	if printed, err := run(t.Context(), t, first, append([]string{"-network", "resnet:hidden=8,blocks=1"}, args...)...); err != nil || strings.Contains(printed, "-init holds") {
		t.Fatalf("%v\n%s", err, printed)
	}
	for _, network := range []string{"resnet", "resnet:hidden=128"} {
		printed, err := run(t.Context(), t, t.TempDir(), append([]string{"-network", network, "-init", filepath.Join(first, "mge-seed1.onnx")}, args...)...)
		if want := "the network is resnet:hidden=8,blocks=1, which -init holds\n"; err != nil || strings.Count(printed, want) != 1 {
			t.Errorf("%s: %v, no %q in\n%s", network, err, want, printed)
		}
	}
}
