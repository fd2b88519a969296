package train_test

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"multiscale/pkg/mge"
	"multiscale/pkg/optimize"
	"multiscale/pkg/param"
	"multiscale/pkg/train"
)

// Training is a loop; everything else is a hook.
func Example() {
	params := param.NewSet(1)
	if _, err := params.Declare("p", tensor.Shape{1}, param.Weight, param.Constant(8)); err != nil {
		fmt.Println(err)
		return
	}
	params.Seal()
	plan, err := mge.MGE.Plan(mge.Work{Batches: mge.Doubling(1, 1), Iterations: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	t := train.Trainer{
		Plan: plan, Params: params,
		Source:    &mge.Estimator{Model: &bowl{params: params}, Sampler: nothing{}},
		Optimizer: optimize.New(optimize.SGD{}, params.Groups(), 0), Schedule: optimize.Constant(0.5),
		Hooks: []train.Hook{func(_ context.Context, s train.Step) error {
			fmt.Println("step", s.Iteration, "after", s.WorkUnits, "work units: p =", params.Values()[0])
			return nil
		}},
	}
	if err := t.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// step 1 after 1.75 work units: p = 4
	// step 2 after 3.5 work units: p = 2
	// step 3 after 5.25 work units: p = 1
}
