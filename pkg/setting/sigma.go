package setting

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/pkg/task"
)

// sigma returns the row of -sigma: the range of noise levels of tasks that have one.
func sigma() Setting {
	s := Setting{Name: "sigma", Group: trained, Unit: "LO-HI", form: form{"anyOf": []form{{"type": "string"}, {"type": "number", "minimum": 0, "maximum": task.MaxLevel}}},
		shown: "0-57 in awgn, 0-5 in sharpening", Help: "noise of tasks with a range of levels, such as awgn: standard deviation on the 8-bit scale, uniform in this range for each picture, or one number. t is a 255th of it"}
	s.appliesTo = func(t task.Task) bool { return t.NoiseLevels != nil }
	s.fallback = func(r *resolving) {
		if offered, err := r.known.Task(r.Task.Name); err == nil && s.appliesTo(r.Task) {
			r.Task = r.Task.OfLevels(*offered.NoiseLevels)
		}
	}
	s.set = func(r *resolving, text string) error {
		if !s.appliesTo(r.Task) {
			return wrong("task "+r.Task.Name+" has no range of noise", "leave it out")
		}
		levels, err := parseLevels(text)
		if err == nil {
			r.Task = r.Task.OfLevels(levels)
		}
		return err
	}
	s.value = func(c Config) any {
		if c.Task.NoiseLevels == nil {
			return nil
		}
		return levelsText(*c.Task.NoiseLevels)
	}
	return s
}

// parseLevels parses LO-HI, or one number, which is both.
func parseLevels(text string) (task.Levels, error) {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	}
	from, err := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	if err != nil || err2 != nil || !(from >= 0 && from <= to && to <= task.MaxLevel) {
		return task.Levels{}, wrong("not a range of noise", fmt.Sprintf("give two numbers from 0 to %d, the smaller one first, like 0-57", task.MaxLevel))
	}
	return task.Levels{Low: from, High: to}, nil
}

func levelsText(l task.Levels) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	if l.Low == l.High {
		return number(l.Low)
	}
	return number(l.Low) + "-" + number(l.High)
}
