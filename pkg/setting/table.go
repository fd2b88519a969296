package setting

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// Limits against typing errors: without them, larger numbers would end in an overflow
// or in a failed allocation.
const (
	maxSide       = 1 << 14
	maxLevels     = 12
	maxBatch      = 1 << 16
	maxIterations = 1_000_000 // history.csv has a row for each, and is read back
	maxRate       = 100
	maxClip       = 1e9
	maxDecay      = 10
	maxBudget     = 1e12
	maxChannels   = 1 << 10
	maxValidation = 10_000
	maxKeep       = 1000
	maxShares     = 1 << 12
)

// MinMemory is the smallest budget for activations, in bytes.
const MinMemory = 16 << 20

// DefaultMemory is the default budget for activations, in bytes. It is a fixed number
// and not a share of the machine's memory, so that a run gives the same bytes on every
// machine.
const DefaultMemory = 1 << 30

// The forms of -log.
const (
	TextLog = "text"
	JSONLog = "json"
)

// The groups of the help.
const (
	trained = "What is trained"
	images  = "Pictures"
	work    = "Size of the work (the profile's, unless given)"
	method  = "Method"
	running = "The run"
)

// Table returns all settings, in the order of the help. A default may depend on earlier rows.
func Table() []Setting {
	return []Setting{
		choice(Setting{Name: "task", Group: trained, Help: "restoration problem"},
			func(c *Config) *task.Task { return &c.Task },
			func(r *resolving) []task.Task { return r.known.Tasks },
			func(t task.Task) string { return t.Name },
			func(r *resolving) task.Task { return r.known.Tasks[0] }),
		ratio(),
		sigma(),
		choice(Setting{Name: "profile", Group: trained, Help: "size of the work: for a first try, for an evening, or the paper's"},
			func(c *Config) *Profile { return &c.Profile },
			func(*resolving) []Profile { return Profiles() },
			func(p Profile) string { return p.Name }, always(Profiles()[0])),
		networks(),
		sight(),
		strategies(),
		seeds(Setting{Name: "seed", Group: trained, Unit: "N", Help: "seed of initial weights, samples and noise", shown: "1"}, false),
		seeds(Setting{Name: "seeds", Group: trained, Unit: "N,N,...", Help: "several seeds: one run for each", shown: "the one of -seed"}, true),
		file(Setting{Name: "init", Group: trained, Unit: "FILE", Effect: Control,
			Help: "start from these weights: an exported model (.onnx) of the same network, a checkpoint of its training, or another program's weights (.safetensors, .pth, .pt)"},
			func(c *Config) *string { return &c.Init }, always("")),
		frozen(),

		choice(Setting{Name: "data", Group: images, Help: "data set", remark: func(c Config) string {
			if c.Data.BuiltIn {
				return "which is built in"
			}
			return ""
		}},
			func(c *Config) *dataset.Format { return &c.Data },
			formats,
			func(f dataset.Format) string { return f.Name },
			func(r *resolving) dataset.Format { return formats(r)[0] }),
		file(Setting{Name: "root", Group: images, Unit: "DIR", Effect: Control, Help: "folder of the data set; pictures are PNG, JPEG, GIF, BMP, TIFF or WebP files", shown: "datasets/data/NAME; your own data, as with folder, needs one"},
			func(c *Config) *string { return &c.Root },
			func(r *resolving) string {
				if r.Data.BuiltIn || r.Data.Anywhere {
					return ""
				}
				return "datasets/data/" + r.Data.Name
			}),
		file(Setting{Name: "validation", Group: images, Unit: "DIR", Effect: Control,
			Help: "validation pictures of your own data, as with folder; without it a tenth of the pictures, chosen by their names, is for validation"},
			func(c *Config) *string { return &c.Validation }, always("")),

		whole(Setting{Name: "validation-pictures", Group: images, Unit: "N", Former: strconv.Itoa(task.ValidationSize),
			Help: "number of crops of validation pictures to measure; data sets that are compared on whole pictures, like urban100 in super-resolution, measure all of them"},
			func(c *Config) *int { return &c.ValidationPictures }, 1, maxValidation, always(task.ValidationSize)),
		whole(Setting{Name: "validate-every", Group: images, Unit: "STEPS", Former: "0", shown: "0: ten times a run",
			Help: "optimizer steps between validations; there is always one at the start and at the end of each stage"},
			func(c *Config) *int { return &c.ValidateEvery }, 0, maxIterations, always(0)),
		toggle(Setting{Name: "whole-at-end", Group: images, Former: "false",
			Help: "for data sets that are compared on whole pictures: validations in training measure crops, which takes less time; the tables have whole pictures, measured once at the end"},
			func(c *Config) *bool { return &c.WholeAtEnd }),
		whole(Setting{Name: "channels", Group: images, Unit: "N", Former: "0", shown: "0: those of the data set",
			Help: "1 for grey (luma of colours), 3 for RGB; .npy pictures may have others"},
			func(c *Config) *int { return &c.Channels }, 0, maxChannels, always(0)),
		augment(),
		toggle(Setting{Name: "hold-out", Group: images, Former: "false",
			Help: "for choosing settings: validate on a tenth of the training pictures, chosen by their names, and train on the others; the validation pictures are not used"},
			func(c *Config) *bool { return &c.HoldOut }),
		toggle(Setting{Name: "skip-bad", Group: images, Effect: Control, Help: "leave out pictures that cannot be read, and pictures of pairs without a counterpart; run.json names them"},
			func(c *Config) *bool { return &c.SkipBad }),
		toggle(Setting{Name: "allow-incomplete", Group: images, Effect: Control, Help: "accept a published data set that lacks files or pictures"},
			func(c *Config) *bool { return &c.AllowIncomplete }),

		whole(Setting{Name: "side", Group: work, Unit: "PIXELS", Help: "side of the training pictures on the finest mesh"},
			func(c *Config) *int { return &c.Side }, 1, maxSide, func(r *resolving) int { return r.Profile.Side }),
		levels(),
		whole(Setting{Name: "batch", Group: work, Unit: "PICTURES",
			Help: "pictures of one step on the finest mesh, N_0; every coarser mesh has twice as many as the next finer one. single has no coarser meshes and uses the sum of all of them: 7 times as many with 2 levels, 15 times with 3"},
			func(c *Config) *int { return &c.Batch }, 1, maxBatch,
			func(r *resolving) int { return r.Profile.For(r.Task).Batch }),
		whole(Setting{Name: "iterations", Group: work, Unit: "STEPS",
			Help: "optimizer steps of single and mge; strategies with stages take this many on the coarsest mesh, and the steps of -stages in all"},
			func(c *Config) *int { return &c.Iterations }, 1, maxIterations, func(r *resolving) int { return r.Profile.Iterations }),
		stages(),
		number(Setting{Name: "budget", Group: work, Unit: "WU", Former: "0", shown: "0: the cost of the steps given",
			Help: "scale the steps of each strategy, and the learning rate's schedule, to this cost in work units"},
			func(c *Config) *float64 { return &c.Budget }, true, maxBudget,
			"number of work units", "give a number above 0, like 1456; 0 leaves the steps as they are", always(0.0)),
		number(Setting{Name: "crops", Group: work, Unit: "SHARE", Former: "0.5", Help: "share of samples of meshpatch that are crops of the finest mesh; the others are on the stage's mesh"},
			func(c *Config) *float64 { return &c.Crops }, false, 1,
			"share", "give a number above 0, at most 1, like 0.5", always(mge.DefaultCrops)),
		name(Setting{Name: "against", Group: work, Former: mge.FullMultiscale.Name, Help: "strategy that gives smallbatch its steps and cost"},
			func(c *Config) *string { return &c.Against }, []string{mge.FullMultiscale.Name, mge.MGE.Name}),
		toggle(Setting{Name: "released", Group: work, Help: "train single and mge as in the authors' released code, not as in the paper: four times as many steps, and single with a batch of only N_0"},
			func(c *Config) *bool { return &c.Released }),

		loss(),
		number(Setting{Name: "lr", Group: method, Unit: "RATE", Help: "learning rate at the start"},
			func(c *Config) *float64 { return &c.LearningRate }, false, maxRate,
			"learning rate", fmt.Sprintf("give a number above 0, at most %d, like 5e-4", maxRate), func(r *resolving) float64 { return r.Task.LearningRate }),
		extend(),
		name(Setting{Name: "schedule", Group: method, Help: "schedule of the learning rate: a cosine down to 1e-6, constant, or a tenth after each third of the steps"},
			func(c *Config) *string { return &c.Schedule }, optimize.Schedules()),
		whole(Setting{Name: "warmup", Group: method, Unit: "STEPS", Former: "0", shown: "0: at full rate from the first step",
			Help: "optimizer steps at the start of training in which the learning rate rises linearly from near 0 to -lr; the schedule covers the other steps"},
			func(c *Config) *int { return &c.Warmup }, 0, maxIterations, always(0)),
		choice(Setting{Name: "optimizer", Group: method, Help: "optimizer"},
			func(c *Config) *optimize.Method { return &c.Optimizer },
			func(r *resolving) []optimize.Method { return r.known.Optimizers },
			func(m optimize.Method) string { return m.Name },
			func(r *resolving) optimize.Method { return r.known.Optimizers[0] }),
		number(Setting{Name: "weight-decay", Group: method, Unit: "RATE", Former: "0",
			Help: "weight decay of adamw and sgd; biases and normalisations do not decay", shown: "0.01 with adamw, else 0"},
			func(c *Config) *float64 { return &c.WeightDecay }, true, maxDecay,
			"weight decay", fmt.Sprintf("give a number from 0 to %d, like 0.01", maxDecay), func(r *resolving) float64 { return r.Optimizer.WeightDecay }),
		share(Setting{Name: "momentum", Group: method, Unit: "SHARE", former: formerly(func(m optimize.Method) float64 { return m.Momentum }),
			Help: "momentum of sgd; adam and adamw have beta1 instead", shown: "0.9 with sgd"},
			func(c *Config) *float64 { return &c.Momentum }, func(r *resolving) float64 { return r.Optimizer.Momentum }),
		toggle(Setting{Name: "nesterov", Group: method, Former: "false",
			Help: "use Nesterov momentum in sgd"},
			func(c *Config) *bool { return &c.Nesterov }),
		share(Setting{Name: "beta1", Group: method, Unit: "SHARE", former: formerly(func(m optimize.Method) float64 { return m.Beta1 }),
			Help: "decay of the mean of gradients in adam and adamw", shown: "0.9 with these"},
			func(c *Config) *float64 { return &c.Beta1 }, func(r *resolving) float64 { return r.Optimizer.Beta1 }),
		share(Setting{Name: "beta2", Group: method, Unit: "SHARE", former: formerly(func(m optimize.Method) float64 { return m.Beta2 }),
			Help: "decay of the mean of squared gradients in adam and adamw", shown: "0.999 with these"},
			func(c *Config) *float64 { return &c.Beta2 }, func(r *resolving) float64 { return r.Optimizer.Beta2 }),
		toggle(Setting{Name: "restart", Group: method, Former: "false",
			Help: "reset the optimizer's state at the start of each stage; the learning rate follows its schedule"},
			func(c *Config) *bool { return &c.Restart }),
		share(Setting{Name: "ema", Group: method, Unit: "DECAY", Former: "0", shown: "0: none",
			Help: "decay of an exponential moving average of the weights, like 0.999. The average is also measured and exported, as STRATEGY-seedN-ema.onnx, and changes nothing else"},
			func(c *Config) *float64 { return &c.EMA }, always(0.0)),
		number(Setting{Name: "clip", Group: method, Unit: "NORM", Former: "0",
			Help: "scale gradients down to at most this norm; gradient_norm in history.csv is the norm before", shown: "0: not at all"},
			func(c *Config) *float64 { return &c.Clip }, true, maxClip,
			"length", fmt.Sprintf("give a number above 0, at most %.0e, like 1; 0 is no bound", maxClip), always(0.0)),
		choice(Setting{Name: "restriction", Group: method, Help: "restriction of pictures to the next coarser mesh"},
			func(c *Config) *mesh.Restriction { return &c.Restriction },
			func(r *resolving) []mesh.Restriction { return r.known.Restrictions },
			mesh.Restriction.Name,
			func(r *resolving) mesh.Restriction { return r.Task.Restriction }),
		enumeration(Setting{Name: "degrade", Group: method, appliesTo: func(t task.Task) bool { return !wantsPairs(t) },
			Help: "mesh on which pictures are degraded: fine degrades on the finest mesh and restricts the result; coarse restricts the clean picture and degrades it on each mesh"},
			func(c *Config) *task.Degradation { return &c.Degrade }, task.Degradations()),
		choice(Setting{Name: "allocation", Group: method, Help: "batches of the meshes: doubling (fixed), or from variances of gradients that are measured once (optimal) or repeatedly (adaptive)"},
			func(c *Config) *allocation.Method { return &c.Allocation },
			func(*resolving) []allocation.Method { return allocation.Methods() },
			func(m allocation.Method) string { return string(m) }, always(allocation.Methods()[0])),
		enumeration(Setting{Name: "coefficients", Group: method, Former: "none",
			Help: "weights of the coarse parts of mge and fullmultiscale, from variances measured in earlier steps: none is the paper's sum, global has one weight for each mesh, layer one for each mesh and layer of the network"},
			func(c *Config) *mge.Coefficients { return &c.Coefficients }, mge.AllCoefficients()),
		enumeration(Setting{Name: "dropout-coupling", Group: method,
			Help: "dropout masks on the two meshes of a difference of mge: independent, or restricted from the fine mesh to the coarse one. Networks without dropout, such as resnet, do not change"},
			func(c *Config) *mge.Coupling { return &c.DropoutCoupling }, mge.Couplings()),
		enumeration(Setting{Name: "conv", Group: method, Effect: Rounding, Help: "convolution algorithm; auto is a fixed table of shapes"},
			func(c *Config) *conv.Algorithm { return &c.Conv }, []conv.Algorithm{conv.Auto, conv.Direct, conv.Winograd}),
		shares(),

		file(Setting{Name: "out", Group: running, Unit: "DIR", Effect: Control, Help: "run folder"},
			func(c *Config) *string { return &c.Out }, always("")), // resolve sets the default, which depends on all other rows
		toggle(Setting{Name: "describe", Group: running, Effect: Control,
			Help: "print the network's options and its layers with shapes, parameters, operations, memory and receptive field; train nothing"},
			func(c *Config) *bool { return &c.Describe }),
		toggle(Setting{Name: "dry-run", Group: running, Effect: Control, Help: "print work units, parameters, memory and a time estimate; train nothing"},
			func(c *Config) *bool { return &c.DryRun }),
		toggle(Setting{Name: "resume", Group: running, Effect: Control, Help: "continue units that an earlier call left unfinished"},
			func(c *Config) *bool { return &c.Resume }),
		toggle(Setting{Name: "force", Group: running, Effect: Control, Help: "run units again that an earlier call finished or left unfinished"},
			func(c *Config) *bool { return &c.Force }),
		duration(Setting{Name: "checkpoint-every", Group: running, Unit: "DURATION", Effect: Control, Help: "time between checkpoints"},
			func(c *Config) *time.Duration { return &c.CheckpointEvery }, 100*time.Millisecond, 2*time.Minute),
		whole(Setting{Name: "keep", Group: running, Unit: "N", Effect: Control, Help: "checkpoints that a finished unit keeps; a unit in training keeps three"},
			func(c *Config) *int { return &c.Keep }, 0, maxKeep, always(1)),
		whole(Setting{Name: "threads", Group: running, Unit: "N", Effect: Control, Help: "cores to use; results are the same with any number", shown: "all"},
			func(c *Config) *int { return &c.Threads }, 0, command.MaxThreads, always(0)),
		duration(Setting{Name: "patience", Group: running, Unit: "DURATION", Effect: Control,
			Help: "time after which a silent rank is named, and all ranks end"},
			func(c *Config) *time.Duration { return &c.Patience }, time.Second, time.Minute),
		name(Setting{Name: "log", Group: running, Effect: Control,
			Help: "text for people, or json for programs: events, one object a line on standard output, instead of progress and table"},
			func(c *Config) *string { return &c.Log }, []string{TextLog, JSONLog}),
		toggle(Setting{Name: "quiet", Group: running, Effect: Control, Help: "no progress and no remarks: only the table at the end, and errors"},
			func(c *Config) *bool { return &c.Quiet }),
		toggle(Setting{Name: "tensorboard", Group: running, Effect: Control,
			Help: "write losses, measures and restored samples for TensorBoard, into the folder tensorboard of the run folder"},
			func(c *Config) *bool { return &c.TensorBoard }),
		toggle(Setting{Name: "detect-anomaly", Group: running, Effect: Control,
			Help: "check every result for NaN and infinities and name the operation of the first one; slower, same results"},
			func(c *Config) *bool { return &c.DetectAnomaly }),
		// The memory decides the micro-batches, and these the order of summation.
		size(Setting{Name: "memory", Group: running, Unit: "SIZE", Effect: Rounding, Help: "budget for activations, like 512MiB; it decides the micro-batch and recomputation"},
			func(c *Config) *int64 { return &c.Memory }, MinMemory, DefaultMemory, "too little to train with"),
		file(Setting{Name: "onnxruntime", Group: running, Unit: "PATH", Effect: Control,
			Help: "ONNX Runtime's shared library, if it is not found automatically (environment: ONNXRUNTIME_LIB)"},
			func(c *Config) *string { return &c.ONNXRuntime }, always("")),
	}
}

