package network

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/lists"
)

// Configurable is a network whose options can be set from text, as in unet:base=48,dropout=0. The method has a pointer
// receiver, and the options change the value that it points to. A network that is not Configurable has no options.
type Configurable interface {
	// Options returns the options in the order of help texts.
	Options() []Option
}

// Option is one option of a network, tied to the field that it sets.
type Option struct {
	Name   string // in text, such as base
	Help   string // a description in a few words
	Bounds string // the permitted values, such as "1 to 16384"

	show  func() string
	set   func(text string) bool // reports whether the text is a value of the option's type
	check func() bool            // reports whether the value is within the bounds
}

// Value returns the value as text.
func (o Option) Value() string { return o.show() }

// Whole is an option with an integer value from low to high.
func Whole(name, help string, p *int, low, high int) Option {
	return Option{
		Name: name, Help: help, Bounds: fmt.Sprintf("%d to %d", low, high),
		show: func() string { return strconv.Itoa(*p) },
		set: func(text string) bool {
			v, err := strconv.Atoi(text)
			if err == nil {
				*p = v
			}
			return err == nil
		},
		check: func() bool { return *p >= low && *p <= high },
	}
}

// Number is an option with a value in [low,high).
func Number[F float32 | float64](name, help string, p *F, low, high float64) Option {
	bits := reflect.TypeFor[F]().Bits()
	return Option{
		Name: name, Help: help, Bounds: fmt.Sprintf("%v to less than %v", low, high),
		show: func() string { return strconv.FormatFloat(float64(*p), 'g', -1, bits) },
		set: func(text string) bool {
			v, err := strconv.ParseFloat(text, bits)
			if err == nil {
				*p = F(v)
			}
			return err == nil && !math.IsNaN(v)
		},
		check: func() bool { return float64(*p) >= low && float64(*p) < high },
	}
}

// Switch is an option that is true or false.
func Switch(name, help string, p *bool) Option {
	return Option{
		Name: name, Help: help, Bounds: "true or false",
		show: func() string { return strconv.FormatBool(*p) },
		set: func(text string) bool {
			*p = text == "true"
			return *p || text == "false"
		},
		check: func() bool { return true },
	}
}

// noEntries is the text of an empty list.
const noEntries = "none"

// List is an option with minLen to maxLen integers from low to high. Text has dashes between them, as in 1-2-4.
func List(name, help string, p *[]int, minLen, maxLen, low, high int) Option {
	bounds := fmt.Sprintf("%d to %d numbers from %d to %d, like 1-2", minLen, maxLen, low, high)
	if minLen == 0 {
		bounds += ", or " + noEntries
	}
	return Option{
		Name: name, Help: help, Bounds: bounds,
		show: func() string {
			if len(*p) == 0 {
				return noEntries
			}
			return strings.Join(lists.Of(*p, strconv.Itoa), "-")
		},
		set: func(text string) bool {
			*p = nil
			if text == noEntries {
				return true
			}
			for part := range strings.SplitSeq(text, "-") {
				v, err := strconv.Atoi(part)
				if err != nil || len(*p) == maxLen {
					return false
				}
				*p = append(*p, v)
			}
			return true
		},
		check: func() bool {
			within := func(v int) bool { return v >= low && v <= high }
			return len(*p) >= minLen && len(*p) <= maxLen && !slices.ContainsFunc(*p, func(v int) bool { return !within(v) })
		},
	}
}

// Then returns the option with follow called after it has been set from text. It is for options on which others depend.
func (o Option) Then(follow func()) Option {
	set := o.set
	o.set = func(text string) bool {
		ok := set(text)
		if ok {
			follow()
		}
		return ok
	}
	return o
}

// Options returns the options of a network with their values, or nil if it is not Configurable.
func Options(n Network) []Option {
	_, options := copied(n)
	return options
}

// copied returns the options of a copy of a network. edited returns the copy with the options' present values.
func copied(n Network) (edited func() Network, options []Option) {
	if e, ok := n.(Enlarged); ok && e.Body != nil {
		body, options := copied(e.Body)
		return func() Network { return Enlarged{body(), e.Factor} }, options
	}
	if b, ok := n.(Blind); ok && b.Body != nil {
		body, options := copied(b.Body)
		return func() Network { return Blind{body()} }, options
	}
	v := reflect.ValueOf(n)
	behind := v.Kind() == reflect.Pointer && !v.IsNil()
	if behind {
		v = v.Elem()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	if c, ok := p.Interface().(Configurable); ok {
		options = c.Options()
	}
	return func() Network {
		if behind {
			return p.Interface().(Network)
		}
		return p.Elem().Interface().(Network)
	}, options
}

// check returns an error if an option is out of its bounds, or if the network has a method Check() error that returns
// one.
func check(n Network) error {
	for _, o := range Options(n) {
		if !o.check() {
			return fmt.Errorf("%s: %s is %s, want %s", n.Name(), o.Name, o.Value(), o.Bounds)
		}
	}
	if c, ok := n.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// With returns a copy of a network with other options, given by text such as base=48,dropout=0. An error says what is
// wrong and lists the options.
func With(n Network, text string) (Network, error) {
	edited, options := copied(n)
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(options, func(o Option) bool { return o.Name == name })
		switch {
		case len(options) == 0:
			return nil, fmt.Errorf("%s has no options", n.Name())
		case !ok:
			return nil, fmt.Errorf("%q is not option=value, with dashes between the numbers of a list; %s", part, listed(n, options))
		case i < 0:
			return nil, fmt.Errorf("%s has no option %q; %s", n.Name(), name, listed(n, options))
		case seen[name]:
			return nil, fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
		if o := options[i]; !o.set(strings.TrimSpace(value)) || !o.check() {
			return nil, fmt.Errorf("%s takes %s, not %q; %s", name, o.Bounds, value, listed(n, options))
		}
	}
	n = edited()
	return n, check(n)
}

// listed is a list of the options with the values that they have in n.
func listed(n Network, options []Option) string {
	own := Options(n)
	parts := make([]string, len(options))
	for i, o := range options {
		parts[i] = fmt.Sprintf("%s=%s (%s)", o.Name, own[i].Value(), o.Bounds)
	}
	return n.Name() + " has " + strings.Join(parts, ", ")
}

// Find returns the network that text names, with options if they follow the name: unet, or unet:base=48,dropout=0. If
// several networks have the name, it is the first of them.
func Find(networks []Network, text string) (Network, error) {
	name, options, given := strings.Cut(text, ":")
	var names []string
	for _, n := range networks {
		if n.Name() == name {
			if !given {
				return n, nil
			}
			return With(n, options)
		}
		names = append(names, n.Name())
	}
	return nil, fmt.Errorf("unknown network %q: use one of %s", name, strings.Join(names, ", "))
}

// Text writes a network as Find reads it: its name, and the options that differ from those of the network with that
// name among networks.
func Text(networks []Network, n Network) string {
	i := slices.IndexFunc(networks, func(o Network) bool { return o.Name() == n.Name() })
	if i < 0 {
		return n.Name()
	}
	usual, own := Options(networks[i]), Options(n)
	var parts []string
	for k := range min(len(usual), len(own)) {
		if own[k].Name == usual[k].Name && own[k].Value() != usual[k].Value() {
			parts = append(parts, own[k].Name+"="+own[k].Value())
		}
	}
	if parts == nil {
		return n.Name()
	}
	return n.Name() + ":" + strings.Join(parts, ",")
}
