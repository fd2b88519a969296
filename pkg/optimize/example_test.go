package optimize_test

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
)

// Lion is an example of a user's own method (Chen et al. 2023): values move by the sign of a
// mixture of momentum and gradient.
type Lion struct{ Beta1, Beta2, WeightDecay float64 }

func (Lion) Name() string { return "lion" }
func (Lion) Moments() int { return 1 }

func (l Lion) Update(values, gradient []float32, moments [][]float32, s optimize.Step) {
	m, decay := moments[0], 0.0
	if s.Decays {
		decay = l.WeightDecay
	}
	for i, g := range gradient {
		mixed := l.Beta1*float64(m[i]) + (1-l.Beta1)*float64(g)
		direction := 0.0
		if mixed != 0 {
			direction = math.Copysign(1, mixed)
		}
		values[i] -= float32(s.LearningRate * (direction + decay*float64(values[i])))
		m[i] = float32(l.Beta2*float64(m[i]) + (1-l.Beta2)*float64(g))
	}
}

// A user's own method minimises (x-3)^2, and command lines can name it.
func Example() {
	methods := append(optimize.Standard(), optimize.Method{
		Name: "lion", WeightDecay: 0.01,
		New: func(s optimize.Settings) (optimize.Rule, error) { return Lion{0.9, 0.99, s.WeightDecay}, nil },
	})
	method, err := methods.Find("lion")
	if err != nil {
		fmt.Println(err)
		return
	}
	rule, err := method.New(optimize.Settings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	lion := optimize.New(rule, []param.Group{{Name: "x", To: 1}}, 0)
	schedule := optimize.Cosine{Initial: 0.1, Final: 0, Steps: 1000}
	x := []float32{0}
	for step := range schedule.Steps {
		lion.SetLearningRate(schedule.LearningRate(step))
		if err := lion.Step(x, []float32{2 * (x[0] - 3)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(methods.Names())
	fmt.Printf("%.1f\n", x[0])
	// Output:
	// [adam adamw sgd lion]
	// 3.0
}

// Minimise (x-3)^2 through a Gorgonia graph.
func ExampleSolver() {
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

	solver := &optimize.Solver{Rule: optimize.Adam{}}
	schedule := optimize.Cosine{Initial: 0.5, Final: 0.001, Steps: 100}
	for step := range schedule.Steps {
		if err := machine.RunAll(); err != nil {
			panic(err)
		}
		solver.LearningRate = schedule.LearningRate(step)
		if err := solver.Step([]gorgonia.ValueGrad{x}); err != nil {
			panic(err)
		}
		dx, _ := x.Grad()
		dx.(*tensor.Dense).Zero()
		machine.Reset()
	}
	fmt.Printf("%.2f\n", x.Value().Data().([]float32)[0])
	// Output: 3.00
}