// shares returns the row of -shares, a power of two.
func shares() Setting {
	s := whole(Setting{Name: "shares", Group: method, Unit: "N", Effect: Rounding, Former: "1",
		Help: "number of equal parts of each batch, a power of two, whose gradients are added in a fixed order; up to as many processes can compute them together, with the same results"},
		func(c *Config) *int { return &c.Shares }, 1, maxShares, always(1))
	set := s.set
	s.set = func(r *resolving, text string) error {
		if err := set(r, text); err != nil {
			return err
		}
		if r.Shares&(r.Shares-1) != 0 {
			return wrong("not a power of two", "give 1, 2, 4, 8 and so on")
		}
		return nil
	}
	return s
}

// networks returns the row of -network: a name, or name:option=value,... Options with the task's own values are not
// recorded.
func networks() Setting {
	s := choice(Setting{Name: "network", Group: trained,
		Help: "network to train, with options after a colon, as in unet:base=48,dropout=0; -describe lists them"},
		func(c *Config) *network.Network { return &c.Network },
		func(r *resolving) []network.Network { return r.known.NetworksOf(r.Task) },
		network.Network.Name,
		func(r *resolving) network.Network { return r.known.NetworksOf(r.Task)[0] })
	s.options = true
	s.set = func(r *resolving, text string) error {
		offered := r.known.NetworksOf(r.Task)
		name, _, _ := strings.Cut(text, ":")
		if _, err := pick(offered, network.Network.Name, name); err != nil {
			return err
		}
		n, err := network.Find(offered, text)
		if err == nil {
			err = r.Task.Takes(n)
		}
		if err != nil {
			return wrong(err.Error(), "")
		}
		r.Network = n
		return nil
	}
	s.value = func(c Config) any { return c.NetworkText() }
	return s
}

