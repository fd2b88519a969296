package gorgonnx_test

import (
	"fmt"
	"strings"
	"testing"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/onnx/gorgonnx"
	"multiscale/pkg/network"
)

// espcn returns a small network exported with core operations.
func espcn() (*onnx.Model, error) {
	n := network.ESPCN{Channels: 3, Hidden1: 4, Hidden2: 4, Factor: 2}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		return nil, err
	}
	return export.Network(n, 3, params, export.Options{Core: []int{1, 3, 8, 6}})
}

// A model of core operations runs in onnx-go's own backend. The tests of package export check
// the numbers.
func Example() {
	m, err := espcn()
	if err != nil {
		fmt.Println(err)
		return
	}
	stock, err := gorgonnx.New(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := stock.Run(map[string]onnx.Value{"x": {Shape: []int{1, 3, 8, 6}, Data: make([]float32, 3*8*6)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out["y"].Shape)
	// Output: [1 3 16 12]
}

// TestRefuses: models that the backend would compute wrongly, or that would end the program, are refused.
func TestRefuses(t *testing.T) {
	for want, change := range map[string]func(*onnx.Model){
		"opset 17":    func(m *onnx.Model) { m.Opsets[0].Version = 17 },
		"not fixed":   func(m *onnx.Model) { m.Graph.Inputs[0].Dims[2] = onnx.Symbolic("H") },
		"no shape":    func(m *onnx.Model) { m.Graph.Inputs[0].Dims = nil },
		"67108864":    func(m *onnx.Model) { m.Graph.Inputs[0].Dims[2] = onnx.Fixed(1 << 62) },
		`"LeakyRelu"`: func(m *onnx.Model) { m.Graph.Nodes[1].Op = "LeakyRelu" },
	} {
		m, err := espcn()
		if err != nil {
			t.Fatal(err)
		}
		change(m)
		if _, err := gorgonnx.New(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %s", err, want)
		}
	}
	m, err := espcn()
	if err != nil {
		t.Fatal(err)
	}
	stock, err := gorgonnx.New(m)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stock.Run(map[string]onnx.Value{"x": {Shape: []int{1, 3, 8, 8}, Data: make([]float32, 192)}}); err == nil {
		t.Error("another shape is taken")
	}
}
