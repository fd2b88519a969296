package variance

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// Request is a request to measure the gradient estimator.
type Request struct {
	setting.Config          // the settings in common with training
	Samples        int      // single-sample gradients for each level
	Estimates      int      // repetitions of the whole estimator; 0 for none
	Weights        []string // files of -init, or initialWeights

	// The compared variants. The whole estimator is measured with the first of each.
	Restrictions []mesh.Restriction
	Degradations []task.Degradation
	Couplings    []mge.Coupling
}

// initialWeights is the value of -init for the weights before training.
const initialWeights = "initial"

// The defaults of -samples and -estimates, and their maximum.
const (
	defaultSamples   = 48
	defaultEstimates = 24
	maxRepetitions   = 1 << 20
)

// Main is the body of the command: it parses the flags and runs the request.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, func(ctx context.Context, r Request, out, log io.Writer) error {
		command.UseThreads(r.Threads)
		return Run(ctx, r, out, log)
	})
}

// settings has the settings of training that are flags of this command, too.
var settings = []string{
	"task", "ratio", "profile", "network", "t", "seed", "data", "root", "validation", "channels", "augment", "skip-bad", "allow-incomplete", "side", "levels", "batch", "conv", "out", "memory", "threads", "detect-anomaly",
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{Samples: defaultSamples, Estimates: defaultEstimates}
	f := command.NewFlags("variance", "measures mean and variance of the gradient estimator's terms, level by level.")
	f.Help = help
	var restriction, degrade, coupling string
	f.Group("What is measured")
	f.Int(&r.Samples, "samples", "N", 2, maxRepetitions, strconv.Itoa(r.Samples), "number of gradients of single samples for each level")
	f.Int(&r.Estimates, "estimates", "N", 0, maxRepetitions, strconv.Itoa(r.Estimates),
		"repetitions of the whole estimator, to compare its variance with the prediction; 0, or at least 2")
	f.Strings(&r.Weights, "init", "FILE", "weights of the measurement: an exported model, a checkpoint of its training, which also has its second moment, or the word "+initialWeights+
		"; repeat the flag for more weights (default "+initialWeights+")")
	table := setting.Table()
	each := func(to *string, name string, choices []string) {
		at := slices.IndexFunc(table, func(s setting.Setting) bool { return s.Name == name })
		f.Func(name, strings.Join(choices, "|"), "each", table[at].Help, func(s string) error {
			if !slices.Contains(choices, s) {
				return command.Wrong(name, s, "unknown", command.OneOf(choices)+", or leave the flag out for each of them")
			}
			*to = s
			return nil
		})
	}
	f.Group("Variants; each is tried with the first choices of the others")
	each(&restriction, "restriction", lists.Of(known.Restrictions, mesh.Restriction.Name))
	each(&degrade, "degrade", lists.Of(task.Degradations(), task.Degradation.String))
	each(&coupling, "dropout-coupling", lists.Of(mge.Couplings(), mge.Coupling.String))
	line := setting.Line{Known: known, Takes: settings, Prefix: "variance-"}
	var err error
	if r.Config, err = line.Parse(f, args); err != nil {
		return r, err
	}
	r.Restrictions = chosen(known.Restrictions, mesh.Restriction.Name, restriction, r.Task.Restriction.Name())
	r.Degradations = chosen(task.Degradations(), task.Degradation.String, degrade, task.DegradeFine.String())
	if r.Task.Paired() && (r.Task.Scale == 1 || r.Ratio != 0) { // the data set has the degraded pictures
		r.Degradations = []task.Degradation{task.DegradeFine}
	}
	r.Couplings = chosen(mge.Couplings(), mge.Coupling.String, coupling, mge.Independent.String())
	return r, r.check()
}

// check returns an error if a flag is valid in training but not here, and sets the default of -init.
func (r *Request) check() error {
	switch {
	case r.LevelsAuto:
		return command.Wrong("levels", "auto", "this command itself measures which levels pay", "give the number of levels to measure")
	case r.Estimates == 1:
		return command.Wrong("estimates", r.Estimates, "a variance needs 2 at least", "give 0 for none, or more")
	}
	if err := command.CheckOnce("init", r.Weights); err != nil {
		return err
	}
	if len(r.Weights) == 0 {
		r.Weights = []string{initialWeights}
	}
	return nil
}

// chosen returns only the value with the name only. If that is "", it returns all values, the one with
// the name first before the others.
func chosen[V any](list []V, name func(V) string, only, first string) []V {
	at := func(text string) int { return slices.IndexFunc(list, func(v V) bool { return name(v) == text }) }
	if only != "" {
		i := at(only)
		return list[i : i+1]
	}
	i := max(at(first), 0)
	return slices.Concat(list[i:i+1], list[:i], list[i+1:])
}