// augment returns the row of -augment, a list of augmentations or "none".
func augment() Setting {
	name := func(a dataset.Augmentation) string { return a.Name }
	s := Setting{Name: "augment", Group: images, list: true, Former: none, shown: none,
		Help: "augmentations of training crops, separated by commas: flips puts half of them upside down, turns turns them by quarters; training always mirrors half of them left to right"}
	s.choices = func(*resolving) []string { return lists.Of(dataset.Augmentations(), name) }
	return row(s, func(c *Config) *[]dataset.Augmentation { return &c.Augment }, always[[]dataset.Augmentation](nil),
		func(_ *resolving, text string) ([]dataset.Augmentation, error) {
			if text == none {
				return nil, nil
			}
			list, err := several(text, true, func(part string) (dataset.Augmentation, error) {
				return pick(dataset.Augmentations(), name, part)
			})
			// In the order of dataset.Augmentations, so that equal sets give equal runs.
			at := func(a dataset.Augmentation) int { return slices.Index(lists.Of(dataset.Augmentations(), name), a.Name) }
			slices.SortFunc(list, func(a, b dataset.Augmentation) int { return at(a) - at(b) })
			return list, err
		}, func(list []dataset.Augmentation) any {
			if len(list) == 0 {
				return none
			}
			return lists.Of(list, name)
		})
}

