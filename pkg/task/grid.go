package task

import (
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Grid is the mesh of an image to degrade, and the position of its pixels.
type Grid struct {
	Level int // of the mesh; 0 is the finest
	// Step is the distance of the image's pixels in an image of H by W pixels: it consists of the
	// pixels (Step*i, Step*j), which nearest restriction keeps. Step is 1 unless the task is
	// Pointwise.
	Step int
	H, W int
}

// On returns the grid of a whole image on the mesh of a level.
func On(level int, x pixel.Images) Grid { return Grid{Level: level, Step: 1, H: x.H, W: x.W} }

// AddNoise replaces x by weight*x + (1-weight)*z with z ~ N(0,I). The noise differs from mesh to
// mesh. The noise of a pixel depends on its position in the image of at.H by at.W pixels.
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
