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

// Config has the checked values of all settings. All numbers are final: the profile is
// already applied.
type Config struct {
	Task    task.Task // already made for Ratio and -sigma
	Ratio   int       // of the sides of clean pictures to those of degraded ones if the data decides it; else 0
	Profile Profile

	// What is trained.
	Network    network.Network
	Sight      network.Sight  // whether the network is given t; if not, Network is blind
	Strategies []mge.Strategy // in the order given
	Seeds      []uint64       // in the order given
	Init       string         // file of initial weights, or ""
	Freeze     []string       // patterns of the names of parameters that are not trained, as path.Match reads them

	// The images.
	Data       dataset.Format
	Root       string // folder of the data; "" for built-in data
	Validation string // folder of validation images, or ""
	Channels   int    // 1 for grey, 3 for RGB; 0 for as many as the data set has
	Augment    []dataset.Augmentation

	ValidationPictures int  // number of crops to measure
	ValidateEvery      int  // steps between validations; 0 for ten validations a run
	WholeAtEnd         bool // measure crops in training, and whole pictures, where the data set has them, once at the end

	HoldOut         bool // validate on a tenth of the training pictures
	SkipBad         bool // leave out pictures that cannot be read
	AllowIncomplete bool // accept a published data set that lacks pictures

	// The size of the work.
	Side       int   // of the finest mesh, in pixels
	Levels     int   // L: meshes coarser than the finest
	LevelsAuto bool  // -levels auto; Levels is then the maximum
	Batch      int   // N_0; doubles with every coarser level
	Iterations int   // of single-scale and MGE
	Stages     []int // iterations of Full-Multiscale, coarse to fine, Levels+1
	StagesAuto bool  // -stages auto; Stages then only gives the amount of work
	Released   bool
	Budget     float64 // work units that each strategy is scaled to; 0 for no scaling
	Crops      float64 // share of meshpatch's samples that are crops
	Against    string  // the strategy that gives smallbatch its steps and cost

	// The method.
	Loss            string // as model.ParseLoss reads it; "" for the task's
	LearningRate    float64
	Extend          Extension // steps after the run
	Schedule        string    // a name that optimize.NewSchedule knows
	Warmup          int       // steps before the schedule, during which the rate rises
	Optimizer       optimize.Method
	WeightDecay     float64 // of the optimizer, like the four that follow
	Momentum        float64
	Nesterov        bool
	Beta1, Beta2    float64
	Restart         bool    // reset the optimizer at each stage
	EMA             float64 // decay of the average of the weights; 0 for none
	Clip            float64 // bound of the gradient's norm; 0 for none
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
	Patience        time.Duration // how long other ranks may be silent
	Keep            int           // checkpoints that a finished unit keeps
	DetectAnomaly   bool          // check every result for NaN and infinities

	known catalog.Catalog // the choices of the program
}

// NetworkText returns the network as -network takes it, with the options that differ from the task's own.
func (c Config) NetworkText() string {
	return network.Text(c.known.NetworksOf(c.Task), c.Network)
}

// Offered returns the network that is trained, with the options that the task gives it by default.
func (c Config) Offered() network.Network {
	n, err := network.Find(c.known.NetworksOf(c.Task), c.Network.Name())
	if err != nil {
		return c.Network
	}
	return n
}

// BatchTotal returns the single-scale batch: the sum of N_l over all levels.
func (c Config) BatchTotal() int { return c.Batch * (1<<(c.Levels+1) - 1) }

// Determining returns the settings that decide the bytes of a run's results, by name, as run.json
// holds them. Two configurations with the same values may share a run folder. Paths of files are not among
// them: the caller adds digests of the files' content.
func (c Config) Determining() map[string]any { return c.record(Results, Rounding) }

// Choosing returns the settings that decide which units a run has.
func (c Config) Choosing() map[string]any { return c.record(Units) }

// Flags returns the values of all settings by name, as run.json holds them.
func (c Config) Flags() map[string]any { return c.record(Results, Rounding, Units, Control) }

// record returns the values of the settings with any of effects, by name, as run.json has them.
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
// everything else. Settings whose default depends on the optimizer, like beta1, have the default of the
// optimizer in use, so that another optimizer is one difference and not several.
func (c Config) Defaults() map[string]any {
	given := Values{}
	for _, name := range []string{"task", "ratio", "profile", "network", "data", "side", "levels", "batch", "iterations", "optimizer"} {
		if v := find(name).value(c); v != nil {
			given[name] = text(v)
		}
	}
	r := resolving{known: c.known, given: given}
	if err := r.resolve(); err != nil {
		return nil // cannot happen: c was made of the same values
	}
	find("optimizer").fallback(&r)
	return r.Determining()
}

// Differing returns the sorted names of the settings that decide results and differ from the
// defaults of this task, profile, network and data.
func (c Config) Differing() (names []string) {
	return differing(&resolving{known: c.known, Config: c})
}

// Rule returns the optimization method with its settings.
func (c Config) Rule() (optimize.Rule, error) {
	return c.Optimizer.New(optimize.Settings{
		WeightDecay: c.WeightDecay, Momentum: c.Momentum, Nesterov: c.Nesterov, Beta1: c.Beta1, Beta2: c.Beta2,
	})
}
