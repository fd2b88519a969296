package crosscheck

import (
	"context"
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
)

// Network is the Forward of a network.
func Network(ctx context.Context, m *model.Model) Forward {
	return func(x onnx.Value, t []float32) (onnx.Value, error) {
		y := onnx.Value{Shape: slices.Clone(x.Shape)}
		n, size := 1, m.Network.Scale()
		y.Shape[2], y.Shape[3] = size*y.Shape[2], size*y.Shape[3]
		for _, d := range y.Shape {
			n *= d
		}
		y.Data = make([]float32, n)
		images := mesh.Images{N: x.Shape[0], C: x.Shape[1], H: x.Shape[2], W: x.Shape[3], Data: x.Data}
		return y, m.Apply(ctx, y.Data, images, t)
	}
}
