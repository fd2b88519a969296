// Package task holds the restoration tasks: what degrades a picture, which loss
// is minimised, and how training batches and validation sets come from a data
// set. A task is one file; adding one touches nothing else but the list below.
package task

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Task is a restoration problem.
type Task interface {
	// Name is how commands and files call the task.
	Name() string
	// Loss adds the cost of each sample (N) of the answer y against the target to
	// their graph.
	Loss(y, target *gorgonia.Node) (*gorgonia.Node, error)
	// Scale is the ratio of the target's side to the input's: 2 for
	// super-resolution, where the input is the data set's low-resolution picture.
	Scale() int
	// Pixels says how pixels in [0,1] of a data set are normalised.
	Pixels(set *dataset.Set) pixel.Scale
	// Time draws the number t that goes with a sample.
	Time(r *random.Stream) float32
	// Degrade writes to input what the network sees of the clean normalised
	// picture, planes (3,side,side) on one mesh, with t as Time drew it. It is
	// called for the finest mesh only, or, to degrade anew on each mesh, for each:
	// r is the same stream then, so that masks can be the same, too. Noise is to
	// be another on each mesh, as AddNoise draws it. Where Scale is not 1, what the
	// data set gives is the input on the finest mesh.
	Degrade(input, clean []float32, at Mesh, t float32, r *random.Stream)
}

// Local is a Task whose Degrade makes each pixel of the input from that pixel of the
// clean picture, and what is random. Where few pixels outlive the restriction, the
// clean picture then has only those; the others are anything.
type Local interface {
	Task
	Local()
}

// Mesh is where a picture is degraded.
type Mesh struct {
	Level int // 0 is the finest
	Side  int // of the clean picture on this mesh, in pixels
	// Stride says that only every Stride-th row and column, from 0 on, will be
	// looked at, for the rest does not outlive the restriction. What Degrade leaves
	// in other pixels does not matter. 0 stands for 1.
	Stride int
}

// copy copies the rows of a picture that will be looked at.
func (at Mesh) copy(dst, src []float32) {
	if at.Stride <= 1 {
		copy(dst, src)
		return
	}
	for row := 0; row < len(src)/at.Side; row++ {
		if row%at.Side%at.Stride == 0 {
			copy(dst[row*at.Side:][:at.Side], src[row*at.Side:])
		}
	}
}

// All lists the tasks.
func All() []Task {
	return []Task{Denoising{}, Deblurring{}, Inpainting{}, Superresolution{}}
}

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
func pixelsOf(set *dataset.Set) pixel.Scale {
	s := pixel.Scale{Mean: make([]float64, 3), Std: make([]float64, 3)}
	for c := range 3 {
		s.Mean[c], s.Std[c] = float64(set.Mean[c]), float64(set.Std[c])
	}
	return s
}

// mostNoise bounds t where it weights the noise: deblurring and inpainting.
const mostNoise = 0.1

// AddNoise replaces x by weight*x + (1-weight)*z with z ~ N(0,I) of a mesh's own
// from r.
func AddNoise(x []float32, at Mesh, weight float32, r *random.Stream) {
	noise := r.Child("noise", uint64(at.Level))
	if at.Stride > 1 {
		for row := 0; row < len(x); row += at.Side {
			if row/at.Side%at.Side%at.Stride != 0 {
				continue
			}
			for i := row; i < row+at.Side; i += at.Stride {
				x[i] = weight*x[i] + (1-weight)*noise.NormalAt(uint64(i))
			}
		}
		return
	}
	var z [512]float32
	for len(x) > 0 {
		n := min(len(z), len(x))
		noise.Normals(z[:n])
		Mix(z[:n], x, weight)
		x = x[copy(x, z[:n]):]
	}
}

// Mix overwrites the noise z with weight*x + (1-weight)*z. x must not be shorter
// than z.
func Mix(z, x []float32, weight float32) {
	for i, v := range z {
		z[i] = weight*x[i] + (1-weight)*v
	}
}
