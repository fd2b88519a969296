package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/backend"
	"multiscale/onnx/export"
	"multiscale/onnx/native"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/weights"
)

// The networks for which testdata has weights that PyTorch drew and saved, and PyTorch's outputs for some pictures.
const (
	resnet = `{"resnet":{"Out":3,"Hidden":4,"Blocks":1,"Time":true}}`
	unet   = `{"unet":{"Out":3,"Base":2,"Multipliers":[1,2],"Blocks":1,"Heads":1,"Groups":1}}`
)

// tolerance for outputs of order 1: PyTorch and this project add in different orders.
const tolerance = 1e-5

// TestPyTorch: weights that PyTorch saved give PyTorch's outputs in every form to which they are converted.
func TestPyTorch(t *testing.T) {
	for _, c := range []struct{ file, network string }{{"resnet", resnet}, {"resnet", "resnet:hidden=4,blocks=1"}, {"unet", unet}} {
		t.Run(c.file, func(t *testing.T) {
			dir := t.TempDir()
			first, second, third := filepath.Join(dir, "a.onnx"), filepath.Join(dir, "b.safetensors"), filepath.Join(dir, "c.onnx")
			for _, args := range [][]string{
				{"-network", c.network, filepath.Join("testdata", c.file+".pth"), first},
				{"-network", c.network, filepath.Join("testdata", c.file+".pth"), second},
				{second, third}, // the safetensors file describes its network
			} {
				var stdout, stderr bytes.Buffer
				if code := invoke(args, &stdout, &stderr); code != 0 {
					t.Fatalf("convert %v: exit %d: %s", args, code, stderr.String())
				}
			}
			same(t, first, third)
			outputs, err := weights.Read(filepath.Join("testdata", c.file+"-outputs.safetensors"))
			if err != nil {
				t.Fatal(err)
			}
			want := value(t, outputs.Tensors["y"])
			m, err := onnx.ReadFile(first)
			if err != nil {
				t.Fatal(err)
			}
			network, err := native.New(m, export.Extensions{})
			if err != nil {
				t.Fatal(err)
			}
			independent, err := backend.New(m)
			if err != nil {
				t.Fatal(err)
			}
			for name, run := range map[string]func(map[string]onnx.Value) (map[string]onnx.Value, error){"network": network.Run, "onnx-go": independent.Run} {
				out, err := run(map[string]onnx.Value{"x": value(t, outputs.Tensors["x"]), "t": value(t, outputs.Tensors["t"])})
				if err != nil {
					t.Fatal(err)
				}
				if d, err := onnx.Difference(out[export.Output], want); err != nil || !(d <= tolerance) {
					t.Errorf("%s differs from PyTorch by %g (%v)", name, d, err)
				}
			}
		})
	}
}

func value(t *testing.T, tensor weights.Tensor) onnx.Value {
	t.Helper()
	data, err := tensor.Floats()
	if err != nil {
		t.Fatal(err)
	}
	return onnx.Value{Shape: tensor.Shape, Data: data}
}

func same(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	if y, err := os.ReadFile(b); err != nil || !bytes.Equal(x, y) {
		t.Errorf("%s and %s differ (%v)", filepath.Base(a), filepath.Base(b), err)
	}
}

// TestThereAndBack: a model that is converted to safetensors and back has the same bytes, including its metadata. A copied
// safetensors file keeps its tensors.
func TestThereAndBack(t *testing.T) {
	dir := t.TempDir()
	model := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Signed("superresolution")))
	plain, copied, back := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "b.SAFETENSORS"), filepath.Join(dir, "c.onnx")
	for _, args := range [][]string{{model, plain}, {plain, copied}, {"-network", "espcn", copied, back}} {
		var stdout, stderr bytes.Buffer
		if code := invoke(args, &stdout, &stderr); code != 0 {
			t.Fatalf("convert %v: exit %d: %s", args, code, stderr.String())
		}
	}
	same(t, model, back)
}

