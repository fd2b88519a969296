package plot_test

import (
	"fmt"
	"io"

	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// In a command, the writer is that of Folder.WriteFile.
func ExampleConvergence() {
	u := runfolder.Unit{Strategy: "mge", Seed: 1}
	c := runfolder.Contents{
		Summaries: []runfolder.Summary{{Task: "denoising", Network: "unet", Data: "deadleaves", Side: 32, Unit: u}},
		Histories: []runfolder.History{
			{Unit: u, Iteration: 30, WorkUnits: 510, Validation: metric.Values{"mse": 0.2}},
			{Unit: u, Iteration: 60, WorkUnits: 1020, Validation: metric.Values{"mse": 0.1}},
		},
		Moments: []runfolder.Moment{{Unit: u, Iteration: 30, Seconds: 6}, {Unit: u, Iteration: 60, Seconds: 12}},
	}
	fmt.Println(plot.Convergence(io.Discard, c))
	// Output:
	// <nil>
}
