package op_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/op"
	"multiscale/pkg/op/optest"
)

// SoftplusOp is an example of a user's own operation: log(1+exp(Slope*x))/Slope of every element.
type SoftplusOp struct {
	op.Base
	Slope float64
}

// Softplus adds the operation to x's graph.
func Softplus(x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	o := &SoftplusOp{Slope: slope}
	o.Define("Softplus", x.Shape(), func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = float32(math.Log1p(math.Exp(slope*float64(x))) / slope)
		}
		return nil
	}, x)
	return op.Apply(o)
}

// SymDiff adds its gradient, grad/(1+exp(-Slope*x)).
func (o *SoftplusOp) SymDiff(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gx, err := op.Gradient("SoftplusGradient", in[0].Shape(), func(out []float32, in [][]float32) error {
		for i, x := range in[0] {
			out[i] = in[1][i] / float32(1+math.Exp(-o.Slope*float64(x)))
		}
		return nil
	}, in[0], grad)
	return gorgonia.Nodes{gx}, err
}

// TestSoftplus: optest compares the gradient with finite differences, and several runs of the
// graph with each other.
func TestSoftplus(t *testing.T) {
	optest.Check(t, func(in gorgonia.Nodes) (*gorgonia.Node, error) { return Softplus(in[0], 2) }, tensor.Shape{2, 3, 5, 7})
}

// Cauchy is an example of a user's own loss: the mean of log(1+d^2) over each sample, with
// d = y-target. It is a model.Loss.
func Cauchy(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return op.Loss("Cauchy", y, target, func(out []float32, in [][]float32) error {
		per := len(in[0]) / len(out)
		for n := range out {
			var sum float64
			for i := n * per; i < (n+1)*per; i++ {
				d := float64(in[0][i] - in[1][i])
				sum += math.Log1p(d * d)
			}
			out[n] = float32(sum / float64(per))
		}
		return nil
	}, func(out []float32, in [][]float32) error {
		per := len(in[0]) / len(in[2])
		for i := range out {
			d := in[0][i] - in[1][i]
			out[i] = in[2][i/per] * 2 * d / (1 + d*d) / float32(per)
		}
		return nil
	})
}

func TestCauchy(t *testing.T) {
	optest.Case{
		Function:  func(in gorgonia.Nodes) (*gorgonia.Node, error) { return Cauchy(in[0], in[1]) },
		Inputs:    []tensor.Shape{{3, 2, 5, 7}, {3, 2, 5, 7}},
		Constants: 1,
	}.Check(t)
}

// A user's own operation embeds a Base and has a constructor and the method SymDiff, such as SoftplusOp and
// Softplus in this file. A loss is a function of two nodes, such as Cauchy.
func ExampleBase() {
	g := gorgonia.NewGraph()
	input := func(name string, values ...float32) *gorgonia.Node {
		v := tensor.New(tensor.WithShape(1, len(values)), tensor.WithBacking(values))
		return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithName(name), gorgonia.WithValue(v))
	}
	x, target := input("x", -1, 0, 2), input("target", 0, 0, 2)
	y, err := Softplus(x, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	losses, err := Cauchy(y, target)
	if err != nil {
		fmt.Println(err)
		return
	}
	cost, err := op.Mean(losses)
	if err != nil {
		fmt.Println(err)
		return
	}
	gradients, err := gorgonia.Grad(cost, x)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := gorgonia.NewTapeMachine(g).RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("y        %.4f\n", y.Value().Data())
	fmt.Printf("gradient %.4f\n", gradients[0].Value().Data())
	// Output:
	// y        [0.3133 0.6931 2.1269]
	// gradient [0.0511 0.1561 0.0734]
}
