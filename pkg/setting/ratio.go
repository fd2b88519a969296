package setting

import (
	"multiscale/pkg/dataset"
	"multiscale/pkg/task"
)

// ratio is the scale of tasks that leave it to the data.
func ratio() Setting {
	s := Setting{Name: "ratio", Group: trained, Unit: "1|2", form: integers(1, 2), shown: "that of the pictures in -root",
		Help: "ratio of the sides of the clean pictures to those of the degraded ones; 2 trains networks that enlarge"}
	s.of = func(t task.Task) bool { return t.Enlarging != nil }
	take := func(r *resolving, ratio int) {
		r.Ratio = ratio
		r.Task = r.Task.OfRatio(ratio)
	}
	s.fallback = func(r *resolving) {
		if r.Ratio = 0; s.of(r.Task) {
			take(r, r.ratioOfData())
		}
	}
	s.set = func(r *resolving, text string) error {
		if !s.of(r.Task) {
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

// ratioOfData is the ratio of the first pair of the data; 1 where no pair can be read, which is
// an error of opening the data set later.
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

// ofPairs says that the task learns from degraded pictures of the data set alone.
func (r *resolving) ofPairs() bool { return wantsPairs(r.Task) || r.Ratio != 0 }

// wantsPairs says that a task makes no degraded pictures of its own.
func wantsPairs(t task.Task) bool { return t.Paired() && t.Scale == 1 }

// formats are the data sets for the task: of this project's those with degraded pictures
// where it makes none. What a program's own have, only their galleries say.
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
		return r.known.Data // which then says what it lacks
	}
	return list
}
