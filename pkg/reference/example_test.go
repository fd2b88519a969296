package reference_test

import (
	"fmt"

	"multiscale/pkg/reference"
)

// A case lists its arrays. Expected arrays have tolerances.
func Example() {
	cases, err := reference.Load("testdata")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range cases {
		if c.ID != "ops/tanh" {
			continue
		}
		y := c.Expected("y.npy")
		want, err := c.Read(*y)
		if err != nil {
			fmt.Println(err)
			return
		}
		want.Data[0] += 1
		fmt.Println(c.Title, want.Shape)
		got, _ := c.Read(*y)
		fmt.Println(reference.Compare(got.Data, got.Data, y.TolMaxAbs, y.TolRelL2))
		fmt.Println(reference.Compare(got.Data, want.Data, y.TolMaxAbs, y.TolRelL2) != nil)
	}
	// Output:
	// tanh [2 4 9 11]
	// <nil>
	// true
}
