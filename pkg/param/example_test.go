package param_test

import (
	"fmt"

	"gorgonia.org/tensor"

	"multiscale/pkg/param"
)

// Parameters have names and roles, and all their values are in one vector.
func Example() {
	set := param.NewSet(1)
	weight, err := set.Declare("fc.weight", tensor.Shape{2, 3}, param.Weight, param.Orthogonal(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := set.Declare("fc.bias", tensor.Shape{2}, param.NoDecay, param.Constant(0)); err != nil {
		fmt.Println(err)
		return
	}
	set.Seal()
	for _, g := range set.Groups() {
		fmt.Println(g.Name, g.From, "to", g.To, "decays:", g.Decays)
	}
	set.Update(func(values []float32) { values[0] = 0.5 })
	fmt.Println(set.Len(), weight.Values()[0])
	// Output:
	// fc.weight 0 to 6 decays: true
	// fc.bias 6 to 8 decays: false
	// 8 0.5
}
