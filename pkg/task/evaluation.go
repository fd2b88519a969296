package task

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/lists"
)

// Evaluation defines how whole images are degraded to measure trained networks: by settings of the
// user, such as noise=0.2. Without settings, images are degraded as in training.
type Evaluation struct {
	Settings []Setting
	// Conditions returns t for values of the settings, one for each. It is nil if the task has no
	// conditions.
	Conditions func(values []float64) []float32
	// Degrade returns the degradation for values of the settings. If it is nil, the task's
	// degradation is used, which then depends only on t.
	Degrade func(values []float64) Degrade
}

// Setting is a number that determines the strength of a degradation.
type Setting struct {
	Name  string // in flags and tables, such as noise
	Usage string // of its flag
	// Defaults are the values of an evaluation. A Switch has none: it is not a number and only
	// names the degradation.
	Defaults []float64
	Switch   bool
	Above    float64 // lower bound of values, excluded if Open
	Open     bool
	Max      float64
	Unit     string // of values in help texts, such as SHARE or PIXELS; default NUMBER
}

// Parse reads a value of the setting. It is an error if it is out of bounds.
func (s Setting) Parse(text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v >= s.Above && v <= s.Max) || s.Open && v == s.Above {
		from := "from"
		if s.Open {
			from = "above"
		}
		return 0, fmt.Errorf("%q is not a value of %s; give a number %s %v, at most %v, like %v", text, s.Name, from, s.Above, s.Max, s.Defaults[0])
	}
	return v, nil
}

func (e Evaluation) check(t Task) error {
	for _, s := range e.Settings {
		if s.Name == "" || s.Switch != (len(s.Defaults) == 0) {
			return fmt.Errorf("task %q: the setting %q of its evaluation needs a name and defaults", t.Name, s.Name)
		}
	}
	if len(e.Settings) > 0 && (e.Conditions != nil) != (t.NumConditions > 0) {
		return fmt.Errorf("task %q: Evaluation.Conditions must say what t is, and only for a task with conditions", t.Name)
	}
	return nil
}

// Case is one degradation of whole images.
type Case struct {
	Name    string    // such as blur=3,noise=0.05; Trained or Given if the task has no settings
	T       []float32 // nil if t is drawn for each image
	Degrade Degrade   // nil if the data set has the inputs
}

// The names of the cases without settings.
const (
	Trained = "as trained"
	Given   = "as given" // the data set has the degraded pictures
)

// Cases returns the cases of an evaluation, for all combinations of values. given has the user's values
// of settings. Other settings have their defaults.
func (t Task) Cases(given map[string][]float64) []Case {
	e := t.Evaluation
	if len(e.Settings) == 0 {
		return []Case{{Name: Trained, Degrade: t.Degrade}}
	}
	cases := [][]float64{nil}
	for _, s := range e.Settings {
		values := given[s.Name]
		switch {
		case s.Switch:
			values = []float64{0}
		case values == nil:
			values = s.Defaults
		}
		var next [][]float64
		for _, c := range cases {
			for _, v := range values {
				next = append(next, append(append([]float64(nil), c...), v))
			}
		}
		cases = next
	}
	var list []Case
	for _, values := range cases {
		c := Case{Name: e.name(values), Degrade: t.Degrade}
		if e.Degrade != nil {
			c.Degrade = e.Degrade(values)
		}
		if e.Conditions != nil {
			c.T = e.Conditions(values)
		}
		list = append(list, c)
	}
	return list
}

// name writes values as ParseCase reads them.
func (e Evaluation) name(values []float64) string {
	var parts []string
	for i, s := range e.Settings {
		part := s.Name
		if !s.Switch {
			part += "=" + strconv.FormatFloat(values[i], 'g', -1, 64)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}

// ParseCase reads a case from text such as noise=0.2 or blur=3,noise=0.1. Missing settings have the
// middle one of their defaults. A task without settings has one case, Trained.
func (t Task) ParseCase(text string) (Case, error) {
	if text == Trained && len(t.Evaluation.Settings) == 0 {
		return t.Cases(nil)[0], nil
	}
	given := map[string][]float64{}
	for _, s := range t.Evaluation.Settings {
		if !s.Switch {
			given[s.Name] = []float64{s.Defaults[len(s.Defaults)/2]}
		}
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, hasValue := strings.Cut(part, "=")
		s, err := t.setting(name)
		switch {
		case err != nil:
			return Case{}, err
		case s.Switch && hasValue:
			return Case{}, fmt.Errorf("%s takes no value", name)
		case s.Switch:
			continue
		}
		v, err := s.Parse(value)
		if err != nil {
			return Case{}, err
		}
		given[name] = []float64{v}
	}
	return t.Cases(given)[0], nil
}

// HasSetting reports whether the task's evaluation has a setting with the given name.
func (t Task) HasSetting(name string) bool {
	return slices.ContainsFunc(t.Evaluation.Settings, func(s Setting) bool { return s.Name == name })
}

// setting returns the setting with the given name.
func (t Task) setting(name string) (Setting, error) {
	if s, ok := lists.Find(t.Evaluation.Settings, func(s Setting) string { return s.Name }, name); ok {
		return s, nil
	}
	if len(t.Evaluation.Settings) == 0 {
		return Setting{}, fmt.Errorf("task %s has no settings; write %q", t.Name, Trained)
	}
	return Setting{}, fmt.Errorf("%q is not a setting of task %s; write %s", name, t.Name, t.Form())
}

// Form returns an example of the text that ParseCase reads.
func (t Task) Form() string {
	var values []float64
	for _, s := range t.Evaluation.Settings {
		if s.Switch {
			values = append(values, math.NaN())
		} else {
			values = append(values, s.Defaults[len(s.Defaults)/2])
		}
	}
	if len(values) == 0 {
		return Trained
	}
	return t.Evaluation.name(values)
}
