package optimize

import (
	"fmt"
	"strings"

	"multiscale/pkg/lists"
)

// Method makes rules. It has a name that command lines use.
type Method struct {
	Name string
	// WeightDecay, Momentum, Beta1 and Beta2 are the defaults of these settings, or 0 if the
	// method does not use them.
	WeightDecay, Momentum, Beta1, Beta2 float64
	// New returns the rule, or an error if the settings do not fit it. The error is a
	// *SettingError if a single setting is wrong.
	New func(Settings) (Rule, error)
}

// Settings are the values that command lines can set. Usual returns their defaults.
type Settings struct {
	WeightDecay float64
	Momentum    float64 // of gradient descent
	Nesterov    bool
	Beta1       float64 // decay of Adam's first moment
	Beta2       float64 // decay of Adam's second moment
}

// Usual returns the default settings of a method.
func (m Method) Usual() Settings {
	return Settings{WeightDecay: m.WeightDecay, Momentum: m.Momentum, Beta1: m.Beta1, Beta2: m.Beta2}
}

// SettingError is the error of a method that cannot be made with a setting.
type SettingError struct {
	Setting string // name on command lines
	Reason  string
}

// Error implements error.
func (e *SettingError) Error() string { return e.Setting + ": " + e.Reason }

// Methods is a list of methods with distinct names.
type Methods []Method

// Standard returns the methods of this package. Programs may append their own.
func Standard() Methods {
	return Methods{
		{Name: "adam", Beta1: usualBeta1, Beta2: usualBeta2, New: newAdam},
		{Name: "adamw", WeightDecay: 0.01, Beta1: usualBeta1, Beta2: usualBeta2, New: newAdamW},
		{Name: "sgd", Momentum: 0.9, New: newSGD},
	}
}

func newAdam(s Settings) (Rule, error) {
	if s.WeightDecay != 0 {
		return nil, &SettingError{"weight-decay", "adam does not decay weights: use adamw"}
	}
	return checkedAdam(s)
}

func newAdamW(s Settings) (Rule, error) {
	adam, err := checkedAdam(s)
	if err != nil {
		return nil, err
	}
	return AdamW{Adam: adam, WeightDecay: s.WeightDecay}, nil
}

// checkedAdam returns Adam with settings that fit it and AdamW.
func checkedAdam(s Settings) (Adam, error) {
	switch {
	case s.Momentum != 0:
		return Adam{}, &SettingError{"momentum", "the momentum of adam and adamw is beta1"}
	case s.Nesterov:
		return Adam{}, &SettingError{"nesterov", "adam and adamw have no such form: use sgd"}
	case !share(s.Beta1):
		return Adam{}, &SettingError{"beta1", "a share from 0 to less than 1 is needed"}
	case !share(s.Beta2):
		return Adam{}, &SettingError{"beta2", "a share from 0 to less than 1 is needed"}
	}
	return NewAdam(s.Beta1, s.Beta2, usualEpsilon), nil
}

func newSGD(s Settings) (Rule, error) {
	switch {
	case s.Beta1 != 0:
		return nil, &SettingError{"beta1", "sgd has momentum instead"}
	case s.Beta2 != 0:
		return nil, &SettingError{"beta2", "sgd has no second moment"}
	case !share(s.Momentum):
		return nil, &SettingError{"momentum", "a share from 0 to less than 1 is needed"}
	case s.Nesterov && s.Momentum == 0:
		return nil, &SettingError{"nesterov", "there is no momentum to look ahead with"}
	}
	return SGD{Momentum: s.Momentum, Nesterov: s.Nesterov, WeightDecay: s.WeightDecay}, nil
}

// share reports whether v can be the decay of a running mean.
func share(v float64) bool { return v >= 0 && v < 1 }

// Names returns the names in the order of the list.
func (m Methods) Names() []string {
	return lists.Of(m, nameOf)
}

func nameOf(m Method) string { return m.Name }

// Find returns the method with the given name.
func (m Methods) Find(name string) (Method, error) {
	if method, ok := lists.Find(m, nameOf, name); ok {
		return method, nil
	}
	return Method{}, fmt.Errorf("unknown optimizer %q: use one of %s", name, strings.Join(m.Names(), ", "))
}
