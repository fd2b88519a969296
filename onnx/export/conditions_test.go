package export_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/onnx/session"
	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// conditioned is a network with several conditions per image.
type conditioned struct{ Numbers int }

func (conditioned) Name() string      { return "conditioned" }
func (c conditioned) Conditions() int { return c.Numbers }
func (conditioned) Scale() int        { return 1 }
func (conditioned) Multiple() int     { return 1 }

func (c conditioned) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	channels := x.Shape()[1]
	x = b.Conv("open", x, layer.Conv{Out: 4, Kernel: 3})
	shift := b.Linear("shift", t, 4)
	if b.Err() == nil {
		x = b.Add(op.AddChannel(x, shift))
	}
	return b.Conv("close", x, layer.Conv{Out: channels, Kernel: 3})
}

// TestConditions trains, exports, imports and cross-checks a network with two conditions per picture of four
// channels, and runs it as a session. It does the same with a network from which the conditions are hidden.
func TestConditions(t *testing.T) {
	for _, n := range []network.Network{conditioned{2}, network.Blind{Body: conditioned{2}}} {
		t.Run(fmt.Sprintf("%T", n), func(t *testing.T) { testConditions(t, n) })
	}
}

func testConditions(t *testing.T, n network.Network) {
	const channels, k, side = 4, 2, 8
	own := export.Extensions{Networks: network.Kinds{"conditioned": conditioned{}}}
	set, err := network.Parameters(n, channels, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := model.New(n, set, op.MSE)
	b := mesh.Batch{Input: pixel.NewImages(3, channels, side, side), Target: pixel.NewImages(3, channels, side, side), T: make([]float32, 3*k), Samples: make([]uint64, 3)}
	r := random.New(1)
	r.Normals(b.Input.Data)
	r.Normals(b.T)
	gradient := make([]float32, set.Len())
	if _, err := m.AddGradient(t.Context(), gradient, b, 1); err != nil {
		t.Fatal(err)
	}
	if effect := slices.Max(set.Param("shift.weight").Slice(gradient)) != 0; effect != (n.Conditions() == k) {
		t.Errorf("of %d numbers it is %v that they have an effect", n.Conditions(), effect)
	}
	mean, std := []float64{0, 0, 0, 0}, []float64{1, 1, 1, 1}
	about := export.Metadata{Task: "own", Network: n.Name(), Mean: mean, Std: std}
	file, err := export.Network(n, channels, set, export.Options{Extensions: own, Metadata: about.Properties()})
	if err != nil {
		t.Fatal(err)
	}
	data, err := file.Encode()
	if err != nil {
		t.Fatal(err)
	}
	report, err := crosscheck.Run(t.Context(), data, crosscheck.Options{Extensions: own})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range report.Rows {
		if row.Exceeds(tolerance) {
			t.Errorf("%+v", row)
		}
	}
	path := filepath.Join(t.TempDir(), "conditioned.onnx")
	if err := file.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, len(b.Input.Data))
	if err := m.Apply(t.Context(), want, b.Input, b.T); err != nil {
		t.Fatal(err)
	}
	for _, runtime := range []string{session.Network, session.OnnxGo} {
		s, err := session.Open(path, session.Options{Runtime: runtime, Extensions: own})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Channels != channels || s.Conditions != n.Conditions() {
			t.Errorf("%s: %d channels, %d conditions", runtime, s.Channels, s.Conditions)
		}
		got := make([]float32, len(want))
		if err := s.Apply(t.Context(), got, b.Input, b.T); err != nil {
			t.Fatal(err)
		}
		for i, v := range got {
			if d := v - want[i]; d > tolerance || d < -tolerance {
				t.Fatalf("%s: element %d is %v, want %v", runtime, i, v, want[i])
			}
		}
	}
}
