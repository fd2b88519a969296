package dataset

import (
	"fmt"
	"strings"
)

// incomplete refuses a published data set that lacks something or has more, unless that is allowed;
// then the report has it.
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

// fewer says that pictures are missing, or others among them; nothing if neither is so.
func fewer(what string, have, want int) []string {
	switch {
	case have == want:
		return nil
	case have > want:
		return []string{fmt.Sprintf("%s has %d pictures, %d too many", what, have, have-want)}
	}
	return []string{fmt.Sprintf("%s has %d of %d pictures", what, have, want)}
}
