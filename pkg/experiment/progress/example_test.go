package progress_test

import (
	"os"

	"multiscale/pkg/experiment/progress"
)

func Example() {
	p := progress.New(os.Stdout) // not a terminal here: lines come every ten seconds
	defer p.Close()
	for i := 1; i <= 60; i++ {
		p.Update(progress.State{Unit: "mge-seed1", Stages: 1, Side: 32, Iteration: i, Iterations: 60, Loss: 0.1, Images: 100 * i})
	}
	p.Print("mge-seed1 done: validation MSE %.4f", 0.0123)
	// Output:
	// mge-seed1 done: validation MSE 0.0123
}
