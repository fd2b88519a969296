package export

import (
	"fmt"
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/param"
)

// Restore copies the weights of an exported model into the parameters of the network
// that it was exported from. On an error the parameters are as they were.
func Restore(params *param.Set, m *onnx.Model) error {
	weights := map[string]*onnx.Tensor{}
	for _, t := range m.Graph.Initializers {
		weights[t.Name] = t
	}
	values := make([]float32, params.Len())
	for _, p := range params.Params() {
		t, ok := weights[p.Name]
		if !ok {
			return fmt.Errorf("the model has no weights %q: it is another network", p.Name)
		}
		if !sameShape(t.Dims, p.Shape) {
			return fmt.Errorf("the model's weights %q have shape %v, the network's %v: it is another network", p.Name, t.Dims, p.Shape)
		}
		w, err := t.Floats()
		if err != nil {
			return err
		}
		copy(p.Slice(values), w)
	}
	copy(params.Values(), values)
	params.Changed()
	return nil
}

func sameShape(dims []int64, shape []int) bool {
	return slices.EqualFunc(dims, shape, func(d int64, s int) bool { return d == int64(s) })
}
