package setting

import (
	"fmt"
	"strconv"
	"strings"
)

// Extension is a number of steps that are added to a finished run.
type Extension struct {
	Steps int     // 0 for none
	Rate  float64 // learning rate of all of them
	// Stated reports whether the rate was given with the steps; -lr is then the rate of the run.
	// Otherwise the run's rate is the one in its run.json.
	Stated bool
}

// String returns the extension as -extend takes it: 100@0.0001.
func (x Extension) String() string {
	return fmt.Sprintf("%d@%s", x.Steps, strconv.FormatFloat(x.Rate, 'g', -1, 64))
}

// folder returns the ending of an extended run's folder name; "" without an extension.
func (x Extension) folder() string {
	if x.Steps == 0 {
		return ""
	}
	return "-extend-" + unfit.ReplaceAllString(x.String(), "-")
}

// Extends returns the folder of the run that Out extends: Out without the ending for Extend.
func (c Config) Extends() string { return strings.TrimSuffix(c.Out, c.Extend.folder()) }

// Extends reports whether a configuration of run.json belongs to an extended run.
func Extends(configuration map[string]any) bool {
	return Complete(configuration)["extend"] != none
}

// none is the text of a setting without a value.
const none = "none"

// shareOfRate is the default learning rate of added steps, as a share of the task's.
const shareOfRate = 0.1

// extend returns the row of -extend.
func extend() Setting {
	return row(Setting{
		Name: "extend", Group: method, Unit: "STEPS", Former: none,
		Help: "continue the finished run of the same flags for this many steps, in a folder beside it. -lr is then the learning rate of these steps, by default a tenth of the task's. With -extend STEPS@RATE, -lr is that of the run; if the run is not finished, all steps are trained",
	}, func(c *Config) *Extension { return &c.Extend }, always(Extension{}), func(r *resolving, text string) (x Extension, err error) {
		if text == none {
			return x, nil
		}
		steps, rate, stated := strings.Cut(text, "@")
		if x.Steps, err = parseWhole(steps, 1, maxIterations); err != nil {
			return x, err
		}
		if x.Stated = stated; stated {
			x.Rate, err = strconv.ParseFloat(rate, 64)
			if err != nil || !(x.Rate > 0 && x.Rate <= maxRate) {
				return x, wrong(fmt.Sprintf("%q is not a learning rate", rate), "write it like 100@1e-4")
			}
			return x, nil
		}
		x.Rate = shareOfRate * r.Task.LearningRate
		if r.isGiven("lr") {
			x.Rate, r.LearningRate = r.LearningRate, r.Task.LearningRate
		}
		return x, nil
	}, func(x Extension) any {
		if x.Steps == 0 {
			return none
		}
		return x.String()
	})
}
