package dataset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"multiscale/pkg/lists"
)

// Report says what a data set contains, and what it leaves out. Names of files are
// relative to the data set's folder, or begin with "validation:".
type Report struct {
	Train      int `json:"train"` // pictures for training
	Validation int `json:"validation"`
	Channels   int `json:"channels"`
	// Ratio is the ratio of the sides of the clean pictures to those of the degraded ones;
	// 0 if the data set has no degraded pictures, or if it is unknown.
	Ratio int `json:"ratio,omitempty"`
	// LeftOut counts, by kind, files and folders that are not used, such as hidden ones,
	// links, and files of unsupported formats.
	LeftOut []Count `json:"left_out,omitempty"`
	// Shared are the pictures left out of training because their pixels are those of a
	// validation picture.
	Shared []string `json:"shared,omitempty"`
	// Repeated is the number of pictures that equal an earlier one of the same part
	// (training or validation). They are used.
	Repeated int `json:"repeated,omitempty"`
	// Unmatched are pictures without a counterpart in the other folder of pairs.
	// Options.SkipBad leaves them out.
	Unmatched []string `json:"unmatched,omitempty"`
	// Bad are pictures that cannot be read. Options.SkipBad leaves them out.
	Bad []Bad `json:"bad,omitempty"`
	// Missing are differences from the published data set; see Options.AllowIncomplete.
	Missing []string `json:"missing,omitempty"`
	// Remarks are further facts, each with a number of pictures or 0.
	Remarks []Count `json:"remarks,omitempty"`
	// Decoded identifies the files that were decoded for this report, including pictures
	// that are left out; "" if none was decoded.
	Decoded string `json:"decoded,omitempty"`
}

// Count is a number of files of a kind.
type Count struct {
	Kind string `json:"kind"`
	N    int    `json:"n"`
}

// Bad is a picture that cannot be read.
type Bad struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// shownNames is the number of names that a line shows. The report has all.
const shownNames = 5

// Lines returns the report as text, one fact per line.
func (r *Report) Lines() []string {
	what, sides := "pictures", ""
	if r.Ratio != 0 {
		what, sides = "pairs", fmt.Sprintf(", degraded pictures of %s", [...]string{1: "the same sides", 2: "half the sides"}[r.Ratio])
	}
	lines := []string{fmt.Sprintf("%s: %d for training, %d for validation, %s%s", what, r.Train, r.Validation, channels(r.Channels), sides)}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if len(r.LeftOut) > 0 {
		add("files left out: %s", listCounts(r.LeftOut))
	}
	if n := len(r.Shared); n > 0 {
		add("left out of training: %d that validation has, too: %s", n, listNames(r.Shared))
	}
	if r.Repeated > 0 {
		add("saved more than once within training or validation, and used: %d", r.Repeated)
	}
	if n := len(r.Unmatched); n > 0 {
		add("left out as they have no counterpart: %d: %s", n, listNames(r.Unmatched))
	}
	if n := len(r.Bad); n > 0 {
		add("left out as they cannot be read: %d%s", n, listBad(r.Bad))
	}
	if len(r.Missing) > 0 {
		add("the data set is incomplete: %s", strings.Join(r.Missing, "; "))
	}
	for _, c := range r.Remarks {
		if c.N == 0 {
			add("%s", c.Kind)
		} else {
			add("%s: %d", c.Kind, c.N)
		}
	}
	return lines
}

// channels describes a number of channels.
func channels(n int) string {
	switch n {
	case 1:
		return "grey"
	case rgb:
		return "RGB"
	}
	return fmt.Sprintf("%d channels", n)
}

// listNames lists the first shownNames names.
func listNames(names []string) string { return listUpTo(shownNames, names) }

// listUpTo lists at most this many names, and counts the others.
func listUpTo(most int, names []string) string {
	list := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// maxBad is the largest number of names of bad pictures in a message.
const maxBad = 5000

// listBad lists bad pictures, one line per reason.
func listBad(bad []Bad) string {
	var order []string
	names := make(map[string][]string)
	for i, b := range bad {
		if i == maxBad {
			order = append(order, fmt.Sprintf("%d more", len(bad)-i))
			break
		}
		if names[b.Reason] == nil {
			order = append(order, b.Reason)
		}
		names[b.Reason] = append(names[b.Reason], b.Name)
	}
	var list strings.Builder
	for _, reason := range order {
		list.WriteString("\n  ")
		if n := names[reason]; n != nil {
			list.WriteString(strings.Join(n, ", ") + ": ")
		}
		list.WriteString(reason)
	}
	return list.String()
}

func listCounts(counts []Count) string {
	return strings.Join(lists.Of(counts, func(c Count) string { return fmt.Sprintf("%d %s", c.N, c.Kind) }), ", ")
}

// counts are numbers of files by kind.
type counts map[string]int

// sorted returns the counts above 0, the highest first. It appends where to each kind.
func (c counts) sorted(where string) (list []Count) {
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		if c[kind] > 0 {
			list = append(list, Count{kind + where, c[kind]})
		}
	}
	slices.SortStableFunc(list, func(a, b Count) int { return b.N - a.N })
	return list
}

func (c counts) list(where string) string { return listCounts(c.sorted(where)) }
