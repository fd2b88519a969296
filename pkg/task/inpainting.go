package task

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Inpainting asks for x, given (1-t)*M x + t*z with z ~ N(0,I), and
// t ~ 0.1 U(0,1): M sets one to three boxes of the normalised picture to zero,
// in all channels (paper, section on experiments).
type Inpainting struct{}

// mostBoxes is the largest number of boxes in a picture. There is always one:
// without, there would be nothing to paint.
const mostBoxes = 3

// Name implements Task.
func (Inpainting) Name() string { return "inpainting" }

// Local implements Local.
func (Inpainting) Local() {}

// Loss implements Task: the mean squared error.
func (Inpainting) Loss(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.MSE(y, target) }

// Scale implements Task.
func (Inpainting) Scale() int { return 1 }

// Pixels implements Task.
func (Inpainting) Pixels(set *dataset.Set) pixel.Scale { return pixelsOf(set) }

// Time implements Task.
func (Inpainting) Time(r *random.Stream) float32 { return mostNoise * r.Float32() }

// Degrade implements Task. On all meshes of a sample the boxes are the same, as
// far as whole pixels allow.
func (Inpainting) Degrade(input, clean []float32, at Mesh, t float32, r *random.Stream) {
	at.copy(input, clean)
	for range 1 + r.Intn(mostBoxes) {
		drawBox(at.Side, r).clear(input, at.Side)
	}
	AddNoise(input, at, 1-t, r)
}

// box is a rectangle of pixels.
type box struct{ top, left, height, width int }

// drawBox draws a rectangle inside a picture: its sides uniformly from a tenth
// to a third of the picture's, then its place uniformly.
func drawBox(side int, r *random.Stream) box {
	least := max(1, (side+9)/10)
	most := max(least, side/3)
	b := box{height: least + below(most-least+1, r), width: least + below(most-least+1, r)}
	b.top, b.left = below(side-b.height+1, r), below(side-b.width+1, r)
	return b
}

// below draws a number from [0,n). Unlike Stream.Intn it grows with n where the
// stream is the same: on a mesh twice as fine, a place is twice as far.
func below(n int, r *random.Stream) int { return int(r.Float64() * float64(n)) }

// clear sets the box to zero in all planes of x (3,side,side).
func (b box) clear(x []float32, side int) {
	for c := range 3 {
		for i := range b.height {
			clear(x[(c*side+b.top+i)*side+b.left:][:b.width])
		}
	}
}
