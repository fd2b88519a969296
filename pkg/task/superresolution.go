package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/op"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Superresolution restores an image from the data set's low-resolution image with half the sides.
// There is no t. The loss is -SSIM of pixels in [0,1] (the paper's section on experiments).
func Superresolution() Task {
	return must(Task{
		Name: "superresolution", Scale: 2,
		Loss: op.NegativeSSIM, Scaling: &pixel.Unit,
		Measures:     []metric.Measure{metric.SSIM},
		Evaluation:   Evaluation{Settings: []Setting{{Name: "half", Usage: "half of the sides: the degradation of super-resolution, always on", Switch: true}}},
		LearningRate: 1e-3, Restriction: mesh.Bilinear, BatchFactor: 0.5, MinSide: 8,
	})
}

// half is the Degrade of coarse meshes with DegradeCoarse, for tasks whose data set has the input of
// the finest mesh. It halves the image in the same way as data sets make their low-resolution images.
func half(input, clean pixel.Images, _ Grid, _ []float32, _ *random.Stream) error {
	picture.FromFloat(clean.Data, clean.W, clean.H).Half().Float(input.Data)
	return nil
}