// sight returns the row of -t, which hides t from the network. It must come after the row of -network.
func sight() Setting {
	s := enumeration(Setting{Name: "t", Group: trained, Former: network.SightGiven.String(),
		Help: "given: t of each picture, such as the strength of its noise, is a second input of the network; hidden: the network gets zeros instead, and the ONNX file has no such input, for pictures whose t is unknown"},
		func(c *Config) *network.Sight { return &c.Sight }, network.Sights())
	s.appliesTo = func(t task.Task) bool { return t.NumConditions > 0 }
	set := s.set
	s.set = func(r *resolving, text string) error {
		if err := set(r, text); err != nil || r.Sight == network.SightGiven {
			return err
		}
		if !s.appliesTo(r.Task) {
			return wrong("task "+r.Task.Name+" has no t", "leave it out")
		}
		r.Network = network.Hide(r.Network)
		return nil
	}
	recorded := s.value
	s.value = func(c Config) any {
		if !s.appliesTo(c.Task) {
			return nil
		}
		return recorded(c)
	}
	return s
}

// strategies returns the row of -strategy, a list of strategies.
func strategies() Setting {
	s := Setting{Name: "strategy", Group: trained, Effect: Units, list: true, Help: "strategies to train, separated by commas"}
	name := func(s mge.Strategy) string { return s.Name }
	s.choices = func(*resolving) []string { return lists.Of(mge.Strategies(), name) }
	usual := []mge.Strategy{mge.Single, mge.MGE, mge.FullMultiscale}
	return row(s, func(c *Config) *[]mge.Strategy { return &c.Strategies }, always(usual), func(_ *resolving, text string) ([]mge.Strategy, error) {
		return several(text, true, func(part string) (mge.Strategy, error) {
			v, err := pick(mge.Strategies(), name, part)
			if err != nil {
				return v, wrong(part+" is unknown", command.OneOf(lists.Of(mge.Strategies(), name)))
			}
			return v, nil
		})
	}, func(list []mge.Strategy) any { return lists.Of(list, name) })
}

