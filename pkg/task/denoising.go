package task

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Denoising asks for x, given t*x + (1-t)*z with z ~ N(0,I), and t ~ U(0,1):
// t = 1 is the clean picture, t = 0 nothing but noise (paper, section on
// experiments).
type Denoising struct{}

// Name implements Task.
func (Denoising) Name() string { return "denoising" }

// Local implements Local.
func (Denoising) Local() {}

// Loss implements Task: the mean squared error.
func (Denoising) Loss(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.MSE(y, target) }

// Scale implements Task.
func (Denoising) Scale() int { return 1 }

// Pixels implements Task.
func (Denoising) Pixels(set *dataset.Set) pixel.Scale { return pixelsOf(set) }

// Time implements Task.
func (Denoising) Time(r *random.Stream) float32 { return r.Float32() }

// Degrade implements Task.
func (Denoising) Degrade(input, clean []float32, at Mesh, t float32, r *random.Stream) {
	at.copy(input, clean)
	AddNoise(input, at, t, r)
}
