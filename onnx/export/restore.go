package export

import (
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/param"
)

// Restore copies the weights of an exported model to the parameters of its network. On an
// error the parameters do not change.
func Restore(params *param.Set, m *onnx.Model) error {
	stored := initializersOf(m)
	values := make([]float32, len(params.Values()))
	for _, p := range params.All() {
		w, err := stored.find(p.Name, p.Shape)
		if err != nil {
			return err
		}
		copy(p.Slice(values), w)
	}
	return params.Load(values)
}

func sameShape(dims []int64, shape []int) bool {
	return slices.EqualFunc(dims, shape, func(d int64, s int) bool { return d == int64(s) })
}
