package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/op"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Superresolution restores an image of twice the sides from the data set's
// low-resolution one; there is no t. The loss is -SSIM of pixels in [0,1] (paper,
// section on experiments).
func Superresolution() Task {
	return must(Task{
		Name: "superresolution", Scale: 2,
		Loss: op.NegativeSSIM, Scaling: &pixel.Unit,
		Measures:     []metric.Measure{metric.SSIM},
		Evaluation:   Evaluation{Settings: []Setting{{Name: "half", Usage: "half of the sides: the degradation of super-resolution, always on", Switch: true}}},
		LearningRate: 1e-3, Restriction: mesh.Bilinear, BatchFactor: 0.5, MinSide: 8,
	})
}

// half is the Degrade of coarse meshes that are degraded anew, where the data set
// gives the input of the finest one: half of the image, made as the data sets' own
// low-resolution images are.
func half(input, clean pixel.Images, _ Grid, _ []float32, _ *random.Stream) error {
	picture.FromFloat(clean.Data, clean.W, clean.H).Half().Float(input.Data)
	return nil
}
