package gorgonnx

import (
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/export"
	"multiscale/pkg/distinct"
	"multiscale/pkg/network"
)

// TestLoad: if a model is loaded again, its graph has the same size and other names of inputs.
// New relies on this to keep nodes apart.
func TestLoad(t *testing.T) {
	n := network.ESPCN{Channels: 3, Hidden1: 4, Hidden2: 4, Factor: 2}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, err := export.Network(n, 3, params, export.Options{Core: []int{1, 3, 8, 6}})
	if err != nil {
		t.Fatal(err)
	}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	var nodes int
	for i := range 3 {
		_, g, err := load(m, data)
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Inputs()) == 0 {
			t.Error("no inputs")
		}
		for _, in := range g.Inputs() {
			if other, ok := seen[in.Name()]; ok {
				t.Errorf("%s is in graphs %d and %d", in.Name(), other, i)
			}
			seen[in.Name()] = i
		}
		if i > 0 && len(g.AllNodes()) != nodes {
			t.Errorf("%d nodes, then %d", nodes, len(g.AllNodes()))
		}
		nodes = len(g.AllNodes())
	}
	made, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	var g *gorgonia.ExprGraph
	if g, err = made.backend.GetExprGraph(); err != nil {
		t.Fatal(err)
	}
	if err := distinct.Check(g); err != nil {
		t.Error(err)
	}
}