// seeds returns the row of -seed, or of -seeds if many. At most one of them may be given.
func seeds(s Setting, many bool) Setting {
	s.Effect, s.form = Units, listOf(form{"type": "integer", "minimum": 0})
	s.fallback = func(r *resolving) {
		if !r.isGiven("seed") {
			r.Seeds = []uint64{1}
		}
	}
	s.set = func(r *resolving, text string) (err error) {
		if !many && strings.Contains(text, ",") {
			return wrong("more than one", "use -seeds for several")
		}
		r.Seeds, err = several(text, true, func(part string) (uint64, error) {
			n, err := strconv.ParseUint(part, 10, 63)
			if err != nil {
				return 0, wrong(fmt.Sprintf("%q is not a seed", part), "give whole numbers from 0 on")
			}
			return n, nil
		})
		return err
	}
	s.value = func(c Config) any {
		if !many {
			return nil // recorded as seeds
		}
		return c.Seeds
	}
	return s
}

// levels returns the row of -levels, a number or "auto".
func levels() Setting {
	return Setting{
		Name: "levels", Group: work, Unit: "L|auto", form: form{"anyOf": []form{integers(0, maxLevels), {"const": "auto"}}},
		Help:     "number of meshes coarser than the finest; auto measures how many pay, up to the profile's",
		fallback: func(r *resolving) { r.Levels, r.LevelsAuto = r.Profile.Levels, false },
		set: func(r *resolving, text string) (err error) {
			if r.LevelsAuto = text == "auto"; r.LevelsAuto {
				r.Levels = r.Profile.Levels
				return nil
			}
			r.Levels, err = parseWhole(text, 0, maxLevels)
			return err
		},
		value: func(c Config) any {
			if c.LevelsAuto {
				return "auto"
			}
			return c.Levels
		},
	}
}

