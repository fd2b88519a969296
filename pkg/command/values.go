package command

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseInt parses the value s of a flag, a whole number from min to max.
func parseInt(name, s string, min, max int) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, Wrong(name, s, "not a whole number", fmt.Sprintf("give one from %d to %d", min, max))
	case n < min:
		return 0, Wrong(name, s, fmt.Sprintf("too small, the minimum is %d", min), "")
	case n > max:
		return 0, Wrong(name, s, fmt.Sprintf("too large, the maximum is %d", max), "")
	}
	return n, nil
}

var sizeUnits = []struct {
	suffix string
	bytes  float64
}{
	// Longer suffixes first: "MiB" ends in "B".
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
}

// ParseSize parses a number of bytes, such as 2GiB, 512MiB, 1.5GB or 1000000.
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

// FormatSize formats a number of bytes in the largest binary unit that leaves a whole
// number. ParseSize reads it back.
func FormatSize(bytes int64) string {
	for i := 3; i >= 0; i-- {
		if unit := int64(sizeUnits[i].bytes); bytes >= unit && bytes%unit == 0 {
			return strconv.FormatInt(bytes/unit, 10) + sizeUnits[i].suffix
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// FormatDuration is Duration.String without the zeros at its end: 2m, not 2m0s.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
