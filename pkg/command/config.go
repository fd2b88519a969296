package command

import (
	"context"
	"strings"
	"time"

	"multiscale/pkg/dataset"
)

// Config is what the flags of a training experiment ask for, validated. All
// numbers are final: the profile has been applied.
type Config struct {
	Task    string
	Profile string

	// The work.
	Network    string
	Strategies []string // in the order asked
	Seeds      []uint64 // in the order asked
	Side       int      // pixels of the finest mesh
	Levels     int      // L: meshes coarser than the finest
	LevelsAuto bool     // -levels auto; Levels is then the most that may be used
	Batch      int      // N_0; doubles with every coarser level
	Iterations int      // of single-scale and MGE
	Stages     []int    // iterations of Full-Multiscale, coarse to fine, Levels+1
	Released   bool

	// The method.
	LearningRate    float64
	Schedule        string
	Optimizer       string
	WeightDecay     float64 // of the optimizer
	Clip            float64 // bound of the gradient's norm; 0 is none
	Restriction     string
	Degrade         string
	Allocation      string
	DropoutCoupling string
	Conv            string
	Init            string // an .onnx file, or ""

	// The pictures.
	Data       string
	Root       string // folder of the data; "" for deadleaves
	Validation string // folder of validation pictures, or ""
	Channels   int    // 1 for grey, 3 for RGB; 0 for those of the data set

	SkipBad         bool // leave out pictures that cannot be read
	AllowIncomplete bool // take a published data set that lacks pictures

	// The run.
	Out             string
	Resume, Force   bool
	CheckpointEvery time.Duration
	Memory          int64 // bytes for activations
	ONNXRuntime     string
	DryRun          bool
	DetectAnomaly   bool // look at every result for NaN and infinities
}

// BatchTotal is the single-scale batch: the sum of N_l over all levels.
func (c Config) BatchTotal() int { return c.Batch * (1<<(c.Levels+1) - 1) }

// Determining returns what a run's results follow from, by flag name: two
// configurations that agree in it may share a run folder. Strategies and seeds
// are units of a folder and not in it; neither are -root, -validation and
// -init, whose contents count and not their places: the caller adds digests.
func (c Config) Determining() map[string]any {
	all := map[string]any{
		"task": c.Task, "profile": c.Profile, "network": c.Network, "data": c.Data,
		"side": c.Side, "levels": c.levels(), "batch": c.Batch, "iterations": c.Iterations, "stages": c.Stages,
		"released": c.Released, "lr": c.LearningRate, "schedule": c.Schedule, "optimizer": c.Optimizer, "clip": c.Clip,
		"restriction": c.Restriction, "degrade": c.Degrade, "allocation": c.Allocation,
		"dropout-coupling": c.DropoutCoupling, "conv": c.Conv,
		// Micro-batches follow from it, and with them the order of summation.
		"memory": FormatSize(c.Memory),
	}
	if c.LevelsAuto {
		delete(all, "stages") // as many as levels will be
	}
	if c.Channels != 0 { // folders without it have those of the data set
		all["channels"] = c.Channels
	}
	if c.WeightDecay != 0 { // folders without it have none
		all["weight-decay"] = c.WeightDecay
	}
	return all
}

// Flags returns every flag in force, by name, as run.json records them.
func (c Config) Flags() map[string]any {
	all := c.Determining()
	for name, v := range map[string]any{
		"strategy": c.Strategies, "seeds": c.Seeds, "root": c.Root, "validation": c.Validation, "init": c.Init,
		"out": c.Out, "resume": c.Resume, "force": c.Force, "checkpoint-every": shortDuration(c.CheckpointEvery),
		"skip-bad": c.SkipBad, "allow-incomplete": c.AllowIncomplete,
		"onnxruntime": c.ONNXRuntime, "dry-run": c.DryRun, "detect-anomaly": c.DetectAnomaly,
	} {
		all[name] = v
	}
	return all
}

func (c Config) levels() any {
	if c.LevelsAuto {
		return "auto"
	}
	return c.Levels
}

// DefaultMemory is the budget for activations without -memory. It is a fixed
// number and not a share of the machine's memory, so that a run gives the same
// bytes on every machine.
const DefaultMemory = 1 << 30

// Experiment is the body of the main function of a training experiment; see
// Main for signals and exit statuses.
func Experiment(task Task, run func(ctx context.Context, c Config) error) {
	Main(task.command(), func(ctx context.Context, args []string) error {
		c, err := Parse(task, args)
		if err != nil {
			return err
		}
		return run(ctx, c)
	})
}

// Parse turns the command line (without the command's name) into a Config. Its
// errors are *UsageError, or flag.ErrHelp after the help was printed.
func Parse(task Task, args []string) (Config, error) {
	return parse(task, args, NewFlags(task.command(), task.Does))
}

func parse(task Task, args []string, f *Flags) (Config, error) {
	c := Config{
		Task: task.Name, Profile: Profiles[0].Name, Network: task.networks()[0],
		Strategies: []string{Single, MGE, FullMultiscale}, Seeds: []uint64{1},
		LearningRate: task.LearningRate, Schedule: "cosine", Optimizer: "adam",
		Restriction: task.Restriction, Degrade: "fine", Allocation: "fixed", DropoutCoupling: "independent", Conv: "auto",
		Data: "deadleaves", CheckpointEvery: 2 * time.Minute, Memory: DefaultMemory,
	}
	task.define(f, &c)
	if err := f.Parse(args); err != nil {
		return Config{}, err
	}
	c.applyProfile(task, f)
	if err := c.validate(task, f); err != nil {
		return Config{}, err
	}
	return c, nil
}

// applyProfile fills what the command line left open.
func (c *Config) applyProfile(task Task, f *Flags) {
	p := task.profile(c.Profile)
	for _, n := range []struct {
		flag      string
		to        *int
		ofProfile int
	}{
		{"side", &c.Side, p.Side},
		{"batch", &c.Batch, p.Batch},
		{"iterations", &c.Iterations, p.Iterations},
	} {
		if !f.Given(n.flag) {
			*n.to = n.ofProfile
		}
	}
	if !f.Given("levels") || c.LevelsAuto {
		c.Levels = p.Levels
	}
	if !f.Given("stages") {
		c.Stages = Halved(c.Iterations, max(c.Levels, 0))
	}
	if f, err := dataset.Find(task.Formats, c.Data); err == nil && c.Root == "" && !f.BuiltIn && !f.Anywhere {
		c.Root = "datasets/data/" + c.Data
	}
	if c.Out == "" {
		c.Out = "results/runs/" + strings.Join([]string{task.folder(), c.Network, c.Data, c.Profile}, "-")
	}
}

func (t Task) profile(name string) Profile {
	for _, p := range Profiles {
		if p.Name == name {
			p.Batch = max(1, int(float64(p.Batch)*t.BatchFactor))
			return p
		}
	}
	panic("cli: no profile " + name) // the flag allows only these
}

func (t Task) networks() (names []string) {
	for _, n := range t.Networks {
		names = append(names, n.Name)
	}
	return names
}
