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

// Request is what the command is to do.
type Request struct {
	setting.Config          // of the settings that training has, too
	Samples        int      // single-sample gradients for each level
	Estimates      int      // repetitions of the whole estimator; 0 for none
	Weights        []string // files of -init, or initialWeights

	// What is compared; the first of each is what the estimator is measured with.
	Restrictions []mesh.Restriction
	Degradations []task.Degradation
	Couplings    []mge.Coupling
}

// initialWeights stands for the weights before training in -init.
const initialWeights = "initial"

// The numbers of repetitions without -samples and -estimates.
const (
	defaultSamples   = 48
	defaultEstimates = 24
	maxRepetitions   = 1 << 20
)

// Main is the command's body: it parses the flags and runs.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	return command.Do(ctx, known, args, parse, func(ctx context.Context, r Request, out, log io.Writer) error {
		command.UseThreads(r.Threads)
		return Run(ctx, r, out, log)
	})
}

// settings are those of training that a measurement has.
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
	f.Strings(&r.Weights, "init", "FILE", "weights of the measurement: an exported model, a checkpoint of its training, or the word "+initialWeights+
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
	if r.Task.Paired() && (r.Task.Scale == 1 || r.Ratio != 0) { // pictures come degraded
		r.Degradations = []task.Degradation{task.DegradeFine}
	}
	r.Couplings = chosen(mge.Couplings(), mge.Coupling.String, coupling, mge.Independent.String())
	return r, r.check()
}

// check refuses what single flags cannot.
func (r *Request) check() error {
	switch {
	case r.LevelsAuto:
		return command.Wrong("levels", "auto", "what is measured is which levels pay", "give the number of levels to measure")
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

// chosen returns the value of a name alone; without a name all of them, the one called
// first before the others.
func chosen[V any](list []V, name func(V) string, only, first string) []V {
	at := func(text string) int { return slices.IndexFunc(list, func(v V) bool { return name(v) == text }) }
	if only != "" {
		i := at(only)
		return list[i : i+1]
	}
	i := max(at(first), 0)
	return slices.Concat(list[i:i+1], list[:i], list[i+1:])
}
