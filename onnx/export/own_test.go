package export_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/onnx"
	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/pkg/layer"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// SoftplusOp is a custom operation: log(1+exp(Slope*x)). An Example of pkg/op has it with its gradient.
type SoftplusOp struct {
	op.Base
	Slope float64
}

func Softplus(x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	o := &SoftplusOp{Slope: slope}
	o.Define("Softplus", x.Shape(), func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = float32(math.Log1p(math.Exp(slope * float64(x))))
		}
		return nil
	}, x)
	return op.Apply(o)
}

// writeSoftplus writes SoftplusOp as ONNX operations.
func writeSoftplus(e *export.Emitter, o *SoftplusOp) string {
	scaled := e.Node("Mul", []string{e.Operand(0), e.Floats(nil, float32(o.Slope))})
	return e.Node("Softplus", []string{scaled})
}

// Soft is a custom network that uses SoftplusOp.
type Soft struct{ Hidden int }

func (Soft) Name() string    { return "soft" }
func (Soft) Conditions() int { return 0 }
func (Soft) Scale() int      { return 1 }
func (Soft) Multiple() int   { return 1 }

func (s Soft) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	channels := x.Shape()[1]
	x = b.Conv("open", x, layer.Conv{Out: s.Hidden, Kernel: 3})
	if b.Err() == nil {
		x = b.Add(Softplus(x, 2))
	}
	return b.Conv("close", x, layer.Conv{Out: channels, Kernel: 3})
}

// To export, import and cross-check a custom network with a custom operation, Extensions names the network's
// type and the operation's writer.
func ExampleExtensions() {
	own := export.Extensions{
		Networks: network.Kinds{"soft": Soft{}},
		Writers:  map[string]export.Writer{"Softplus": export.Typed(writeSoftplus)},
	}
	n := Soft{Hidden: 4}
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		log.Fatal(err)
	}
	m, err := export.Network(n, 3, params, export.Options{Extensions: own})
	if err != nil {
		log.Fatal(err)
	}
	for _, node := range m.Graph.Nodes {
		fmt.Println(node.Op, node.Inputs)
	}
	again, err := export.Import(m, own)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", again.Network)
	fmt.Println(agrees(m, own))
	// Output:
	// Conv [x open.weight open.bias]
	// Mul [open/Conv constant]
	// Softplus [Softplus.0/Mul]
	// Conv [Softplus.0/Softplus close.weight close.bias]
	// {Hidden:4}
	// agrees in onnx-go: true
}

func agrees(m *onnx.Model, own export.Extensions) string {
	data, err := m.Encode()
	if err != nil {
		return err.Error()
	}
	report, err := crosscheck.Run(context.Background(), data, crosscheck.Options{Extensions: own})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("agrees in onnx-go: %v", report.MaxAbs(crosscheck.OnnxGo) < 1e-5)
}
