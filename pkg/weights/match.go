package weights

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/param"
	"multiscale/pkg/weights/pickle"
)

// Want is a tensor that a network needs.
type Want struct {
	Name  string
	Shape []int
}

// Load sets the parameters and buffers of a network to the values that Take finds. On an error they do not change.
func (f *File) Load(params *param.Set) error {
	found, err := f.Take(lists.Of(params.All(), func(p *param.Param) Want { return Want{p.Name, p.Shape} }))
	if err != nil {
		return err
	}
	values := make([]float32, len(params.Values()))
	for i, p := range params.All() {
		copy(p.Slice(values), found[i])
	}
	return params.Load(values)
}

// ErrOther is the error for names or shapes that do not match the network.
var ErrOther = errors.New("its weights are those of another network")

// Take returns the values of the wanted tensors, in the order of wants. As in PyTorch, the file must have exactly these
// tensors, with these shapes; otherwise the error is ErrOther and lists the names. Additional integer tensors, such as
// the number of batches that a normalisation has seen, are ignored. A value that is NaN, infinite, or not
// representable in float32 is an error.
//
// The wanted names may have a common prefix in the file, as those of wrapped modules do ("module."). Take uses the prefix
// with which it finds most of the wanted names, and ignores tensors without it, which belong to other modules.
func (f *File) Take(wants []Want) ([][]float32, error) {
	prefix, err := f.prefix(wants)
	if err != nil {
		return nil, err
	}
	var missing, unexpected, misshapen []string
	wanted := make(map[string]bool, len(wants))
	for _, w := range wants {
		wanted[prefix+w.Name] = true
		t, ok := f.Tensors[prefix+w.Name]
		switch {
		case !ok:
			missing = append(missing, pickle.Brief(w.Name))
		case !slices.Equal(t.Shape, w.Shape):
			misshapen = append(misshapen, fmt.Sprintf("%s is %v instead of %v", pickle.Brief(w.Name), t.Shape, w.Shape))
		}
	}
	for _, name := range f.Names() {
		if strings.HasPrefix(name, prefix) && !wanted[name] && f.Tensors[name].Element.Floating() {
			unexpected = append(unexpected, pickle.Brief(name))
		}
	}
	if len(missing)+len(unexpected)+len(misshapen) > 0 {
		return nil, mismatch(missing, unexpected, misshapen)
	}
	values := make([][]float32, len(wants))
	for i, w := range wants {
		if values[i], err = f.Tensors[prefix+w.Name].finite(); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", pickle.Brief(prefix+w.Name), err)
		}
	}
	return values, nil
}

// prefix returns the prefix with which the file has most of the wanted names. In a tie the empty prefix
// wins, unless several other prefixes have all names: that is an error.
func (f *File) prefix(wants []Want) (string, error) {
	const deepest = 16 // bounds the depth of nested modules
	wanted, longest := make(map[string]bool, len(wants)), 0
	for _, w := range wants {
		wanted[w.Name] = true
		longest = max(longest, len(w.Name))
	}
	found := map[string]int{"": 0}
	for name := range f.Tensors {
		rest := name
		for range deepest {
			if len(rest) <= longest && wanted[rest] {
				found[name[:len(name)-len(rest)]]++
			}
			var more bool
			if _, rest, more = strings.Cut(rest, "."); !more {
				break
			}
		}
	}
	highest := 0
	for _, n := range found {
		highest = max(highest, n)
	}
	var best []string
	for p, n := range found {
		if n == highest {
			best = append(best, p)
		}
	}
	slices.Sort(best)
	switch {
	case best[0] == "" || len(best) == 1:
		return best[0], nil
	case highest == len(wants):
		return "", fmt.Errorf("it holds such a network several times, with the prefixes %s; save the one that is needed alone", list(best))
	}
	return "", nil
}

// finite returns the values, or an error if one is NaN or infinite.
func (t Tensor) finite() ([]float32, error) {
	values, err := t.Floats()
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if v-v != 0 {
			return nil, fmt.Errorf("it holds %v", v)
		}
	}
	return values, nil
}

// mismatch returns the error that lists a few names of each kind.
func mismatch(missing, unexpected, misshapen []string) error {
	var parts []string
	for _, p := range []struct {
		names []string
		what  string
	}{{missing, "missing"}, {unexpected, "unexpected"}, {misshapen, "of another shape"}} {
		if len(p.names) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(p.names), p.what, list(p.names)))
		}
	}
	return fmt.Errorf("%w: %s", ErrOther, strings.Join(parts, "; "))
}

// list writes the first few names, and counts the others.
func list(names []string) string {
	const shown = 4
	if len(names) == 0 {
		return "none"
	}
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if n := len(names) - shown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
