package dataset

import (
	"fmt"
	"strings"
)

// incomplete refuses a published data set that lacks something, unless that is allowed;
// then the report has it.
func (o Options) incomplete(name, root string, missing []string, to *Report) error {
	if len(missing) == 0 {
		return nil
	}
	if !o.AllowIncomplete {
		return fmt.Errorf("%s: not all of %s: %s; get it anew, or use -allow-incomplete", root, name, strings.Join(missing, "; "))
	}
	to.Missing = missing
	return nil
}

// fewer says that pictures are missing; "" if none are.
func fewer(what string, have, want int) []string {
	if have == want {
		return nil
	}
	return []string{fmt.Sprintf("%s has %d of %d pictures", what, have, want)}
}
