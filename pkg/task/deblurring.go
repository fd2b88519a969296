package task

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Deblurring asks for x, given (1-t)*K x + t*z with z ~ N(0,I), and
// t ~ 0.1 U(0,1): K is a periodic Gaussian blur (paper, section on experiments).
type Deblurring struct{}

// blurSigma is the standard deviation of the blur in pixels of the finest mesh.
const blurSigma = 3

// Name implements Task.
func (Deblurring) Name() string { return "deblurring" }

// Loss implements Task: the mean squared error.
func (Deblurring) Loss(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.MSE(y, target) }

// Scale implements Task.
func (Deblurring) Scale() int { return 1 }

// Pixels implements Task.
func (Deblurring) Pixels(set *dataset.Set) pixel.Scale { return pixelsOf(set) }

// Time implements Task.
func (Deblurring) Time(r *random.Stream) float32 { return mostNoise * r.Float32() }

// Degrade implements Task. The blur is as wide on every mesh, seen from the
// scene: 3 pixels on the finest, half as many on the next.
func (Deblurring) Degrade(input, clean []float32, at Mesh, t float32, r *random.Stream) {
	sigma := blurSigma / float64(int(1)<<at.Level)
	blur.New(at.Side, at.Side, sigma, sigma).ApplyEvery(input, clean, 3, at.Stride)
	AddNoise(input, at, 1-t, r)
}
