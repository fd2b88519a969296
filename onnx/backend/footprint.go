package backend

import (
	"cmp"
	"fmt"
	"slices"

	"multiscale/onnx"
)

// Footprint has the memory and the output shapes of a run.
type Footprint struct {
	// Bytes is the memory of intermediate values and outputs. It does not include weights and inputs,
	// nor temporary buffers of single operations.
	Bytes   int64
	Outputs map[string][]int // shapes by name
}

// Footprint returns the footprint of a run with inputs of the given shapes, without running it. Shapes that
// do not fit the model are an error.
func (m *Model) Footprint(shapes map[string][]int) (Footprint, error) {
	types := map[string]onnx.DataType{}
	for _, in := range m.inputs {
		types[in.Name] = in.Type
	}
	feeds := map[string]*array{}
	for name, shape := range shapes {
		if _, err := size(shape); err != nil {
			return Footprint{}, fmt.Errorf("input %q: %w", name, err)
		}
		feeds[name] = &array{dtype: types[name], shape: shape}
	}
	m.graph.mu.Lock()
	defer m.graph.mu.Unlock()
	p, err := m.graph.compile(feeds, m.weights)
	if err != nil {
		return Footprint{}, err
	}
	f := Footprint{Bytes: p.bytes(), Outputs: map[string][]int{}}
	for _, name := range p.results {
		f.Outputs[name] = p.values[name].shape
	}
	return f, nil
}

// bytes simulates the allocations of a run.
func (p *program) bytes() (bytes int64) {
	var operations []*operation
	for _, n := range p.graph.AllNodes() {
		if o := operationOf(n); o != nil {
			operations = append(operations, o)
		}
	}
	slices.SortFunc(operations, func(a, b *operation) int { return cmp.Compare(a.Number(), b.Number()) })
	free := map[int]int{} // number of free blocks by size; see memory
	unread := map[*operation]int{}
	for _, o := range operations {
		n := count(o.result.shape)
		form, _ := held(o.result.dtype)
		if isFloat(o.result.dtype) && free[n] > 0 {
			free[n]--
		} else {
			bytes += int64(n) * int64(form.Size())
		}
		unread[o] = o.readers
		for _, s := range o.sources {
			if unread[s]--; unread[s] == 0 {
				free[count(s.result.shape)]++
			}
		}
	}
	return bytes
}
