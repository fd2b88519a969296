package command

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

func parseInt(name, s string, low, high int) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, Wrong(name, s, "not a whole number", fmt.Sprintf("give one from %d to %d", low, high))
	case n < low:
		return 0, Wrong(name, s, fmt.Sprintf("too small, the least is %d", low), "")
	case n > high:
		return 0, Wrong(name, s, fmt.Sprintf("too large, the most is %d", high), "")
	}
	return n, nil
}

// parseList splits "a,b,c" and parses every part, which must all be different
// if unique.
func parseList[T comparable](name, s string, unique bool, parse func(part string) (T, error)) ([]T, error) {
	var list []T
	seen := map[T]bool{}
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, Wrong(name, s, "an entry of the list is empty", "write it like a,b,c")
		}
		v, err := parse(part)
		if err != nil {
			return nil, err
		}
		if unique && seen[v] {
			return nil, Wrong(name, s, fmt.Sprintf("%v is in it twice", v), "")
		}
		seen[v] = true
		list = append(list, v)
	}
	return list, nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	// Longer suffixes first: "MiB" ends in "B".
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
}

// ParseSize parses a number of bytes: 2GiB, 512MiB, 1.5GB or 1000000.
func ParseSize(s string) (int64, error) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if bytes := v * u.bytes; err == nil && v >= 0 && bytes < math.MaxInt64 {
			return int64(bytes), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is not a size; write it like 2GiB or 512MiB", s)
}

// FormatSize writes a number of bytes so that ParseSize reads it back, with the
// largest binary unit that leaves a whole number.
func FormatSize(bytes int64) string {
	for i := 3; i >= 0; i-- {
		if unit := int64(sizeUnits[i].bytes); bytes >= unit && bytes%unit == 0 {
			return strconv.FormatInt(bytes/unit, 10) + sizeUnits[i].suffix
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// shortDuration is Duration.String without the zeros at its end: 2m, not 2m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
