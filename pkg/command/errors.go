package command

import "fmt"

// UsageError is a wrong way to call a command; it ends with exit status 2.
type UsageError struct {
	Flag   string // with its dash; empty if no flag is at fault
	Value  string // as given; empty if the flag itself is at fault
	Reason string
	Advice string // what to do; may be empty
}

func (e *UsageError) Error() string {
	s := e.Flag
	if e.Value != "" {
		if s != "" {
			s += " "
		}
		s += e.Value
	}
	if s != "" {
		s += ": "
	}
	s += e.Reason
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

// Wrong returns a UsageError about the value of a flag, which is named without its dash.
func Wrong(flag string, value any, reason, advice string) *UsageError {
	text := fmt.Sprint(value)
	switch text {
	case "":
		text = `""`
	case "true": // a switch, which is given without a value
		text = ""
	}
	return &UsageError{Flag: "-" + flag, Value: text, Reason: reason, Advice: advice}
}
