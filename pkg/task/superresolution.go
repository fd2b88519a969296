package task

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/op"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Superresolution asks for a picture of twice the side, given the data set's
// low-resolution one; there is no t. What is minimised is -SSIM of pixels in
// [0,1] (paper, section on experiments).
type Superresolution struct{}

// Name implements Task.
func (Superresolution) Name() string { return "superresolution" }

// Loss implements Task: minus the structural similarity.
func (Superresolution) Loss(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return op.NegativeSSIM(y, target)
}

// Scale implements Task.
func (Superresolution) Scale() int { return 2 }

// Pixels implements Task: they stay in [0,1].
func (Superresolution) Pixels(*dataset.Set) pixel.Scale { return pixel.Unit }

// Time implements Task.
func (Superresolution) Time(*random.Stream) float32 { return 0 }

// Degrade implements Task: half of the picture, made as the data sets' own
// low-resolution pictures are. Only meshes that are degraded anew need it.
func (Superresolution) Degrade(input, clean []float32, at Mesh, _ float32, _ *random.Stream) {
	picture.FromFloat(clean, at.Side, at.Side).Half().Float(input)
}
