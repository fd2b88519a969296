package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
)

// Restoration restores the clean picture of a pair from the degraded one. The data set has both, as
// with -data pairs, and the degradation is unknown. There is no t. If the clean pictures have twice
// the sides of the degraded ones, the task has the settings of Superresolution.
func Restoration() Task {
	enlarging := must(Task{
		Name: "restoration", Scale: 2, Loss: op.NegativeSSIM, Scaling: &pixel.Unit,
		Measures:     []metric.Measure{metric.SSIM},
		LearningRate: 1e-3, Restriction: mesh.Bilinear, BatchFactor: 0.5, MinSide: 8,
	})
	return must(Task{Name: "restoration", Enlarging: &enlarging})
}
