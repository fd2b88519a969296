package setting

import (
	"errors"
	"fmt"
	"strings"

	"multiscale/pkg/allocation"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// maxPictures is the largest number of pictures of one optimizer step, over all levels.
const maxPictures = 1 << 22

// check returns an error if settings that are each valid do not go together.
func (r *resolving) check() error {
	switch {
	case r.isGiven("seed") && r.isGiven("seeds"):
		return &command.UsageError{Flag: "-seed and -seeds", Reason: "both are given", Advice: "use one of them"}
	case r.Resume && r.Force:
		return &command.UsageError{Flag: "-resume and -force", Reason: "they contradict each other", Advice: "-resume continues, -force begins again"}
	case r.StagesAuto && r.Allocation != allocation.Fixed:
		return &command.UsageError{Flag: "-stages auto and -allocation", Reason: "pilots need to know where stages end", Advice: "leave out one of them"}
	case r.StagesAuto && r.Extend.Steps > 0:
		return &command.UsageError{Flag: "-stages auto and -extend", Reason: "the steps before the extension are not known", Advice: "leave out one of them"}
	case r.LevelsAuto && r.isGiven("stages"):
		return &command.UsageError{Flag: "-stages and -levels auto", Reason: "how many stages there will be is not known", Advice: "leave out one of them"}
	}
	if r.Degrade == task.DegradeCoarse && r.ofPairs() {
		return command.Wrong("degrade", r.Degrade.String(), "the pictures of task "+r.Task.Name+" come degraded, and cannot be degraded anew", "leave it out")
	}
	if _, keeps := r.Restriction.(mesh.Picker); !keeps && r.Levels > 0 && r.Task.NoiseLevels != nil && r.Degrade == task.DegradeFine {
		return command.Wrong("restriction", r.Restriction.Name(), "means of pixels have less noise than t says", "use nearest, or -degrade coarse")
	}
	if err := CheckData(r.Data, r.Root, r.Validation); err != nil {
		return err
	}
	if err := r.checkOptimizer(); err != nil {
		return err
	}
	return r.checkMeshes()
}

// checkOptimizer returns an error if settings do not go with the optimizer.
func (r *resolving) checkOptimizer() error {
	_, err := r.Rule()
	var of *optimize.SettingError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &of):
		for _, s := range Table() {
			if s.Name == of.Setting {
				return command.Wrong(s.Name, s.value(r.Config), of.Reason, "")
			}
		}
	}
	return command.Wrong("optimizer", r.Optimizer.Name, err.Error(), "")
}

// CheckData returns an error if these folders do not go with a data set: if a needed one
// is missing, or one is given that the data set does not use.
func CheckData(f dataset.Format, root, validation string) error {
	switch {
	case f.Anywhere && root == "":
		return &command.UsageError{Flag: "-root", Reason: "-data " + f.Name + " needs the folder of the pictures", Advice: "give -root DIR"}
	case f.BuiltIn && root != "":
		return command.Wrong("root", root, "-data "+f.Name+" reads no files", "give -data as well, for instance -data folder")
	case !f.HasValidation && validation != "":
		return command.Wrong("validation", validation, "only for -data folder and pairs; "+f.Name+" has its own validation pictures", "")
	}
	return nil
}

// checkMeshes returns an error if the finest mesh cannot be halved often enough, the stages do not match
// the levels, or a step has too many pictures.
func (r *resolving) checkMeshes() error {
	multiple, minSide := r.Network.Multiple()*r.Task.Scale, r.Task.MinSide
	// fits reports whether the side can be halved levels times, and the network and the task accept the side of
	// the coarsest mesh.
	fits := func(levels int) bool {
		coarsest := r.Side >> levels
		return coarsest<<levels == r.Side && coarsest >= minSide && coarsest%multiple == 0
	}
	if !fits(r.Levels) {
		deepest := -1
		for l := range r.Levels {
			if fits(l) {
				deepest = l
			}
		}
		rule := fmt.Sprintf("the coarsest mesh must have a side of at least %d", minSide)
		if multiple > 1 {
			rule += fmt.Sprintf(" that %d divides", multiple)
		}
		reason := fmt.Sprintf("side %d does not go with %d levels of halving: %s", r.Side, r.Levels, rule)
		if r.isGiven("levels") && deepest >= 0 {
			return command.Wrong("levels", r.Levels, reason, fmt.Sprintf("use at most %d", deepest))
		}
		advice := fmt.Sprintf("use a multiple of %d", multiple<<r.Levels)
		if minSide > multiple {
			advice += fmt.Sprintf(" from %d on", minSide<<r.Levels)
		}
		if deepest >= 0 {
			advice += fmt.Sprintf(", or -levels %d", deepest)
		}
		return command.Wrong("side", r.Side, reason, advice)
	}
	if len(r.Stages) != r.Levels+1 {
		return command.Wrong("stages", text(r.Stages), fmt.Sprintf("%d stages for -levels %d", len(r.Stages), r.Levels),
			fmt.Sprintf("give %d numbers, one for each mesh, coarse to fine", r.Levels+1))
	}
	if total := r.BatchTotal(); total > maxPictures {
		return command.Wrong("batch", r.Batch, fmt.Sprintf("doubling over %d levels makes %d pictures a step, more than %d", r.Levels, total, maxPictures),
			"use a smaller -batch or fewer -levels")
	}
	return nil
}

// described returns the unit and the default of a setting for the help. They depend on the values
// given so far; if the profiles have different defaults, preset shows all.
func (s Setting) described(r resolving) (unit, preset string) {
	var names, presets []string
	for _, p := range Profiles() {
		given := Values{"profile": p.Name}
		for _, name := range []string{"task", "data", "root", "ratio"} { // these decide which networks there are
			if v, ok := r.given[name]; ok {
				given[name] = v
			}
		}
		with := resolving{known: r.known, given: given, prefix: r.prefix}
		if err := with.resolve(); err != nil { // a given value is wrong: show the usual defaults
			with = resolving{known: r.known, given: Values{}}
			with.resolve()
		}
		if s.choices != nil && unit == "" {
			separator := "|"
			if s.list {
				separator = ","
			}
			unit = strings.Join(s.choices(&with), separator)
		}
		value := ""
		if v := s.value(with.Config); v != nil && !s.isSwitch {
			value = text(v)
		}
		if s.remark != nil {
			if remark := s.remark(with.Config); remark != "" {
				value += ", " + remark
			}
		}
		names, presets = append(names, p.Name), append(presets, value)
	}
	if s.Unit != "" {
		unit = s.Unit
	}
	switch {
	case s.Name == "out":
		of := r.known.Tasks[0]
		if t, err := r.known.Task(r.given["task"]); err == nil {
			of = t
		}
		return unit, "results/runs/" + r.prefix + of.Name + "-NETWORK-DATA-PROFILE and what differs from the profile"
	case s.shown != "":
		return unit, s.shown
	case s.Name == "profile":
		return unit, names[0]
	}
	equal := true
	for _, p := range presets {
		equal = equal && p == presets[0]
	}
	if equal {
		return unit, presets[0]
	}
	for i := range presets {
		presets[i] = names[i] + " " + presets[i]
	}
	return unit, strings.Join(presets, ", ")
}
