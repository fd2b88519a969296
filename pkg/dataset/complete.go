package dataset

import (
	"fmt"
	"strings"
)

// incomplete returns an error if missing names differences from the published data set. If
// o allows an incomplete set, it records them in the report instead.
func (o Options) incomplete(name, root string, missing []string, to *Report) error {
	if len(missing) == 0 {
		return nil
	}
	if !o.AllowIncomplete {
		return fmt.Errorf("%s: not %s as published: %s; give its own folder, get it anew, or use -allow-incomplete", root, name, strings.Join(missing, "; "))
	}
	to.Missing = missing
	return nil
}

// fewer describes a wrong number of pictures: too few, or too many. It returns nil if the
// number is right.
func fewer(what string, have, want int) []string {
	switch {
	case have == want:
		return nil
	case have > want:
		return []string{fmt.Sprintf("%s has %d pictures, %d too many", what, have, have-want)}
	}
	return []string{fmt.Sprintf("%s has %d of %d pictures", what, have, want)}
}
