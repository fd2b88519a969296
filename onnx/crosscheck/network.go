package crosscheck

import (
	"context"

	"multiscale/onnx"
	"multiscale/onnx/native"
	"multiscale/pkg/model"
)

// Network returns the Forward of a network.
func Network(ctx context.Context, m *model.Model) Forward {
	return func(x onnx.Value, t []float32) (onnx.Value, error) { return native.Apply(ctx, m, x, t) }
}
