package command

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/dataset"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/optimize"
)

// LeastMemory is the smallest budget for activations, in bytes.
const LeastMemory = 16 << 20

// Limits that only keep nonsense out: numbers beyond them are typing errors,
// and would otherwise end in an overflow or in a failed allocation.
const (
	mostSide       = 1 << 14
	mostLevels     = 12
	mostBatch      = 1 << 16
	mostIterations = 1_000_000_000
	mostLR         = 100
	mostClip       = 1e9
	maxDecay       = 10
)

// define declares the flags of a training experiment.
func (t Task) define(f *Flags, c *Config) {
	f.refuse = t.refuse
	if t.Extra != nil {
		t.Extra(f)
	}
	f.without = t.Without
	f.Group("What is trained")
	t.choice(f, &c.Profile, "profile", profileNames(), "size of the work")
	t.choice(f, &c.Network, "network", t.networks(), "backbone")
	t.list(f, &c.Strategies, "strategy", Strategies(), "strategies to train, separated by commas")
	f.Func("seed", "N", "1", "seed of weights, pictures drawn and noise", func(s string) error { return parseSeeds(&c.Seeds, "seed", s) })
	f.Func("seeds", "N,N,...", "", "several seeds, one run for each", func(s string) error { return parseSeeds(&c.Seeds, "seeds", s) })
	f.String(&c.Init, "init", "FILE", "start from an exported model of the same network, from a checkpoint of its training, or from other programs' weights (.safetensors, .pth, .pt)")

	f.Group("Pictures")
	t.choice(f, &c.Data, "data", dataset.Names(t.Formats),
		"data set; deadleaves is built in")
	f.String(&c.Root, "root", "DIR", "folder of the data set (default datasets/data/NAME; folder needs one)")
	f.String(&c.Validation, "validation", "DIR", "validation pictures for -data folder; without it a stable hash splits the folder 90:10")

	f.Group("Size of the work (the profile's, unless given)")
	f.Int(&c.Side, "side", "PIXELS", 1, mostSide, t.presets(func(p Profile) any { return p.Side }), "side of the finest mesh")
	t.levels(f, c)
	f.Int(&c.Batch, "batch", "PICTURES", 1, mostBatch, t.presets(func(p Profile) any { return p.Batch }),
		"batch of the finest level, N_0; doubles with every coarser level")
	f.Int(&c.Iterations, "iterations", "STEPS", 1, mostIterations, t.presets(func(p Profile) any { return p.Iterations }),
		"optimizer steps of single-scale and MGE")
	f.Func("stages", "STEPS,STEPS,...", "halves, from -iterations", "optimizer steps of the stages of Full-Multiscale, coarse to fine, one more than -levels",
		func(s string) (err error) {
			c.Stages, err = parseList("stages", s, false, func(part string) (int, error) {
				n, err := strconv.Atoi(part)
				if err != nil || n < 1 || n > mostIterations {
					return 0, Wrong("stages", s, fmt.Sprintf("%q is not a number of steps", part), "write it like 100,50,25,13")
				}
				return n, nil
			})
			return err
		})
	f.Bool(&c.Released, "released", "the schedules of the authors' released code instead of the paper's")

	f.Group("Method")
	f.Func("lr", "RATE", strconv.FormatFloat(t.LearningRate, 'g', -1, 64), "learning rate at the start", func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || v <= 0 || v > mostLR {
			return Wrong("lr", s, "not a learning rate", fmt.Sprintf("give a number above 0, at most %d, like 5e-4", mostLR))
		}
		c.LearningRate = v
		return nil
	})
	t.choice(f, &c.Schedule, "schedule", optimize.Schedules(), "learning rate over the steps")
	t.choice(f, &c.Optimizer, "optimizer", t.Optimizers.Names(), "optimizer")
	f.Func("weight-decay", "RATE", "0.01 with adamw, else 0", "weight decay of adamw and sgd; biases and normalisations do not decay", func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= 0 && v <= maxDecay) {
			return Wrong("weight-decay", s, "not a weight decay", fmt.Sprintf("give a number from 0 to %d, like 0.01", maxDecay))
		}
		c.WeightDecay = v
		return nil
	})
	f.Func("clip", "NORM", "0, not at all", "scale a gradient that is longer than this down to it; gradient_norm in history.csv is that before", func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || !(v >= 0 && v <= mostClip) {
			return Wrong("clip", s, "not a length", fmt.Sprintf("give a number above 0, at most %.0e, like 1; 0 is no bound", mostClip))
		}
		c.Clip = v
		return nil
	})
	t.choice(f, &c.Restriction, "restriction", t.Restrictions, "how pictures are brought to a coarser mesh")
	t.choice(f, &c.Degrade, "degrade", []string{"fine", "coarse"}, "degrade on the finest mesh and restrict, or degrade anew on each mesh")
	t.choice(f, &c.Allocation, "allocation", allocation.Names(), "batches of the levels: doubling, or from measured variance")
	t.choice(f, &c.DropoutCoupling, "dropout-coupling", []string{"independent", "restricted"}, "dropout masks of the two meshes of a difference")
	t.choice(f, &c.Conv, "conv", conv.Algorithms(), "convolution algorithm; auto is a fixed table of shapes")

	f.Group("The run")
	f.Func("out", "DIR", "results/runs/"+t.folder()+"-NETWORK-DATA-PROFILE", "run folder", func(s string) error {
		if s == "" {
			return Wrong("out", s, "the value is empty", "give DIR")
		}
		c.Out = s
		return nil
	})
	f.Bool(&c.DryRun, "dry-run", "print work units, parameters, memory and a time estimate; train nothing")
	f.Bool(&c.Resume, "resume", "go on with what an earlier call left unfinished")
	f.Bool(&c.Force, "force", "run again what an earlier call finished or left unfinished")
	f.Duration(&c.CheckpointEvery, "checkpoint-every", 100*time.Millisecond, "time between checkpoints")
	f.Bool(&c.DetectAnomaly, "detect-anomaly", "look at every result for NaN and infinities and name the operation that the first comes from; slower, same results")
	f.Func("memory", "SIZE", FormatSize(c.Memory), "budget for activations, like 512MiB; sets the micro-batch", func(s string) error {
		size, err := ParseSize(s)
		if err != nil {
			return Wrong("memory", s, "not a size", "write it like 2GiB or 512MiB")
		}
		if size < LeastMemory {
			return Wrong("memory", s, "too little to train with", "give at least "+FormatSize(LeastMemory))
		}
		c.Memory = size
		return nil
	})
	f.String(&c.ONNXRuntime, "onnxruntime", "PATH", "ONNX Runtime's shared library, when it is not found by itself (environment: ONNXRUNTIME_LIB)")
}

