package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
)

// Restoration asks for the clean picture of a pair, given the degraded one. The data
// set has both, as -data pairs does; what was done to the picture is for the network to
// find out. There is no t. Where the clean pictures have twice the sides, it asks for
// what Superresolution asks for.
func Restoration() Task {
	enlarging := must(Task{
		Name: "restoration", Scale: 2, Loss: op.NegativeSSIM, Scaling: &pixel.Unit,
		Measures:     []metric.Measure{metric.SSIM},
		LearningRate: 1e-3, Restriction: mesh.Bilinear, BatchFactor: 0.5, MinSide: 8,
	})
	return must(Task{Name: "restoration", Enlarging: &enlarging})
}
