package export_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/network"
	"multiscale/pkg/weights"
)

// TestWeightsThereAndBack: a network that is converted to safetensors and back is exported as the same model, including
// its metadata, for any number of channels.
func TestWeightsThereAndBack(t *testing.T) {
	n := network.ESPCN{Channels: 1, Hidden1: 4, Hidden2: 4, Factor: 2}
	set, err := network.Parameters(n, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	about := export.Metadata{
		Task: "superresolution", Network: "espcn", Strategy: "mge", Seed: 3, DataDigest: "d", Mean: []float64{0.5}, Std: []float64{0.25},
		Time: "share of noise", Measures: []string{"ssim", "mse"},
	}
	options := export.Options{
		Name: "mine", Doc: "enlarges", Docs: map[string]string{"x": "pictures"},
		Metadata: append(about.Properties(), onnx.Property{Key: "zone", Value: "b"}),
	}
	m, err := export.Network(n, 1, set, options)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	imported, err := export.Import(m, export.Extensions{})
	if err != nil {
		t.Fatal(err)
	}
	tensors, metadata, err := imported.Weights()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := weights.WriteSafetensors(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	described, err := export.WeightsArchitecture(f, export.Extensions{})
	if err != nil || described != network.Network(n) {
		t.Fatalf("it describes %v (%v)", described, err)
	}
	again, err := export.ImportWeights(described, f, export.Extensions{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := export.Network(again.Network, again.Channels, again.Params, again.Options)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := back.Encode(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("another model (%v): %+v", err, back.Metadata)
	}

	// Files of other programs do not have the number of channels.
	f.Metadata = nil
	if i, err := export.ImportWeights(n, f, export.Extensions{}); err != nil || i.Channels != 1 {
		t.Errorf("%+v, %v", i, err)
	}
	for _, channels := range []string{"", "0", "65", "many"} {
		f.Metadata = map[string]string{"channels": channels}
		if _, err := export.ImportWeights(n, f, export.Extensions{}); err == nil || !strings.Contains(err.Error(), "not a number of channels") {
			t.Errorf("%q channels: %v", channels, err)
		}
	}
	imported.Options.Metadata = append(imported.Options.Metadata, onnx.Property{Key: "channels", Value: "2"})
	if _, _, err := imported.Weights(); err == nil || !strings.Contains(err.Error(), `"channels"`) {
		t.Errorf("an entry of the model's metadata is lost: %v", err)
	}
}
