package optimize

import (
	"fmt"
	"strings"
)

// Method makes rules of a name that command lines use.
type Method struct {
	Name string
	// WeightDecay is its usual weight decay; 0 for a method that usually has none.
	WeightDecay float64
	// New returns the rule, or an error where the settings do not go with it.
	New func(Settings) (Rule, error)
}

// Settings are what command lines set.
type Settings struct {
	WeightDecay float64
}

// Methods is a list of methods with distinct names.
type Methods []Method

// Standard returns the methods of this package. A program may append its own.
func Standard() Methods {
	return Methods{
		{Name: "adam", New: func(s Settings) (Rule, error) {
			if s.WeightDecay != 0 {
				return nil, fmt.Errorf("adam does not decay weights: use adamw")
			}
			return Adam{}, nil
		}},
		{Name: "adamw", WeightDecay: 0.01, New: func(s Settings) (Rule, error) { return AdamW{WeightDecay: s.WeightDecay}, nil }},
		{Name: "sgd", New: func(s Settings) (Rule, error) { return SGD{Momentum: 0.9, WeightDecay: s.WeightDecay}, nil }},
	}
}

// Names returns the names in the order of the list.
func (m Methods) Names() []string {
	names := make([]string, len(m))
	for i, method := range m {
		names[i] = method.Name
	}
	return names
}

// Find returns the method of a name.
func (m Methods) Find(name string) (Method, error) {
	for _, method := range m {
		if method.Name == name {
			return method, nil
		}
	}
	return Method{}, fmt.Errorf("unknown optimizer %q: use one of %s", name, strings.Join(m.Names(), ", "))
}
