package setting_test

import (
	"fmt"

	"multiscale/pkg/catalog"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// A configuration from the values of a plan or a run.json.
func ExampleParse() {
	c, err := setting.Parse(catalog.Standard(), setting.Values{"task": "denoising", "profile": "cpu", "lr": "1e-3"})
	fmt.Println(c.Side, c.Levels, c.Batch, c.Stages, c.Differing(), err)
	_, err = setting.Parse(catalog.Standard(), setting.Values{"task": "denoising", "levels": "9"})
	fmt.Println(err)
	// Output:
	// 64 3 16 [100 50 25 13] [lr] <nil>
	// -levels 9: side 32 does not go with 9 levels of halving: the coarsest mesh must have a side of at least 4 that 4 divides; use at most 3
}

// The command line of a training program.
func ExampleArguments() {
	c, err := setting.Arguments(catalog.Standard(), task.Superresolution(), []string{"-network", "espcn", "-iterations", "120"})
	fmt.Println(c.Network.Name(), c.Restriction.Name(), c.Out, err)
	// Output:
	// espcn bilinear results/runs/superresolution-espcn-deadleaves-quick-iterations-120 <nil>
}
