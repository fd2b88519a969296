package setting

import (
	"multiscale/pkg/dataset"
	"multiscale/pkg/task"
)

// ratio returns the row of -ratio: the scale of tasks whose data decides it.
func ratio() Setting {
	s := Setting{Name: "ratio", Group: trained, Unit: "1|2", form: integers(1, 2), shown: "that of the pictures in -root",
		Help: "ratio of the sides of the clean pictures to those of the degraded ones; 2 trains networks that enlarge"}
	s.appliesTo = func(t task.Task) bool { return t.Enlarging != nil }
	take := func(r *resolving, ratio int) {
		r.Ratio = ratio
		r.Task = r.Task.OfRatio(ratio)
	}
	s.fallback = func(r *resolving) {
		if r.Ratio = 0; s.appliesTo(r.Task) {
			take(r, r.ratioOfData())
		}
	}
	s.set = func(r *resolving, text string) error {
		if !s.appliesTo(r.Task) {
			return wrong("task "+r.Task.Name+" has a ratio of its own", "leave it out")
		}
		n, err := parseWhole(text, 1, 2)
		take(r, n)
		return err
	}
	s.value = func(c Config) any {
		if c.Ratio == 0 {
			return nil
		}
		return c.Ratio
	}
	return s
}

// ratioOfData returns the ratio of the first pair of the data, and 1 if no pair can be read: opening
// the data set reports that later.
func (r *resolving) ratioOfData() int {
	for _, f := range formats(r) {
		if name := r.given["data"]; f.Ratio != nil && (name == f.Name || name == "") && r.given["root"] != "" {
			if n, err := f.Ratio(r.given["root"]); err == nil && n != 0 {
				return n
			}
			break
		}
	}
	return 1
}

// ofPairs reports whether all degraded pictures come from the data set.
func (r *resolving) ofPairs() bool { return wantsPairs(r.Task) || r.Ratio != 0 }

// wantsPairs reports whether a task of scale 1 takes its degraded pictures from the data set.
func wantsPairs(t task.Task) bool { return t.Paired() && t.Scale == 1 }

// formats returns the data sets for the task. If the task needs degraded pictures, those of this project that
// have none are left out. Data sets that a program adds stay: only their galleries tell what they have.
func formats(r *resolving) (list []dataset.Format) {
	if !r.ofPairs() {
		return r.known.Data
	}
	for _, f := range r.known.Data {
		if _, err := dataset.Find(dataset.Formats(), f.Name); f.Ratio != nil || err != nil {
			list = append(list, f)
		}
	}
	if list == nil {
		return r.known.Data // opening it reports the missing pictures
	}
	return list
}