// stages returns the row of -stages, a list of numbers of steps or "auto". With auto, Stages keeps the default.
func stages() Setting {
	s := row(Setting{
		Name: "stages", Group: work, Unit: "STEPS,STEPS,...|auto", form: form{"anyOf": []form{listOf(integers(1, maxIterations)), {"const": "auto"}}}, shown: "halves: all of -iterations, then half, then a quarter, ...",
		Help: "optimizer steps of fullmultiscale, progressive, patches, resizedcrops and meshpatch on each mesh, from the coarsest to the finest: one number more than -levels. auto moves to the next mesh when the error on the finest one, measured on a few training pictures, falls faster there for its cost; within -budget, or the cost of the usual steps",
	}, func(c *Config) *[]int { return &c.Stages }, func(r *resolving) []int { return Halved(r.Iterations, r.Levels) },
		func(_ *resolving, text string) ([]int, error) {
			return several(text, false, func(part string) (int, error) {
				n, err := strconv.Atoi(part)
				if err != nil || n < 1 || n > maxIterations {
					return 0, wrong(fmt.Sprintf("%q is not a number of steps", part), "write it like 100,50,25,13")
				}
				return n, nil
			})
		}, same[[]int])
	recorded, halves, set := s.value, s.fallback, s.set
	s.fallback = func(r *resolving) {
		r.StagesAuto = false
		halves(r)
	}
	s.set = func(r *resolving, text string) error {
		if r.StagesAuto = text == "auto"; r.StagesAuto {
			halves(r)
			return nil
		}
		return set(r, text)
	}
	s.value = func(c Config) any {
		switch {
		case c.StagesAuto:
			return "auto"
		case c.LevelsAuto:
			return nil // their number is not known yet
		}
		return recorded(c)
	}
	return s
}

