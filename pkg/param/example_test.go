package param_test

import (
	"fmt"

	"gorgonia.org/tensor"

	"multiscale/pkg/param"
)

// Parameters have names, and all their values are one vector.
func Example() {
	set := param.NewSet(1)
	weight, err := set.Declare("fc.weight", tensor.Shape{2, 3}, param.Orthogonal(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := set.Declare("fc.bias", tensor.Shape{2}, param.Constant(0)); err != nil {
		fmt.Println(err)
		return
	}
	set.Seal()
	for _, p := range set.Params() {
		fmt.Println(p.Name, p.Shape, "at", p.Offset)
	}
	set.Values()[0] = 0.5
	fmt.Println(set.Len(), weight.Value.Float32s()[0])
	// Output:
	// fc.weight (2, 3) at 0
	// fc.bias (2) at 6
	// 8 0.5
}
