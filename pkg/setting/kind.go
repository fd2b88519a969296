package setting

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/command"
	"multiscale/pkg/lists"
)

// The functions of this file make rows of the table for values of one kind.

// row completes a row whose value is one field of the configuration: fallback returns its default, parse reads
// it, and show returns what run.json records.
func row[V any](s Setting, field func(*Config) *V, fallback func(r *resolving) V, parse func(r *resolving, text string) (V, error), show func(V) any) Setting {
	s.fallback = func(r *resolving) { *field(&r.Config) = fallback(r) }
	s.set = func(r *resolving, text string) (err error) {
		v, err := parse(r, text)
		if err == nil {
			*field(&r.Config) = v
		}
		return err
	}
	s.value = func(c Config) any { return show(*field(&c)) }
	return s
}

// always is a default that does not depend on other settings.
func always[V any](v V) func(*resolving) V { return func(*resolving) V { return v } }

// same is the show function of values that run.json records as they are.
func same[V any](v V) any { return v }

// choice is a row whose value is one of a list, given by its name.
func choice[V any](s Setting, field func(*Config) *V, list func(r *resolving) []V, name func(V) string, fallback func(r *resolving) V) Setting {
	s.choices = func(r *resolving) []string { return lists.Of(list(r), name) }
	return row(s, field, fallback, func(r *resolving, text string) (V, error) {
		return pick(list(r), name, text)
	}, func(v V) any { return name(v) })
}

// enumeration is a choice of constants; list has the default first.
func enumeration[V fmt.Stringer](s Setting, field func(*Config) *V, list []V) Setting {
	return choice(s, field, func(*resolving) []V { return list }, V.String, always(list[0]))
}

// name is a choice of texts; list has the default first.
func name(s Setting, field func(*Config) *string, list []string) Setting {
	return choice(s, field, func(*resolving) []string { return list }, func(v string) string { return v }, always(list[0]))
}

func pick[V any](list []V, name func(V) string, text string) (V, error) {
	v, ok := lists.Find(list, name, text)
	if !ok {
		return v, wrong("unknown", command.OneOf(lists.Of(list, name)))
	}
	return v, nil
}

// whole is a row with a whole number from min to max.
func whole(s Setting, field func(*Config) *int, min, max int, fallback func(r *resolving) int) Setting {
	s.form = integers(min, max)
	return row(s, field, fallback, func(_ *resolving, text string) (int, error) { return parseWhole(text, min, max) }, same[int])
}

func parseWhole(text string, min, max int) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, wrong("not a whole number", fmt.Sprintf("give one from %d to %d", min, max))
	case n < min:
		return 0, wrong(fmt.Sprintf("too small, the minimum is %d", min), "")
	case n > max:
		return 0, wrong(fmt.Sprintf("too large, the maximum is %d", max), "")
	}
	return n, nil
}

// number is a row with a number from 0 to max; 0 itself is only valid if zero is true.
func number(s Setting, field func(*Config) *float64, zero bool, max float64, what, advice string, fallback func(r *resolving) float64) Setting {
	s.form = form{"type": "number", "minimum": 0, "maximum": max}
	if !zero {
		s.form["exclusiveMinimum"] = 0
	}
	return row(s, field, fallback, func(_ *resolving, text string) (float64, error) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v == 0 && !zero || v > max {
			return 0, wrong("not a "+what, advice)
		}
		return v, nil
	}, same[float64])
}

// share is a row with a number from 0 to below 1.
func share(s Setting, field func(*Config) *float64, fallback func(r *resolving) float64) Setting {
	s = number(s, field, true, math.Nextafter(1, 0), "share", "give a number from 0 to less than 1, like 0.9", fallback)
	s.form = form{"type": "number", "minimum": 0, "exclusiveMaximum": 1}
	return s
}

// toggle is a row with a boolean, false by default.
func toggle(s Setting, field func(*Config) *bool) Setting {
	s.isSwitch, s.form = true, form{"type": "boolean"}
	return row(s, field, always(false), func(_ *resolving, text string) (bool, error) {
		switch text {
		case "true", "false":
			return text == "true", nil
		}
		return false, wrong("the flag takes no value but true or false", "")
	}, same[bool])
}

// file is a row with a path, or another text that is not empty.
func file(s Setting, field func(*Config) *string, fallback func(r *resolving) string) Setting {
	s.form = form{"type": "string", "minLength": 1}
	return row(s, field, fallback, func(_ *resolving, text string) (string, error) {
		if text == "" {
			return "", wrong("the value is empty", "give "+s.Unit)
		}
		return text, nil
	}, same[string])
}

// duration is a row with a duration of at least min.
func duration(s Setting, field func(*Config) *time.Duration, min, preset time.Duration) Setting {
	s.form = form{"type": "string"}
	return row(s, field, always(preset), func(_ *resolving, text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, wrong("not a time", "write it like 90s, 2m or 1h")
		}
		if d < min {
			return 0, wrong(fmt.Sprintf("less than %v", min), "give a longer time")
		}
		return d, nil
	}, func(d time.Duration) any { return command.FormatDuration(d) })
}

// size is a row with a number of bytes, at least min; few is the reason why less is an error.
func size(s Setting, field func(*Config) *int64, min, preset int64, few string) Setting {
	s.form = form{"type": []string{"string", "integer"}}
	return row(s, field, always(preset), func(_ *resolving, text string) (int64, error) {
		n, err := command.ParseSize(text)
		if err != nil {
			return 0, wrong("not a size", "write it like 2GiB or 512MiB")
		}
		if n < min {
			return 0, wrong(few, "give at least "+command.FormatSize(min))
		}
		return n, nil
	}, func(n int64) any { return command.FormatSize(n) })
}

// several splits "a,b,c" and parses every part. If distinct, equal values are an error.
func several[V any](text string, distinct bool, parse func(part string) (V, error)) ([]V, error) {
	var list []V
	var seen []string
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, wrong("an entry of the list is empty", "write it like a,b,c")
		}
		v, err := parse(part)
		if err != nil {
			return nil, err
		}
		value := fmt.Sprint(v) // of the parsed value, so that 01 equals 1
		if distinct && slices.Contains(seen, value) {
			return nil, wrong(part+" is in it twice", "")
		}
		seen = append(seen, value)
		list = append(list, v)
	}
	return list, nil
}
