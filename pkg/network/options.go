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

// kind is a type of network that can be written as text.
type kind struct {
	name  string
	parse func(options []byte) (Network, error)
}

var (
	kinds     = map[string]kind{}
	kindNames = map[reflect.Type]string{}
)

func init() {
	Register[ResNet]("resnet")
	Register[UNet]("unet")
	Register[SRNet]("srnet")
	Register[ESPCN]("espcn")
	Register[Enlarged]("enlarged")
}

// Register makes the networks of a type known to Describe and Parse under the name of a
// kind. Their options are the exported fields; a method Check() error, where there is one,
// says what is wrong with them. It is meant for init functions and not safe for concurrent use.
func Register[N Network](name string) {
	kinds[name] = kind{name, func(options []byte) (Network, error) {
		var n N
		if err := decode(options, &n); err != nil {
			return nil, fmt.Errorf("options of %s: %w", name, err)
		}
		return n, check(n)
	}}
	kindNames[reflect.TypeFor[N]()] = name
}

// check asks a network whether its options are possible.
func check(n Network) error {
	if c, ok := n.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// Describe writes a network's kind and options as one line of JSON, such as
// {"srnet":{"Out":3,"Hidden":64}}. It reports false for a type that is not registered.
func Describe(n Network) (string, bool) {
	name, known := kindNames[reflect.TypeOf(n)]
	if e, ok := n.(Enlarged); ok && known {
		_, known = Describe(e.Body)
	}
	if !known {
		return "", false
	}
	text, err := json.Marshal(map[string]Network{name: n})
	return string(text), err == nil
}

// longest description in bytes; those of the paper's networks take a hundred.
const longest = 4096

// Parse makes a network from what Describe wrote. Options that no network can have are an error.
func Parse(description string) (Network, error) {
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
		k, known := kinds[name]
		if !known {
			return nil, fmt.Errorf("network %q is not known here (%s are)", name, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		return k.parse(options)
	}
	return nil, errors.New("no network is described")
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

// enlarged is Enlarged as text.
type enlarged struct {
	Body   json.RawMessage
	Factor int
}

// MarshalJSON implements json.Marshaler: the body is described by its kind and options.
func (e Enlarged) MarshalJSON() ([]byte, error) {
	body, ok := Describe(e.Body)
	if !ok {
		return nil, fmt.Errorf("a network of type %T is not registered", e.Body)
	}
	return json.Marshal(enlarged{json.RawMessage(body), e.Factor})
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Enlarged) UnmarshalJSON(text []byte) error {
	var t enlarged
	if err := decode(text, &t); err != nil {
		return err
	}
	body, err := Parse(string(t.Body))
	e.Body, e.Factor = body, t.Factor
	return err
}

// Bounds of options. They are far beyond any network that could be trained, and keep what is
// built from a file's description within reason.
const (
	mostWidth  = 1 << 14 // channels, groups, heads
	mostBlocks = 1 << 10
	mostLevels = 8
	mostFactor = 16 // of enlargement
)

// option is a number that has bounds.
type option struct {
	name        string
	value, most int
}

// within says which option of a network is out of its bounds; all begin at 1.
func within(network string, options ...option) error {
	for _, o := range options {
		if o.value < 1 || o.value > o.most {
			return fmt.Errorf("%s: %s is %d, want 1 to %d", network, o.name, o.value, o.most)
		}
	}
	return nil
}

// Check says which option is out of bounds.
func (r ResNet) Check() error {
	return within("resnet", option{"Out", r.Out, mostWidth}, option{"Hidden", r.Hidden, mostWidth}, option{"Blocks", r.Blocks, mostBlocks})
}

// Check says which option is out of bounds.
func (u UNet) Check() error {
	options := []option{{"Out", u.Out, mostWidth}, {"Base", u.Base, mostWidth}, {"the number of Multipliers", len(u.Multipliers), mostLevels}}
	for _, m := range u.Multipliers {
		options = append(options, option{"one of Multipliers", m, mostWidth})
	}
	options = append(options, option{"Blocks", u.Blocks, mostBlocks}, option{"Heads", u.Heads, mostWidth}, option{"Groups", u.Groups, mostWidth})
	if err := within("unet", options...); err != nil {
		return err
	}
	if !(u.Dropout >= 0 && u.Dropout < 1) {
		return fmt.Errorf("unet: Dropout is %v, want 0 to less than 1", u.Dropout)
	}
	return nil
}

// Check says which option is out of bounds.
func (s SRNet) Check() error {
	return within("srnet", option{"Out", s.Out, mostWidth}, option{"Hidden", s.Hidden, mostWidth})
}

// Check says which option is out of bounds.
func (e ESPCN) Check() error {
	return within("espcn", option{"Channels", e.Channels, mostWidth}, option{"Hidden1", e.Hidden1, mostWidth}, option{"Hidden2", e.Hidden2, mostWidth}, option{"Factor", e.Factor, mostFactor})
}

// Check says which option is out of bounds, and whether the body keeps the size of its input.
func (e Enlarged) Check() error {
	if e.Body == nil || e.Body.Scale() != 1 {
		return errors.New("enlarged: the network inside must be one of scale 1")
	}
	if err := within("enlarged", option{"Factor", e.Factor, mostFactor}); err != nil {
		return err
	}
	return check(e.Body)
}
