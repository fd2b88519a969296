package table

import (
	"math"
	"strconv"
)

// Fixed formats a number with the given number of decimal places; NaN becomes "".
func Fixed(v float64, places int) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', places, 64)
}

// Digits formats a number with n significant digits; NaN becomes "". Numbers have an exponent only
// from 1e9 on, as errors of diverged networks do.
func Digits(v float64, n int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return Fixed(v, 0)
	}
	if math.Abs(v) >= 1e9 {
		return strconv.FormatFloat(v, 'e', n-1, 64)
	}
	places := n - 1 - int(math.Floor(math.Log10(math.Abs(v))))
	return Fixed(v, min(max(places, 0), 12))
}

// Exact formats a number with the fewest digits from which it can be read back; NaN
// becomes "".
func Exact(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Plain is Exact without an exponent: 480000, not 4.8e+05.
func Plain(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Work formats work units: rounded to four digits, and from 1000 on to whole numbers; NaN
// becomes "".
func Work(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	places := 0
	if size := math.Abs(v); size < 1000 && size > 0 {
		places = min(3-int(math.Floor(math.Log10(size))), 12)
	}
	scale := math.Pow10(places)
	return Plain(math.Round(v*scale) / scale)
}

// Grouped formats 2537187 as 2,537,187.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
