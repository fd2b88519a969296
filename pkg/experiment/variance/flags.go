package variance

import (
	"context"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment"
	"multiscale/pkg/task"
)

// Request is what is asked for.
type Request struct {
	command.Config // of the flags that training has, too
	Task           task.Task
	known          catalog.Catalog
	Samples        int      // single-sample gradients for each level
	Estimates      int      // repetitions of the whole estimator; 0 for none
	Weights        []string // files of -init, or initialWeights

	// What is compared; the first of each is what the estimator is measured with.
	Restrictions, Degradations, Couplings []string
}

// restricted couples the dropout masks of a difference's two meshes.
const restricted = "restricted"

// initialWeights stands for the weights before training in -init.
const initialWeights = "initial"

// The numbers of repetitions without -samples and -estimates.
const (
	defaultSamples   = 48
	defaultEstimates = 24
	mostRepetitions  = 1 << 20
)

// Main is the command's body: it parses the flags and runs.
func Main(ctx context.Context, known catalog.Catalog, args []string) error {
	r, err := parse(known, args, os.Stdout)
	if err != nil {
		return err
	}
	return Run(ctx, r, os.Stdout, os.Stderr)
}

// training are the flags of the training experiments that make no sense here.
var training = []string{
	"strategy", "seeds", "init", "iterations", "stages", "released", "lr", "schedule", "optimizer", "weight-decay", "allocation",
	"clip", "restriction", "degrade", "dropout-coupling", "dry-run", "resume", "force", "checkpoint-every", "onnxruntime",
}

func parse(known catalog.Catalog, args []string, help io.Writer) (Request, error) {
	r := Request{known: known, Samples: defaultSamples, Estimates: defaultEstimates}
	var err error
	if r.Task, err = taskOf(known, args); err != nil {
		return r, err
	}
	flags := experiment.Flags(known, r.Task)
	flags.Command, flags.Does = "variance", "measures mean and variance of the gradient estimator's terms, level by level."
	flags.Without = training
	flags.Pending = map[string][]string{"levels": {"auto"}}
	flags.Extra = func(f *command.Flags) {
		f.Help = help
		r.define(known, f, flags.Restriction)
	}
	r.Config, err = command.Parse(flags, args)
	if err != nil {
		return r, err
	}
	if len(r.Weights) == 0 {
		r.Weights = []string{initialWeights}
	}
	return r, nil
}

// define declares the command's own flags. restriction is the task's own.
func (r *Request) define(known catalog.Catalog, f *command.Flags, restriction string) {
	f.Group("What is measured")
	name := r.Task.Name
	f.Choice(&name, "task", task.Names(known.Tasks), "restoration problem")
	f.Int(&r.Samples, "samples", "N", 2, mostRepetitions, strconv.Itoa(r.Samples), "gradients of single samples, for each level")
	f.Int(&r.Estimates, "estimates", "N", 0, mostRepetitions, strconv.Itoa(r.Estimates),
		"repetitions of the whole estimator, whose variance is compared with the predicted one; 0, or from 2 on")
	f.Strings(&r.Weights, "init", "FILE", "weights to measure with: an exported model, a checkpoint of its training, or the word "+initialWeights+
		"; give the flag again for each further one (default "+initialWeights+")")
	choose := func(to *[]string, name string, choices []string, first, usage string) {
		i := slices.Index(choices, first)
		*to = slices.Concat([]string{first}, choices[:i], choices[i+1:])
		f.Func(name, strings.Join(choices, "|"), "each", usage, func(s string) error {
			if !slices.Contains(choices, s) {
				return command.Wrong(name, s, "unknown", "use one of "+strings.Join(choices, ", ")+", or leave the flag out for each of them")
			}
			*to = []string{s}
			return nil
		})
	}
	var restrictions []string
	for _, op := range known.Restrictions {
		restrictions = append(restrictions, op.Name())
	}
	choose(&r.Restrictions, "restriction", restrictions, restriction, "how pictures are brought to a coarser mesh")
	choose(&r.Degradations, "degrade", []string{"fine", "coarse"}, "fine", "degrade on the finest mesh and restrict, or degrade anew on each mesh")
	choose(&r.Couplings, "dropout-coupling", []string{"independent", restricted}, "independent",
		"dropout masks of the two meshes of a difference; each is tried with the first of the other choices")
}

// taskOf finds the task among the arguments, for the other flags' choices and
// defaults depend on it.
func taskOf(known catalog.Catalog, args []string) (task.Task, error) {
	for i, a := range args {
		name, value, given := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name != "task" || !strings.HasPrefix(a, "-") {
			continue
		}
		if !given && i+1 < len(args) {
			value = args[i+1]
		}
		if value == "" {
			break // parsing says what is wrong
		}
		t, err := known.Task(value)
		if err != nil {
			return t, command.Wrong("task", value, "unknown", "use one of "+strings.Join(task.Names(known.Tasks), ", "))
		}
		return t, nil
	}
	return known.Tasks[0], nil
}
