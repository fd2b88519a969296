package task

import (
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Grid is the mesh and the pixels of an image that is degraded.
type Grid struct {
	Level int // of the mesh; 0 is the finest
	// Step says that the image has only the pixels (Step*i, Step*j) of one of H by W
	// pixels: those that nearest restriction keeps. It is 1 unless the task is
	// Pointwise.
	Step int
	H, W int
}

// On returns the grid of a whole image on the mesh of a level.
func On(level int, x pixel.Images) Grid { return Grid{Level: level, Step: 1, H: x.H, W: x.W} }

// AddNoise replaces x by weight*x + (1-weight)*z with z ~ N(0,I), which differs
// from mesh to mesh. A pixel's noise depends on its position in the image of H by
// W pixels.
func AddNoise(x pixel.Images, at Grid, weight float32, r *random.Stream) {
	noise := r.Child("noise", uint64(at.Level))
	if at.Step > 1 {
		for row := range x.C * x.H {
			from := uint64((row/x.H*at.H + row%x.H*at.Step) * at.W)
			line := x.Data[row*x.W:][:x.W]
			for i, v := range line {
				line[i] = float32(weight*v) + float32((1-weight)*noise.NormalAt(from+uint64(i*at.Step)))
			}
		}
		return
	}
	var z [512]float32
	for rest := x.Data; len(rest) > 0; {
		n := min(len(z), len(rest))
		noise.Normals(z[:n])
		Mix(z[:n], rest, weight)
		rest = rest[copy(rest, z[:n]):]
	}
}

// Mix overwrites the noise z with weight*x + (1-weight)*z. x must not be shorter
// than z.
func Mix(z, x []float32, weight float32) {
	for i, v := range z {
		z[i] = float32(weight*x[i]) + float32((1-weight)*v)
	}
}
