package network

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Kinds maps names of kinds to types of networks that text can describe. Each type is given by an
// arbitrary value. The options of a network are its exported fields; a method Check() error, if
// the type has one, validates them. The kinds "enlarged" and "blind", with a body of any kind, are
// always known.
type Kinds map[string]Network

// Standard returns the kinds of this package: the paper's networks and later ones.
func Standard() Kinds {
	return Kinds{"resnet": ResNet{}, "unet": UNet{}, "srnet": SRNet{}, "espcn": ESPCN{}, "nafnet": NAFNet{}, "dncnn": DnCNN{}, "folded": Folded{}, "edsr": EDSR{}}
}

// With returns the kinds of both k and more.
func (k Kinds) With(more Kinds) Kinds {
	all := maps.Clone(k)
	maps.Copy(all, more)
	return all
}

// The kinds of networks that contain another one.
const (
	enlargedKind = "enlarged"
	blindKind    = "blind"
)

// The JSON forms of Enlarged and Blind.
type (
	enlarged struct {
		Body   json.RawMessage
		Factor int
	}
	blind struct{ Body json.RawMessage }
)

// Describe writes a network's kind and options as one line of JSON, such as
// {"srnet":{"Out":0,"Hidden":64}}. If the network's type is not in k, its Name is the kind. Describe
// returns false if that name belongs to another type, or if the options cannot be written.
func (k Kinds) Describe(n Network) (string, bool) {
	var name string
	var options any = n
	var ok bool
	switch o := n.(type) {
	case Enlarged:
		var body string
		body, ok = k.Describe(o.Body)
		name, options = enlargedKind, enlarged{json.RawMessage(body), o.Factor}
	case Blind:
		var body string
		body, ok = k.Describe(o.Body)
		name, options = blindKind, blind{json.RawMessage(body)}
	default:
		name, ok = k.kindOf(n)
	}
	if !ok {
		return "", false
	}
	text, err := json.Marshal(map[string]any{name: options})
	return string(text), err == nil
}

func (k Kinds) kindOf(n Network) (string, bool) {
	for name, example := range k {
		if reflect.TypeOf(example) == reflect.TypeOf(n) {
			return name, true
		}
	}
	_, taken := k[n.Name()]
	return n.Name(), !taken && n.Name() != enlargedKind && n.Name() != blindKind
}

// ErrUnknown is the error of Parse for a kind that is not among the Kinds.
var ErrUnknown = errors.New("unknown")

// longest bounds the bytes of a description. Descriptions of the paper's networks take about a
// hundred.
const longest = 4096

// Parse makes a network from a description that Describe has written. It returns an error for
// options that are unknown or out of bounds.
func (k Kinds) Parse(description string) (Network, error) {
	if len(description) > longest {
		return nil, fmt.Errorf("a description of %d bytes is too long for a network", len(description))
	}
	var one map[string]json.RawMessage
	if err := decode([]byte(description), &one); err != nil {
		return nil, err
	}
	if len(one) != 1 {
		return nil, fmt.Errorf("%d networks are described, want one", len(one))
	}
	for name, options := range one {
		n, err := k.parse(name, options)
		if err != nil {
			return nil, fmt.Errorf("network %q: %w", name, err)
		}
		return n, check(n)
	}
	return nil, errors.New("no network is described")
}

func (k Kinds) parse(name string, options []byte) (Network, error) {
	if name == enlargedKind {
		var e enlarged
		if err := decode(options, &e); err != nil {
			return nil, err
		}
		body, err := k.Parse(string(e.Body))
		return Enlarged{body, e.Factor}, err
	}
	if name == blindKind {
		var b blind
		if err := decode(options, &b); err != nil {
			return nil, err
		}
		body, err := k.Parse(string(b.Body))
		return Blind{body}, err
	}
	example, known := k[name]
	if !known {
		return nil, fmt.Errorf("%w; known are %s, %s and %s", ErrUnknown, strings.Join(slices.Sorted(maps.Keys(k)), ", "), enlargedKind, blindKind)
	}
	if string(options) == "null" {
		return nil, errors.New("it has no options")
	}
	n := reflect.New(reflect.TypeOf(example))
	err := decode(options, n.Interface())
	return n.Elem().Interface().(Network), err
}

func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more after its end")
	}
	return nil
}

// Bounds of options. They are far beyond any network that could be trained. They limit the size of
// the networks that descriptions in files can request.
const (
	maxWidth  = 1 << 14 // channels, groups, heads
	maxBlocks = 1 << 10
	maxLevels = 8
	maxFactor = 16 // of enlargement
)

// Check returns an error if the body changes the size of its input or has wrong options, or if the
// factor is out of bounds.
func (e Enlarged) Check() error {
	if e.Body == nil || e.Body.Scale() != 1 {
		return errors.New("enlarged: the network inside must be one of scale 1")
	}
	if err := within("enlarged", "Factor", e.Factor, 1, maxFactor); err != nil {
		return err
	}
	return check(e.Body)
}

// within checks a number of a network that is not an option, but follows from the pictures.
func within(network, name string, value, low, high int) error {
	if value < low || value > high {
		return fmt.Errorf("%s: %s is %d, want %d to %d", network, name, value, low, high)
	}
	return nil
}
