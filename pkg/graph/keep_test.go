package graph_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/graph"
)

// TestKeepOverwritten: a kept value can be read after the run, although a later operation of Gorgonia's
// own could write its result over it.
func TestKeepOverwritten(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithName("x"), gorgonia.WithShape(3),
		gorgonia.WithValue(tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{1, 2, 3}))))
	square := gorgonia.Must(gorgonia.HadamardProd(x, x))
	shared := gorgonia.Must(gorgonia.Reshape(square, tensor.Shape{3, 1})) // the same memory
	gorgonia.Must(gorgonia.HadamardDiv(square, x))
	p, err := graph.Compile(g, new(graph.Arena), shared)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Run(); err != nil {
			t.Fatal(err)
		}
		for i, got := range shared.Value().Data().([]float32) {
			if want := float32((i + 1) * (i + 1)); got != want {
				t.Errorf("element %d: %v, want %v", i, got, want)
			}
		}
	}
}