// TestWeightsErrors covers exit codes and messages of conversions of weights.
func TestWeightsErrors(t *testing.T) {
	dir := t.TempDir()
	out, network := filepath.Join(dir, "out.onnx"), filepath.Join("testdata", "resnet.pth")
	foreign := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	model := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Signed("superresolution")))
	cut := filepath.Join(dir, "cut.pth")
	data, err := os.ReadFile(network)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	nan := filepath.Join(dir, "nan.safetensors")
	f, err := weights.Read(network)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []weights.Named
	for _, name := range f.Names() {
		tensors = append(tensors, weights.Named{Name: name, Tensor: f.Tensors[name]})
	}
	if tensors[0].Tensor, err = weights.NewTensor([]int{3}, []float32{0, float32(math.NaN()), 0}); err != nil {
		t.Fatal(err)
	}
	if err := weights.WriteSafetensors(nan, tensors, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{network, filepath.Join(dir, "out.pth")}, 2, ".pth is read, not written"},
		{[]string{"-ops", "full", network, filepath.Join(dir, "out.safetensors")}, 2, "no operations"},
		{[]string{"-task", "denoising", network, out}, 2, "go together"},
		{[]string{"-task", "denoising", "-mean", "x", "-std", "1", network, out}, 2, "not a number"},
		{[]string{network, out}, 1, "fit none of the networks unet, resnet, nafnet, dncnn, folded, srnet, espcn, edsr"},
		{[]string{"-network", "resnet", network, out}, 1, "10 missing (blocks.1.te.fc1.weight"},
		{[]string{"-network", "resnet", network, out}, 1, "of another shape (Open.weight is [4 3 1 1] instead of [128 3 1 1]"},
		{[]string{"-network", "resnet:hiden=4", network, out}, 1, `no option "hiden"; resnet has hidden=128`},
		{[]string{"-network", "espcn:hidden1=4", model, out}, 1, "it holds the network espcn"},
		{[]string{"-network", "unet", network, out}, 1, "14 unexpected (Close.bias, Close.weight, Open.bias, Open.weight and 10 more)"},
		{[]string{"-network", "none", network, out}, 1, "-network none"},
		{[]string{"-network", `{"resnet":`, network, out}, 1, "-network"},
		{[]string{"-network", "resnet", model, out}, 1, "it holds the network espcn"},
		{[]string{"-task", "denoising", "-mean", "0", "-std", "1", model, out}, 1, "says itself"},
		{[]string{"-network", resnet, nan, out}, 1, "tensor Close.bias: it holds NaN"},
		{[]string{foreign, out}, 1, "-network names it"},
		{[]string{"-network", "resnet", foreign, out}, 1, `no weights "Open.weight"`},
		{[]string{"-network", "resnet", cut, out}, 1, "cut short"},
		{[]string{"-network", "resnet", filepath.Join(dir, "none.pth"), out}, 1, "none.pth"},
		{[]string{"-network", resnet, network, filepath.Join(dir, "none", "out.onnx")}, 1, "create it first"},
	} {
		var stdout, stderr bytes.Buffer
		code := invoke(c.args, &stdout, &stderr)
		text := stderr.String()
		if code != c.code || !strings.Contains(text, c.want) || strings.Count(text, "\n") > 3 {
			t.Errorf("convert %v: exit %d, want %d and %q in\n%s", c.args, code, c.code, c.want, text)
		}
	}
	if entries, err := filepath.Glob(filepath.Join(dir, "out*")); err != nil || entries != nil {
		t.Errorf("a failed conversion wrote %v (%v)", entries, err)
	}
}

// TestTask: restore and evaluate read the metadata that the command line adds to other programs' weights.
func TestTask(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.onnx")
	args := []string{"-network", resnet, "-task", "denoising", "-mean", "0.5,0.25,0.5", "-std", "0.5,0.5,0.25", filepath.Join("testdata", "resnet.pth"), out}
	var stdout, stderr bytes.Buffer
	if code := invoke(args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr.String())
	}
	m, err := onnx.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	about, err := export.ReadMetadata(m)
	if err != nil || about.Task != "denoising" || about.Network != "resnet" || about.Mean[1] != 0.25 || about.Std[2] != 0.25 {
		t.Errorf("%+v, %v", about, err)
	}
}
