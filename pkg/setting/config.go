package setting

import (
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/network"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// Config is the values of all settings, checked. All numbers are final: the profile has
// been applied.
type Config struct {
	Task    task.Task // of the Ratio
	Ratio   int       // of the sides of clean and degraded pictures, where the data decides on it; else 0
	Profile Profile

	// What is trained.
	Network    network.Network
	Sight      network.Sight  // whether the network is given t; Network is blind where it is not
	Strategies []mge.Strategy // in the order asked
	Seeds      []uint64       // in the order asked
	Init       string         // file of initial weights, or ""
	Freeze     []string       // patterns of the names of parameters that are not trained, as path.Match reads them

	// The images.
	Data       dataset.Format
	Root       string // folder of the data; "" for data that is built in
	Validation string // folder of validation images, or ""
	Channels   int    // 1 for grey, 3 for RGB; 0 for those of the data set
	Augment    []dataset.Augmentation

	ValidationPictures int // crops that are measured
	ValidateEvery      int // steps between measurements; 0 for ten a run

	HoldOut         bool // validate on a tenth of the training pictures
	SkipBad         bool // leave out pictures that cannot be read
	AllowIncomplete bool // take a published data set that lacks pictures

	// The size of the work.
	Side       int   // of the finest mesh, in pixels
	Levels     int   // L: meshes coarser than the finest
	LevelsAuto bool  // -levels auto; Levels is then the most that may be used
	Batch      int   // N_0; doubles with every coarser level
	Iterations int   // of single-scale and MGE
	Stages     []int // iterations of Full-Multiscale, coarse to fine, Levels+1
	StagesAuto bool  // -stages auto: Stages then only says what the work is
	Released   bool
	Budget     float64 // work units that each strategy is scaled to; 0 leaves it as it is
	Crops      float64 // share of crops of meshpatch
	Against    string  // the strategy that gives smallbatch its steps and cost

	// The method.
	Loss            string // as model.ParseLoss reads it; "" for the task's
	LearningRate    float64
	Extend          Extension // steps after the run
	Schedule        string    // a name that optimize.NewSchedule knows
	Warmup          int       // steps before the schedule, in which the rate rises
	Optimizer       optimize.Method
	WeightDecay     float64 // of the optimizer, like the four that follow
	Momentum        float64
	Nesterov        bool
	Beta1, Beta2    float64
	Restart         bool    // of the optimizer at each stage
	EMA             float64 // decay of the average of the weights; 0 for none
	Clip            float64 // bound of the gradient's norm; 0 is none
	Restriction     mesh.Restriction
	Degrade         task.Degradation
	Allocation      allocation.Method
	Coefficients    mge.Coefficients
	DropoutCoupling mge.Coupling
	Conv            conv.Algorithm
	Shares          int // of each batch, a power of two

	// The run.
	Out             string
	Resume, Force   bool
	CheckpointEvery time.Duration
	Memory          int64 // bytes for activations
	ONNXRuntime     string
	DryRun          bool
	Describe        bool
	Log             string        // "text" or "json"
	Quiet           bool          // print only the table at the end, and errors
	TensorBoard     bool          // write event files
	Threads         int           // cores used; 0 for all
	Patience        time.Duration // with other processes
	Keep            int           // checkpoints of a finished unit
	DetectAnomaly   bool          // look at every result for NaN and infinities

	known catalog.Catalog // the choices that it was made of
}

// NetworkText is the network as -network names it, with the options that are not the task's.
func (c Config) NetworkText() string {
	return network.Text(c.known.NetworksOf(c.Task), c.Network)
}

// Offered is the network of the task with the name of the one that is trained, with the task's own options.
func (c Config) Offered() network.Network {
	n, err := network.Find(c.known.NetworksOf(c.Task), c.Network.Name())
	if err != nil {
		return c.Network
	}
	return n
}

// BatchTotal is the single-scale batch: the sum of N_l over all levels.
func (c Config) BatchTotal() int { return c.Batch * (1<<(c.Levels+1) - 1) }

// Determining returns the settings that the bytes of a run's results follow from, by name, as run.json
// holds them: two configurations that agree in them may share a run folder. The content of a file
// counts, not its path: the caller adds digests.
func (c Config) Determining() map[string]any { return c.record(Results, Rounding) }

// Choosing returns the settings that decide which units a run has.
func (c Config) Choosing() map[string]any { return c.record(Units) }

// Flags returns the values of all settings by name, as run.json holds them.
func (c Config) Flags() map[string]any { return c.record(Results, Rounding, Units, Control) }

func (c Config) record(effects ...Effect) map[string]any {
	values := map[string]any{}
	for _, s := range Table() {
		for _, e := range effects {
			if v := s.value(c); s.Effect == e && v != nil {
				values[s.Name] = v
			}
		}
	}
	return values
}

// Defaults returns Determining of the same task, network, data and size of the work, with defaults for
// everything else. What follows from the optimizer, like its beta1, is that of the optimizer in use:
// it is no setting of its own.
func (c Config) Defaults() map[string]any {
	given := Values{}
	for _, name := range []string{"task", "ratio", "profile", "network", "data", "side", "levels", "batch", "iterations", "optimizer"} {
		if v := find(name).value(c); v != nil {
			given[name] = text(v)
		}
	}
	r := resolving{known: c.known, given: given}
	if err := r.resolve(); err != nil {
		return nil // the same values were resolved before
	}
	find("optimizer").fallback(&r)
	return r.Determining()
}

// Differing returns the names of the settings that results follow from and that differ from the
// defaults of this task, profile, network and data, sorted.
func (c Config) Differing() (names []string) {
	return differing(&resolving{known: c.known, Config: c})
}

// Rule returns the optimization method with its settings.
func (c Config) Rule() (optimize.Rule, error) {
	return c.Optimizer.New(optimize.Settings{
		WeightDecay: c.WeightDecay, Momentum: c.Momentum, Nesterov: c.Nesterov, Beta1: c.Beta1, Beta2: c.Beta2,
	})
}
