// Package program turns a catalog into a program whose commands train, restore,
// evaluate, view, and make tables and diagnostics, with signals, exit statuses and help.
// A custom program is a catalog and one call of Main.
package program

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/evaluate"
	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/experiment/tables"
	"multiscale/pkg/experiment/variance"
	"multiscale/pkg/experiment/view"
	"multiscale/pkg/task"
)

// body runs a command with the arguments after its name.
type body func(ctx context.Context, known catalog.Catalog, args []string) error

// verb is a command of a program.
type verb struct {
	name, does string
	body       body
}

var verbs = []verb{
	{"train", "trains networks for a task and compares strategies: train [TASK] [flags]", train},
	{"restore", "runs an exported model on a picture of any size", restore.Main},
	{"evaluate", "measures exported models on whole pictures with fixed degradations", evaluate.Main},
	{"view", "serves a page that restores pictures and shows runs", view.Main},
	{"tables", "makes tables and a report from run folders; runs plans", tables.Main},
	{"variance", "measures mean and variance of the gradient estimator's terms", variance.Main},
}

// Main is the body of a program's main function. The first argument is the command. The
// catalog is the standard one with the choices of own added. It does not return.
func Main(own catalog.Catalog) {
	Command(name(), own, run)
}

// name returns the program's name, for messages.
func name() string {
	parts := strings.FieldsFunc(os.Args[0], func(r rune) bool { return r == '/' || r == '\\' })
	if len(parts) == 0 {
		return "program"
	}
	return strings.TrimSuffix(parts[len(parts)-1], ".exe")
}

func run(ctx context.Context, known catalog.Catalog, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		usage()
		return nil
	}
	var names []string
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name {
			return v.body(ctx, known, args[1:])
		}
		names = append(names, v.name)
	}
	advice := command.OneOf(names) + "; -h says what they do"
	if len(args) == 0 {
		return &command.UsageError{Reason: "no command is given", Advice: advice}
	}
	return &command.UsageError{Value: args[0], Reason: "there is no such command", Advice: advice}
}

func usage() {
	fmt.Printf("Usage: %s COMMAND [flags]; COMMAND -h lists the flags\n\n", name())
	for _, v := range verbs {
		fmt.Printf("  %-10s%s\n", v.name, v.does)
	}
}

// train trains for the task that the first argument names, or else for the first task of the catalog.
func train(ctx context.Context, known catalog.Catalog, args []string) error {
	t := known.Tasks[0]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		var err error
		if t, err = known.Task(args[0]); err != nil {
			return &command.UsageError{Value: args[0], Reason: "there is no such task", Advice: "use one of " + strings.Join(task.Names(known.Tasks), ", ")}
		}
		args = args[1:]
	}
	return experiment.Main(ctx, known, t, "train "+t.Name, args)
}

// Train is the body of the main function of a command that trains for the named task
// of the standard catalog. It does not return.
func Train(name string) {
	Command(name, catalog.Catalog{}, func(ctx context.Context, known catalog.Catalog, args []string) error {
		t, err := known.Task(name)
		if err != nil {
			return err
		}
		return experiment.Main(ctx, known, t, name, args)
	})
}

// Command is the body of the main function of a command. The catalog that run gets is the
// standard one with the choices of own added. It does not return.
func Command(name string, own catalog.Catalog, run func(ctx context.Context, known catalog.Catalog, args []string) error) {
	known, err := catalog.Standard().With(own)
	command.Main(name, func(ctx context.Context, args []string) error {
		if err != nil {
			return err
		}
		return run(ctx, known, args)
	})
}
