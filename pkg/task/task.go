// Package task holds the restoration tasks: what degrades a picture, which loss
// is minimised, and how training batches and validation sets come from a data
// set. A task is one file; adding one touches nothing else but the list below.
package task

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/metric"
	"multiscale/pkg/random"
)

// Task is a restoration problem.
type Task interface {
	// Name is how commands and files call the task.
	Name() string
	// Loss adds the cost of the answer y against the target to their graph.
	Loss(y, target *gorgonia.Node) (*gorgonia.Node, error)
	// Scale is the ratio of the target's side to the input's: 2 for
	// super-resolution, where the input is the data set's low-resolution picture.
	Scale() int
	// Pixels says how pixels in [0,1] of a data set are normalised.
	Pixels(set *dataset.Set) metric.Scale
	// Time draws the number t that goes with a sample.
	Time(r *random.Stream) float32
	// Degrade writes to input what the network sees of the clean normalised
	// picture, planes (3,side,side): with the noise from r, and t as Time drew it.
	Degrade(input, clean []float32, side int, t float32, r *random.Stream)
}

// All lists the tasks.
func All() []Task { return []Task{Denoising{}} }

// New returns the task of a name.
func New(name string) (Task, error) {
	var names []string
	for _, t := range All() {
		if t.Name() == name {
			return t, nil
		}
		names = append(names, t.Name())
	}
	return nil, fmt.Errorf("unknown task %q: use one of %s", name, strings.Join(names, ", "))
}

// pixelsOf is the normalisation that a data set asks for.
func pixelsOf(set *dataset.Set) metric.Scale {
	s := metric.Scale{Mean: make([]float64, 3), Std: make([]float64, 3)}
	for c := range 3 {
		s.Mean[c], s.Std[c] = float64(set.Mean[c]), float64(set.Std[c])
	}
	return s
}