// loss returns the row of -loss.
func loss() Setting {
	const own = "task"
	s := row(Setting{
		Name: "loss", Group: method, form: form{"type": "string", "minLength": 1},
		Unit: "LOSS", Former: own, shown: own + ": the task's own, mse or in super-resolution -SSIM",
		Help: "loss of normalised values: mse (squared error), l1 (absolute error), charbonnier and huber (absolute error, smooth near 0), ssim (1 - SSIM of pixels in [0,1]), or a sum like charbonnier+0.2*ssim. charbonnier:1e-4 and huber:0.5 set the width of the smooth part, else 1e-3 and 0.1",
	}, func(c *Config) *string { return &c.Loss }, always(""), func(_ *resolving, text string) (string, error) {
		if text == own {
			return "", nil
		}
		canonical, err := model.CanonicalLoss(text)
		if err != nil {
			return "", wrong(err.Error(), "")
		}
		return canonical, nil
	}, func(text string) any { return cmp.Or(text, own) })
	return s
}

// frozen returns the row of -freeze.
func frozen() Setting {
	return row(Setting{
		Name: "freeze", Group: trained, form: listOf(form{"type": "string", "minLength": 1}),
		Unit: "NAME,NAME,...", Former: none,
		Help: "parameters that keep their values, by their names in exported models, with * for any part: -freeze 'input_blocks.*,time_embed.*'. For fine-tuning, with -init",
	}, func(c *Config) *[]string { return &c.Freeze }, always([]string(nil)), func(_ *resolving, text string) ([]string, error) {
		if text == none {
			return nil, nil
		}
		return several(text, true, func(part string) (string, error) {
			if _, err := path.Match(part, ""); err != nil {
				return "", wrong(fmt.Sprintf("%q is not a pattern", part), "write it like input_blocks.*")
			}
			return part, nil
		})
	}, func(patterns []string) any {
		if len(patterns) == 0 {
			return none
		}
		return patterns
	})
}

// formerly returns the former function of a setting whose default depends on the optimizer: a run.json without
// the setting implies the default of its optimizer.
func formerly(of func(optimize.Method) float64) func(configuration map[string]any) string {
	return func(configuration map[string]any) string {
		name, ok := configuration["optimizer"]
		if !ok {
			return ""
		}
		m, _ := optimize.Standard().Find(text(name)) // optimizers of other programs had no such settings
		return text(of(m))
	}
}
