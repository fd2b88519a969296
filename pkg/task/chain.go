package task

import (
	"fmt"
	"sync"

	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Chain applies degradations in order: the first one to the clean image, each later one to the
// result of the previous one. Only the last one may change the size of the image, to that of the
// input. Each draws from a separate stream, so that its random numbers do not depend on the draws
// of the others.
func Chain(steps ...Degrade) Degrade {
	return func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
		if len(steps) == 0 {
			return fmt.Errorf("a chain of no degradations")
		}
		between := at // the grid of images with the size of clean
		if input.Shape != clean.Shape {
			between = On(at.Level, clean)
		}
		var memory [2]*[]float32 // for the images before and after a step
		from := clean
		for i, step := range steps {
			to, where := input, at
			if i < len(steps)-1 {
				m := &memory[i%2]
				if *m == nil {
					*m = scratch.Get().(*[]float32)
					defer scratch.Put(*m)
				}
				if cap(**m) < len(clean.Data) {
					**m = make([]float32, len(clean.Data))
				}
				to, where = pixel.Images{Shape: clean.Shape, Data: (**m)[:len(clean.Data)]}, between
			}
			own := r.Child("chain", uint64(i))
			if err := step(to, from, where, t, &own); err != nil {
				return err
			}
			from = to
		}
		return nil
	}
}

// scratch keeps memory for temporary images.
var scratch = sync.Pool{New: func() any { return new([]float32) }}

// Blur is a periodic Gaussian blur with standard deviation sigma in pixels of the finest mesh. On
// coarser meshes it has the same width in the scene.
func Blur(sigma float64) Degrade {
	return func(input, clean pixel.Images, at Grid, _ []float32, _ *random.Stream) error {
		s := sigma / float64(int(1)<<at.Level)
		blur.New(clean.H, clean.W, s, s).Apply(input.Data, clean.Data, clean.C)
		return nil
	}
}

// WhiteNoise adds white noise with standard deviation t[k] of normalised values. The noise differs
// from mesh to mesh. It is an error if there is no t[k].
func WhiteNoise(k int) Degrade {
	return func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error {
		if k < 0 || k >= len(t) {
			return fmt.Errorf("the noise is t[%d], of %d conditions", k, len(t))
		}
		copy(input.Data, clean.Data)
		addDeviation(input, at, t[k], r)
		return nil
	}
}
