package command_test

import (
	"fmt"

	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/optimize"
)

// A command with flags of its own; its main function is command.Main("greet", ...).
func Example() {
	name, times := "world", 1
	f := command.NewFlags("greet", "greets.")
	f.String(&name, "name", "NAME", "whom to greet")
	f.Int(&times, "times", "N", 1, 3, "1", "how often")

	fmt.Println(f.Parse([]string{"-name", "Ada", "-times", "2"}), name, times)
	// Output:
	// <nil> Ada 2
}

// The whole of a training experiment's flags; main is command.Experiment(task, run).
func ExampleParse() {
	task := command.Task{
		Name: "denoising", Does: "trains networks that remove noise from pictures.", Networks: []command.Network{{"unet", 4}, {"resnet", 1}},
		LearningRate: 5e-4, Restriction: "nearest", BatchFactor: 1, MinSide: 4, Formats: dataset.Formats(), Restrictions: []string{"nearest", "bilinear", "average"}, Optimizers: optimize.Standard(),
	}
	task.Pending = map[string][]string{"allocation": {"optimal", "adaptive"}}

	c, err := command.Parse(task, []string{"-profile", "cpu", "-strategy", "fullmultiscale"})
	fmt.Println(c.Side, c.Levels, c.Batch, c.Stages, err)
	_, err = command.Parse(task, []string{"-levels", "9"})
	fmt.Println(err)
	_, err = command.Parse(task, []string{"-allocation", "optimal"})
	fmt.Println(err)
	// Output:
	// 64 3 16 [100 50 25 13] <nil>
	// -levels 9: side 32 does not go with 9 levels of halving: the coarsest mesh must have a side of at least 4 that 4 divides; use at most 3
	// -allocation optimal: not available in this version; -h lists what is
}
