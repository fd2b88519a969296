package comparison

import (
	"maps"
	"slices"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/setting"
)

// Variant lists settings with their values, separated by commas.
type Variant string

const between = ", "

// list returns the settings of v, like "allocation optimal".
func (v Variant) list() []string {
	if v == "" {
		return nil
	}
	return strings.Split(string(v), between)
}

// with returns v with a further setting.
func (v Variant) with(given string) Variant { return Variant(join(string(v), given)) }

// where returns the settings of v that satisfy keep.
func (v Variant) where(keep func(given string) bool) Variant {
	return Variant(join(slices.DeleteFunc(v.list(), func(given string) bool { return !keep(given) })...))
}

// named returns the setting of a name in v, "" if v does not have it.
func (v Variant) named(name string) string {
	for _, given := range v.list() {
		if n, _, _ := strings.Cut(given, " "); n == name {
			return given
		}
	}
	return ""
}

// sizes has the settings of the size of the work: each combination has its own table.
var sizes = []string{"side", "levels", "batch", "iterations"}

// methodOf returns the settings of a record that distinguish rows, as text.
func methodOf(r runfolder.Record) setting.Values {
	all := setting.Complete(r.Configuration)
	for _, name := range []string{"task", "network", "data", "profile", "data_digest", "init_digest", "kernel_path", "levels_chosen"} {
		delete(all, name)
	}
	for _, name := range sizes {
		if name != "levels" || all[name] != "auto" {
			delete(all, name)
		}
	}
	for _, s := range setting.Table() {
		if s.Effect == setting.Rounding {
			delete(all, s.Name)
		}
	}
	return all
}

// defaultsOf returns the defaults of the run's task, network, optimizer and size of the work, as text: those
// of this program if it has the task, else those that the run recorded; nil if none are known.
func defaultsOf(r runfolder.Record, known catalog.Catalog) setting.Values {
	given := setting.Values{}
	for _, name := range append([]string{"task", "ratio", "network", "profile", "optimizer"}, sizes...) {
		if v, ok := r.Configuration[name]; ok {
			given[name] = setting.Text(v)
		}
	}
	defaults := r.Defaults
	if c, err := setting.Parse(known, given); err == nil {
		defaults = c.Defaults()
	}
	if defaults == nil {
		return nil
	}
	all := setting.Complete(defaults)
	if all["levels"] == "auto" {
		all["levels"] = "" // so that auto is always part of the variant
	}
	return all
}

// variant lists the settings that differ from the defaults. Without defaults it is empty;
// Groups then adds the settings in which runs differ.
func variant(settings, defaults setting.Values) Variant {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if usual, ok := defaults[name]; ok && usual != settings[name] {
			list = append(list, name+" "+settings[name])
		}
	}
	return Variant(strings.Join(list, between))
}
