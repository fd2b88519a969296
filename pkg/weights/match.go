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

// Load fills in the parameters and buffers of a network, as Take finds them. On an error they are as they were.
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

// ErrOther says that names or shapes are not those that a network needs.
var ErrOther = errors.New("its weights are those of another network")

// Take returns the values of the tensors that a network needs, in their order. The file must hold each of
// them in its shape, and no others: as in PyTorch, anything else is an error, ErrOther, which lists the
// names. Integers, such as the number of batches that a normalisation has seen, may be
// there without being wanted.
//
// Names in the file may have a prefix, as those of wrapped modules do ("module."): the
// one with which most names are found. What stands outside of it belongs to other modules and is not looked at.
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

// prefix finds what stands before the names that are wanted: the beginning of names with which
// most of them are found, nothing where that is as good.
func (f *File) prefix(wants []Want) (string, error) {
	const deepest = 16 // modules in modules
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

// finite returns the values, which must be numbers.
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

// mismatch says which names do not fit, a few of each kind.
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

// list writes a few names.
func list(names []string) string {
	const shown = 4
	if len(names) == 0 {
		return "none"
	}
	short := make([]string, min(len(names), shown))
	for i := range short {
		short[i] = names[i]
	}
	text := strings.Join(short, ", ")
	if n := len(names) - shown; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
