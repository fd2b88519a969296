package command

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/optimize"
)

// mostPictures bounds the pictures of one optimizer step over all levels.
const mostPictures = 1 << 22

// validate checks what single flags cannot: how they go together.
func (c *Config) validate(t Task, f *Flags) error {
	if f.Given("seed") && f.Given("seeds") {
		return &UsageError{Flag: "-seed and -seeds", Reason: "both are given", Advice: "use one of them"}
	}
	if c.Resume && c.Force {
		return &UsageError{Flag: "-resume and -force", Reason: "they contradict each other", Advice: "-resume goes on, -force begins again"}
	}
	if err := CheckData(t.Formats, c.Data, c.Root, c.Validation); err != nil {
		return err
	}
	if err := c.validateOptimizer(t, f); err != nil {
		return err
	}
	if c.LevelsAuto && f.Given("stages") {
		return &UsageError{Flag: "-stages and -levels auto", Reason: "how many stages there will be is not known", Advice: "leave out one of them"}
	}
	return c.validateMeshes(t, f)
}

// validateOptimizer gives the weight decay its usual value, and refuses one that does not
// go with the optimizer.
func (c *Config) validateOptimizer(t Task, f *Flags) error {
	method, err := t.Optimizers.Find(c.Optimizer)
	if err != nil {
		return Wrong("optimizer", c.Optimizer, err.Error(), "")
	}
	if !f.Given("weight-decay") {
		c.WeightDecay = method.WeightDecay
	}
	if _, err := method.New(optimize.Settings{WeightDecay: c.WeightDecay}); err != nil {
		return Wrong("weight-decay", c.WeightDecay, err.Error(), "")
	}
	return nil
}

// CheckData returns an error if the folders do not go with a data set, or if there
// is no such data set.
func CheckData(formats []dataset.Format, name, root, validation string) error {
	f, err := dataset.Find(formats, name)
	if err != nil {
		return Wrong("data", name, "unknown", "use one of "+strings.Join(dataset.Names(formats), ", "))
	}
	switch {
	case f.Anywhere && root == "":
		return &UsageError{Flag: "-root", Reason: "-data " + name + " needs the folder of the pictures", Advice: "give -root DIR"}
	case f.BuiltIn && root != "":
		return Wrong("root", root, "-data "+name+" reads no files", "give -data as well, for instance -data folder")
	case !f.HasValidation && validation != "":
		return Wrong("validation", validation, "only for -data folder; "+name+" has its own validation pictures", "")
	}
	return nil
}

func (c *Config) validateMeshes(t Task, f *Flags) error {
	multiple := 1
	for _, n := range t.Networks {
		if n.Name == c.Network {
			multiple = n.Multiple
		}
	}
	// fits reports whether the meshes go down to 2^levels times the finest.
	fits := func(levels int) bool {
		coarsest := c.Side >> levels
		return coarsest<<levels == c.Side && coarsest >= t.MinSide && coarsest%multiple == 0
	}
	if !fits(c.Levels) {
		most := -1
		for l := range c.Levels {
			if fits(l) {
				most = l
			}
		}
		rule := fmt.Sprintf("the coarsest mesh must have a side of at least %d", t.MinSide)
		if multiple > 1 {
			rule += fmt.Sprintf(" that %d divides", multiple)
		}
		reason := fmt.Sprintf("side %d does not go with %d levels of halving: %s", c.Side, c.Levels, rule)
		if f.Given("levels") && most >= 0 {
			return Wrong("levels", c.Levels, reason, fmt.Sprintf("use at most %d", most))
		}
		return Wrong("side", c.Side, reason, fmt.Sprintf("use a multiple of %d from %d on, or other -levels", multiple<<c.Levels, t.MinSide<<c.Levels))
	}
	if len(c.Stages) != c.Levels+1 {
		return Wrong("stages", joinInts(c.Stages), fmt.Sprintf("%d stages for -levels %d", len(c.Stages), c.Levels),
			fmt.Sprintf("give %d numbers, one for each mesh, coarse to fine", c.Levels+1))
	}
	if total := c.BatchTotal(); total > mostPictures {
		return Wrong("batch", c.Batch, fmt.Sprintf("doubling over %d levels makes %d pictures a step, more than %d", c.Levels, total, mostPictures),
			"use a smaller -batch or fewer -levels")
	}
	return nil
}

func joinInts(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