// levels declares -levels: a number or "auto".
func (t Task) levels(f *Flags, c *Config) {
	unit := "L"
	if !t.pending("levels", "auto") {
		unit = "L|auto"
	}
	f.Func("levels", unit, t.presets(func(p Profile) any { return p.Levels }), "meshes coarser than the finest", func(s string) (err error) {
		if s == "auto" {
			c.LevelsAuto = true
			return nil
		}
		c.Levels, err = parseInt("levels", s, 0, mostLevels)
		return err
	})
}

// choice declares a flag with one of a few values.
func (t Task) choice(f *Flags, p *string, name string, choices []string, usage string) {
	f.Choice(p, name, t.available(name, choices), usage)
}

// list declares a flag with some of a few values.
func (t Task) list(f *Flags, p *[]string, name string, choices []string, usage string) {
	now := t.available(name, choices)
	f.Func(name, strings.Join(now, ","), strings.Join(*p, ","), usage, func(s string) (err error) {
		*p, err = parseList(name, s, true, func(part string) (string, error) {
			if !slices.Contains(now, part) {
				return "", Wrong(name, s, part+" is unknown", oneOf(now))
			}
			return part, nil
		})
		return err
	})
}

// refuse says no to what is pending.
func (t Task) refuse(name, value string) error {
	for _, part := range strings.Split(value, ",") {
		if t.pending(name, part) {
			return Wrong(name, value, "not available in this version", "-h lists what is")
		}
	}
	return nil
}

// presets shows a default that depends on the profile.
func (t Task) presets(of func(Profile) any) string {
	var parts []string
	for _, name := range profileNames() {
		parts = append(parts, fmt.Sprintf("%s %v", name, of(t.profile(name))))
	}
	return strings.Join(parts, ", ")
}

func profileNames() (names []string) {
	for _, p := range Profiles {
		names = append(names, p.Name)
	}
	return names
}

func parseSeeds(to *[]uint64, name, s string) (err error) {
	const form = "give whole numbers from 0 on"
	if name == "seed" && strings.Contains(s, ",") {
		return Wrong(name, s, "more than one", "use -seeds for several")
	}
	*to, err = parseList(name, s, true, func(part string) (uint64, error) {
		n, err := strconv.ParseUint(part, 10, 63)
		if err != nil {
			return 0, Wrong(name, s, fmt.Sprintf("%q is not a seed", part), form)
		}
		return n, nil
	})
	return err
}
