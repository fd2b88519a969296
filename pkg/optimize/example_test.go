package optimize_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/optimize"
)

// Minimise (x-3)^2 through a Gorgonia graph.
func Example() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, gorgonia.Float32, 1, gorgonia.WithShape(1), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{0}))))
	target := gorgonia.NewTensor(g, gorgonia.Float32, 1, gorgonia.WithShape(1), gorgonia.WithName("target"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{3}))))
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Square(gorgonia.Must(gorgonia.Sub(x, target))))))
	if _, err := gorgonia.Grad(loss, x); err != nil {
		panic(err)
	}
	machine := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(x))
	defer machine.Close()

	adam := optimize.NewAdam(optimize.AdamOptions{})
	schedule := optimize.Cosine{Initial: 0.5, Final: 0.001, Steps: 100}
	for step := range schedule.Steps {
		if err := machine.RunAll(); err != nil {
			panic(err)
		}
		adam.SetLearningRate(schedule.LearningRate(step))
		if err := adam.Step([]gorgonia.ValueGrad{x}); err != nil {
			panic(err)
		}
		dx, _ := x.Grad()
		dx.(*tensor.Dense).Zero()
		machine.Reset()
	}
	fmt.Printf("%.2f\n", x.Value().Data().([]float32)[0])
	// Output: 3.00
}
