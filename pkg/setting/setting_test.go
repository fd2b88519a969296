package setting

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"multiscale/pkg/allocation"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/network"
	"multiscale/pkg/task"
)

var (
	denoising       = task.Denoising()
	superresolution = task.Superresolution()
)

func parseQuietly(t task.Task, args ...string) (Config, string, error) {
	var help strings.Builder
	f := command.NewFlags(t.Name, "compares.")
	f.Help = &help
	line := Line{Known: catalog.Standard(), Given: Values{"task": t.Name}}
	c, err := line.Parse(f, args)
	return c, help.String(), err
}

func strategyNames(c Config) string { return text(c.Flags()["strategy"]) }

func TestDefaults(t *testing.T) {
	c, _, err := parseQuietly(denoising)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"task": "denoising", "profile": "quick", "network": "unet", "t": "given", "strategy": []string{"single", "mge", "fullmultiscale"}, "seeds": []uint64{1},
		"side": 32, "levels": 2, "batch": 8, "iterations": 160, "stages": []int{160, 80, 40}, "released": false,
		"lr": 5e-4, "schedule": "cosine", "optimizer": "adam", "weight-decay": 0.0, "momentum": 0.0, "nesterov": false, "beta1": 0.9, "beta2": 0.999, "restart": false, "ema": 0.0, "freeze": "none", "extend": "none",
		"loss": "task", "warmup": 0, "validate-every": 0, "validation-pictures": 200, "clip": 0.0, "restriction": "nearest", "degrade": "fine",
		"allocation": "fixed", "dropout-coupling": "independent", "conv": "auto", "data": "deadleaves", "root": "", "validation": "", "channels": 0, "augment": "none", "skip-bad": false, "allow-incomplete": false, "init": "",
		"out": "results/runs/denoising-unet-deadleaves-quick", "checkpoint-every": "2m", "memory": "1GiB",
		"resume": false, "force": false, "dry-run": false, "detect-anomaly": false, "onnxruntime": "",
	}
	got := c.Flags()
	for name, v := range want {
		if !reflect.DeepEqual(got[name], v) {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
}

// The table of profiles of the contract; super-resolution has half the batch.
func TestProfiles(t *testing.T) {
	cases := []struct {
		profile                            string
		side, levels, batch, iterations    int
		stages                             []int
		totalRestoration, totalEnlargement int
	}{
		{"quick", 32, 2, 8, 160, []int{160, 80, 40}, 56, 28},
		{"cpu", 64, 3, 16, 100, []int{100, 50, 25, 13}, 240, 120},
		{"paper", 128, 3, 16, 2000, []int{2000, 1000, 500, 250}, 240, 120},
	}
	for _, w := range cases {
		c, _, err := parseQuietly(denoising, "-profile", w.profile)
		if err != nil || c.Side != w.side || c.Levels != w.levels || c.Batch != w.batch || c.Iterations != w.iterations ||
			!slices.Equal(c.Stages, w.stages) || c.BatchTotal() != w.totalRestoration {
			t.Errorf("%s: %+v, %v", w.profile, c, err)
		}
		c, _, err = parseQuietly(superresolution, "-profile", w.profile)
		if err != nil || c.Batch != w.batch/2 || c.BatchTotal() != w.totalEnlargement || c.LearningRate != 1e-3 ||
			c.Restriction != mesh.Bilinear || c.Network.Name() != "srnet" {
			t.Errorf("super-resolution, %s: %+v, %v", w.profile, c, err)
		}
	}
}

func TestFlagsReachTheConfig(t *testing.T) {
	type check func(c Config) bool
	cases := []struct {
		args string
		ok   check
	}{
		{"-network resnet -strategy mge,progressive -seeds 3,1", func(c Config) bool {
			return c.Network.Name() == "resnet" && strategyNames(c) == "mge,progressive" && slices.Equal(c.Seeds, []uint64{3, 1})
		}},
		{"-network unet:base=48,dropout=0", func(c Config) bool {
			return reflect.DeepEqual(c.Network, network.UNet{Base: 48, Multipliers: []int{1, 2, 4}, Blocks: 1, Heads: 1, Groups: 16}) && c.NetworkText() == "unet:base=48,dropout=0"
		}},
		{"-network unet:base=32", func(c Config) bool { return c.NetworkText() == "unet" }},
		{"-seed 7", func(c Config) bool { return slices.Equal(c.Seeds, []uint64{7}) }},
		{"-data folder -root pictures -validation others", func(c Config) bool { return c.Root == "pictures" && c.Validation == "others" }},
		{"-data cifar10", func(c Config) bool { return c.Root == "datasets/data/cifar10" }},
		{"-profile cpu -side 32 -levels 1 -batch 4 -iterations 9", func(c Config) bool {
			return c.Side == 32 && c.Levels == 1 && c.Batch == 4 && slices.Equal(c.Stages, []int{9, 5})
		}},
		{"-stages 7,5,3", func(c Config) bool { return slices.Equal(c.Stages, []int{7, 5, 3}) && c.Iterations == 160 }},
		{"-levels 0", func(c Config) bool { return c.Levels == 0 && slices.Equal(c.Stages, []int{160}) }},
		{"-levels auto", func(c Config) bool { return c.LevelsAuto && c.Levels == 2 }},
		{"-network resnet -levels 3", func(c Config) bool { return c.Levels == 3 }}, // coarsest mesh of side 4
		{"-lr 1e-3 -schedule step -optimizer sgd -restriction average -degrade coarse", func(c Config) bool {
			return c.LearningRate == 1e-3 && c.Schedule == "step" && c.Optimizer.Name == "sgd" && c.Restriction == mesh.Average && c.Degrade == task.DegradeCoarse
		}},
		{"-allocation adaptive -dropout-coupling restricted -conv winograd -released", func(c Config) bool {
			return c.Allocation == allocation.Adaptive && c.DropoutCoupling == mge.Restricted && c.Conv == conv.Winograd && c.Released
		}},
		{"-memory 2GiB -checkpoint-every 90s -out x -resume -dry-run", func(c Config) bool {
			return c.Memory == 2<<30 && c.CheckpointEvery == 90*time.Second && c.Out == "x" && c.Resume && c.DryRun
		}},
		{"-optimizer sgd -momentum 0.5 -nesterov -warmup 7 -restart -ema 0.999 -loss charbonnier+0.2*ssim", func(c Config) bool {
			return c.EMA == 0.999 && c.Momentum == 0.5 && c.Nesterov && c.Warmup == 7 && c.Restart && c.Loss == "charbonnier+0.2*ssim"
		}},
		{"-optimizer sgd -momentum 0", func(c Config) bool { return c.Momentum == 0 && c.Beta1 == 0 }},
		{"-beta1 0 -beta2 0.99 -loss task", func(c Config) bool { return c.Beta1 == 0 && c.Beta2 == 0.99 && c.Loss == "" }},
		{"-freeze input_blocks.*,out.2.weight -validate-every 5 -validation-pictures 9", func(c Config) bool {
			return slices.Equal(c.Freeze, []string{"input_blocks.*", "out.2.weight"}) && c.ValidateEvery == 5 && c.ValidationPictures == 9
		}},
		{"-extend 5 -lr 1e-3 -out a", func(c Config) bool {
			return c.Extend == Extension{Steps: 5, Rate: 1e-3} && c.LearningRate == 5e-4 && c.Out == "a-extend-5-0.001" && c.Extends() == "a"
		}},
		{"-extend 5", func(c Config) bool {
			return c.Extend == Extension{Steps: 5, Rate: 5e-5} && c.Extends() == "results/runs/denoising-unet-deadleaves-quick"
		}},
		{"-extend 5@1e-6 -lr 1e-3 -freeze none", func(c Config) bool {
			return c.Extend == Extension{5, 1e-6, true} && c.LearningRate == 1e-3 && c.Freeze == nil && c.Out == "results/runs/denoising-unet-deadleaves-quick-lr-0.001-extend-5-1e-06"
		}},
		{"-t hidden -network unet:base=16", func(c Config) bool {
			b, ok := c.Network.(network.Blind)
			return ok && b.Body.(network.UNet).Base == 16 && c.NetworkText() == "unet:base=16" && text(c.Flags()["t"]) == "hidden" && strings.HasSuffix(c.Out, "-t-hidden")
		}},
		{"-t given", func(c Config) bool { _, ok := c.Network.(network.UNet); return ok }},
		{"-t hidden -network nafnet -levels 1", func(c Config) bool { return c.Network.Conditions() == 0 && c.Sight == network.SightHidden }},
		{"-augment turns,flips", func(c Config) bool { return text(c.Flags()["augment"]) == "flips,turns" }},
		{"-augment none", func(c Config) bool { return text(c.Flags()["augment"]) == "none" && c.Augment == nil }},
		{"--init=m.onnx -onnxruntime lib.so", func(c Config) bool { return c.Init == "m.onnx" && c.ONNXRuntime == "lib.so" }},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			got, _, err := parseQuietly(denoising, strings.Fields(c.args)...)
			if err != nil {
				t.Fatal(err)
			}
			if !c.ok(got) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Every error names the flag and its value, the reason and what to do.
func TestMistakes(t *testing.T) {
	cases := []struct{ args, words string }{
		{"-profile huge", "-profile huge: unknown; use quick, cpu or paper"},
		{"-network vgg", "-network vgg: unknown; use unet, resnet, nafnet, dncnn or folded"},
		{"-network unet:bse=48", `-network unet:bse=48: unet has no option "bse"; unet has base=32 (1 to 16384), multipliers=1-2-4`},
		{"-network unet:dropout=1", `dropout takes 0 to less than 1, not "1"; unet has base=32`},
		{"-network nafnet:blocks=1-1 -levels 4", "the coarsest mesh must have a side of at least 4 that 4 divides"},
		{"-strategy fast", "-strategy fast: fast is unknown; use single, mge, fullmultiscale, progressive, smallbatch, patches, resizedcrops, meshpatch or mixed"},
		{"-strategy mge,mge", "mge is in it twice"},
		{"-strategy mge,", "an entry of the list is empty"},
		{"-data imagenet", "-data imagenet: unknown"},
		{"-t 0.5", "-t 0.5: unknown; use given or hidden"},
		{"-augment shears", "-augment shears: unknown; use flips or turns"},
		{"-augment flips,flips", "flips is in it twice"},
		{"-data folder", "-root: -data folder needs"},
		{"-root x", "-root x: -data deadleaves reads no files"},
		{"-data stl10 -validation x", "-validation x: only for -data folder"},
		{"-levels 9", "-levels 9: side 32 does not go with 9 levels of halving: the coarsest mesh must have a side of at least 4 that 4 divides; use at most 3"},
		{"-levels -1", "-levels -1: too small"},
		{"-levels 1.5", "-levels 1.5: not a whole number"},
		{"-side 33", "-side 33: side 33 does not go with 2 levels of halving: the coarsest mesh must have a side of at least 4 that 4 divides; use a multiple of 16"},
		{"-side 33 -levels 1", "-side 33: "},
		{"-side 0", "-side 0: too small"},
		{"-side 40", "that 4 divides; use a multiple of 16, or -levels 1"},
		{"-side 99999999999999999999", "not a whole number"},
		{"-batch 0", "-batch 0: too small, the minimum is 1"},
		{"-batch 65536 -side 16384 -levels 8", "pictures a step"},
		{"-iterations 0", "-iterations 0: too small"},
		{"-stages 10,x", `-stages 10,x: "x" is not a number of steps; write it like`},
		{"-stages 10,5", "-stages 10,5: 2 stages for -levels 2; give 3 numbers"},
		{"-stages 10,5,0", `"0" is not a number of steps`},
		{"-lr nan", "-lr nan: not a learning rate"},
		{"-lr inf", "-lr inf: not a learning rate"},
		{"-lr 0", "not a learning rate"},
		{"-lr x", "not a learning rate"},
		{"-clip -1", "-clip -1: not a length"},
		{"-clip nan", "not a length"},
		{"-schedule linear", "-schedule linear: unknown; use cosine, constant or step"},
		{"-optimizer lion", "use adam, adamw or sgd"},
		{"-weight-decay 0.1", "-weight-decay 0.1: adam does not decay weights: use adamw"},
		{"-optimizer adamw -weight-decay nan", "-weight-decay nan: not a weight decay"},
		{"-momentum 0.9", "-momentum 0.9: the momentum of adam and adamw is beta1"},
		{"-nesterov -optimizer adamw", "-nesterov: adam and adamw have no such form: use sgd"},
		{"-beta1 0.9 -optimizer sgd", "-beta1 0.9: sgd has momentum instead"},
		{"-beta2 0.9 -optimizer sgd", "-beta2 0.9: sgd has no second moment"},
		{"-beta1 1", "-beta1 1: not a share; give a number from 0 to less than 1"},
		{"-optimizer sgd -momentum nan", "-momentum nan: not a share"},
		{"-optimizer sgd -momentum 0 -nesterov", "-nesterov: there is no momentum to look ahead with"},
		{"-ema 1", "-ema 1: not a share"},
		{"-extend 0", "-extend 0: too small"},
		{"-extend 5@", `-extend 5@: "" is not a learning rate; write it like 100@1e-4`},
		{"-warmup -1", "-warmup -1: too small"},
		{"-x 1", "-x: there is no such flag; -h lists the flags"},
		{"-loss l3", `-loss l3: unknown loss "l3": use mse, l1, charbonnier, huber, ssim, or a sum`},
		{"-loss huber:0", `-loss huber:0: loss "huber:0": "0" is not a number above 0`},
		{"-loss mse+", `-loss mse+: unknown loss ""`},
		{"-freeze a,", "an entry of the list is empty"},
		{"-freeze [a", `-freeze [a: "[a" is not a pattern; write it like input_blocks.*`},
		{"-validation-pictures 0", "-validation-pictures 0: too small"},
		{"-restriction cubic", "use nearest, bilinear or average"},
		{"-degrade both", "use fine or coarse"},
		{"-allocation best", "use fixed, optimal or adaptive"},
		{"-dropout-coupling none", "use independent or restricted"},
		{"-conv fft", "use auto, direct or winograd"},
		{"-seed -1", `-seed -1: "-1" is not a seed`},
		{"-seed 1,2", "use -seeds for several"},
		{"-seeds 1,1", "1 is in it twice"},
		{"-seeds 1,01", "01 is in it twice"},
		{"-iterations 1000001", "1000000"},
		{"-seed 1 -seeds 1", "-seed and -seeds: both are given"},
		{"-seed 1 -seed 2", "-seed 2: the flag is given twice"},
		{"-memory lots", "-memory lots: not a size"},
		{"-memory 1KiB", "-memory 1KiB: too little"},
		{"-memory -2GiB", "not a size"},
		{"-memory 1e300", "not a size"},
		{"-checkpoint-every 2", "-checkpoint-every 2: not a time"},
		{"-checkpoint-every 0s", "less than 100ms"},
		{"-resume -force", "-resume and -force: they contradict each other"},
		{"-resume=maybe", "-resume maybe: the flag takes no value"},
		{"-out", "-out: the value is missing"},
		{"-out=", `-out "": the value is empty`},
		{"-level 2", "-level: there is no such flag; did you mean -levels?"},
		{"-learning-rate 1e-3", "-learning-rate: there is no such flag; did you mean -lr?"},
		{"-batch_size 4", "-batch_size: there is no such flag; did you mean -batch?"},
		{"-for-ever", "-for-ever: there is no such flag; -h lists the flags"},
		{"-xyzzy", "-xyzzy: there is no such flag; -h lists the flags"},
		{"mge", "mge: an argument without a flag"},
		{"---x", "bad flag syntax"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			_, help, err := parseQuietly(denoising, strings.Fields(c.args)...)
			var usage *command.UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, want %q", err, c.words)
			}
			if help != "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v%s", err, help)
			}
		})
	}
}

// The help names every flag of the contract, fits the terminal and equals the golden
// file.
func TestHelp(t *testing.T) {
	_, help, err := parseQuietly(denoising, "-h")
	if !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, s := range Table() {
		has := s.appliesTo == nil || s.appliesTo(denoising)
		if s.Name != "task" && has != strings.Contains(help, "\n  -"+s.Name+" ") && has != strings.Contains(help, "\n  -"+s.Name+"\n") {
			t.Errorf("no -%s", s.Name)
		}
	}
	if !strings.Contains(help, "(default deadleaves, which is built in)") {
		t.Error("the help does not say what needs no -root")
	}
	if _, pairs, _ := parseQuietly(task.Restoration(), "-h"); strings.Contains(pairs, "deadleaves") || strings.Contains(pairs, "built in") {
		t.Errorf("pairs are not built in:\n%s", pairs)
	}
	for _, line := range strings.Split(help, "\n") {
		if len(line) > 110 {
			t.Errorf("long line: %s", line)
		}
	}
	golden := filepath.Join("testdata", "help.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(help), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if help != string(want) {
		t.Errorf("the help differs from %s; UPDATE_GOLDEN=1 writes it anew:\n%s", golden, help)
	}
}

func TestDetermining(t *testing.T) {
	a, _, err := parseQuietly(denoising, "-seed", "1", "-out", "a")
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := parseQuietly(denoising, "-seeds", "2,3", "-strategy", "mge", "-resume", "-checkpoint-every", "1s")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a.Determining(), b.Determining()) {
		t.Errorf("%v and %v", a.Determining(), b.Determining())
	}
	for _, flag := range []string{"-lr", "-clip"} {
		c, _, err := parseQuietly(denoising, flag, "1e-3")
		if err != nil || reflect.DeepEqual(a.Determining(), c.Determining()) {
			t.Errorf("%s does not count: %v", flag, err)
		}
	}
}

// Flags, plans and run.json give the same values.
func TestSources(t *testing.T) {
	flags, _, err := parseQuietly(denoising, strings.Fields("-network resnet:hidden=64 -side 64 -stages 9,5,3 -lr 1e-3 -degrade coarse -memory 2GiB -seeds 2,3 -optimizer adamw")...)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Parse(catalog.Standard(), Values{"task": "denoising", "network": "resnet:hidden=64", "side": "64", "stages": "9,5,3", "lr": "0.001",
		"degrade": "coarse", "memory": "2GiB", "seeds": "2,3", "optimizer": "adamw"})
	if err != nil || !reflect.DeepEqual(flags.Flags(), plan.Flags()) {
		t.Errorf("%v\n%v\n%v", err, flags.Flags(), plan.Flags())
	}
	data, err := json.Marshal(flags.Flags())
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]any
	if err := json.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	back, err := Parse(catalog.Standard(), fromRecord(stored))
	if err != nil || !reflect.DeepEqual(flags.Flags(), back.Flags()) {
		t.Errorf("%v\n%v\n%v", err, flags.Flags(), back.Flags())
	}
}

// TestCommittedRecords: run folders of earlier versions keep their meaning with the current
// settings.
func TestCommittedRecords(t *testing.T) {
	files, err := filepath.Glob("../../results/*/run.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record struct{ Configuration map[string]any }
		if err := json.Unmarshal(data, &record); err != nil {
			t.Fatal(err)
		}
		c, err := Parse(catalog.Standard(), fromRecord(record.Configuration))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		now := c.Determining()
		for _, digest := range []string{"data_digest", "kernel_path"} {
			now[digest] = record.Configuration[digest]
		}
		if d := Differences(record.Configuration, now); len(d) > 0 {
			t.Errorf("%s cannot be resumed: %v", file, d)
		}
		if want := filepath.Base(filepath.Dir(file)); filepath.Base(c.Out) != want {
			t.Errorf("%s: the default folder is %s", file, c.Out)
		}
	}
}

func TestDifferences(t *testing.T) {
	there := map[string]any{"batch": 8.0, "stages": []any{2.0, 1.0}, "kernel_path": "avx2"}
	now := map[string]any{"batch": 16, "stages": []int{2, 1}, "kernel_path": "avx512", "weight-decay": 0.0, "conv": "auto"}
	want := []Difference{{"batch", "8", "16"}, {"conv", "missing", "auto"}, {"kernel_path", "avx2", "avx512"}}
	if got := Differences(there, now); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// A record without the settings of its optimizer implies the defaults of this optimizer.
	for optimizer, usual := range map[string]map[string]any{
		"adam": {"momentum": 0.0, "beta1": 0.9, "beta2": 0.999},
		"sgd":  {"momentum": 0.9, "beta1": 0.0, "beta2": 0.0},
		"own":  {"momentum": 0.0, "beta1": 0.0, "beta2": 0.0},
	} {
		usual["optimizer"] = optimizer
		if got := Differences(map[string]any{"optimizer": optimizer}, usual); len(got) > 0 {
			t.Errorf("%s: %v", optimizer, got)
		}
	}
}

// TestFolder: the run folder's name has the settings that differ from the profile, and is valid
// on all file systems.
func TestFolder(t *testing.T) {
	for args, want := range map[string]string{
		"-profile cpu":                          "denoising-unet-deadleaves-cpu",
		"-iterations 160 -stages 160,80,40":     "denoising-unet-deadleaves-quick",
		"-iterations 120 -seeds 1,2 -resume":    "denoising-unet-deadleaves-quick-iterations-120",
		"-lr 1e-3 -allocation optimal":          "denoising-unet-deadleaves-quick-allocation-optimal-lr-0.001",
		"-stages 7,5,3 -levels 2":               "denoising-unet-deadleaves-quick-stages-7-5-3",
		"-network unet:base=48,multipliers=1-2": "denoising-unet-base-48-multipliers-1-2-deadleaves-quick",
		"-levels auto":                          "denoising-unet-deadleaves-quick-levels-auto",
		"-init some/mge-seed1.onnx":             "denoising-unet-deadleaves-quick-init-mge-seed1",
		"-optimizer adamw -weight-decay 0.01":   "denoising-unet-deadleaves-quick-optimizer-adamw",
		"-optimizer sgd -momentum 0.9":          "denoising-unet-deadleaves-quick-optimizer-sgd",
		"-freeze out.* -loss l1+0.2*ssim":       "denoising-unet-deadleaves-quick-freeze-out.--loss-l1-0.2-ssim",
	} {
		c, _, err := parseQuietly(denoising, strings.Fields(args)...)
		if err != nil || filepath.Base(c.Out) != want {
			t.Errorf("%s: %s, %v; want %s", args, c.Out, err, want)
		}
	}
	c, _, err := parseQuietly(denoising, "-init", strings.Repeat("x", 300)+".onnx")
	if err != nil || len(filepath.Base(c.Out)) != maxFolder {
		t.Errorf("%s, %v", c.Out, err)
	}
}

// TestTable: names are unique, and every value can be read as it is written.
func TestTable(t *testing.T) {
	c, _, err := parseQuietly(superresolution, "-profile", "cpu", "-init", "x.onnx", "-data", "folder", "-root", "a", "-validation", "b", "-onnxruntime", "l")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range Table() {
		if seen[s.Name] || s.Help == "" || s.Group == "" {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		v := s.value(c)
		if v == nil {
			continue
		}
		r := resolving{known: catalog.Standard(), Config: c}
		if err := s.set(&r, text(v)); err != nil || text(s.value(r.Config)) != text(v) {
			t.Errorf("%s: %v becomes %v, %v", s.Name, v, s.value(r.Config), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-levels 9", "-stages 10,x", "-memory 2GiB -seed 3", "-side 64 -network resnet", "-lr 1e-3 -seeds 1,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, _, err := parseQuietly(denoising, strings.Fields(line)...)
		var usage *command.UsageError
		if err != nil && err != flag.ErrHelp && !errors.As(err, &usage) {
			t.Fatalf("%T %v", err, err)
		}
		if err == nil && (c.Side>>c.Levels < denoising.MinSide || len(c.Stages) != c.Levels+1 || c.BatchTotal() < 1 || len(c.Seeds) == 0) {
			t.Fatalf("%+v", c)
		}
	})
}

// FuzzRecord: for any content of a run.json, reading it ends in a configuration or in an
// error about a setting, and comparing it with itself finds no difference.
func FuzzRecord(f *testing.F) {
	for _, s := range []string{`{"task":"denoising","stages":[4,2,1],"lr":1e-3,"levels":"auto"}`, `{"seeds":[1,"2",null],"memory":{"a":[]},"data_digest":7}`, `{"strategy":[]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var configuration map[string]any
		if json.Unmarshal([]byte(text), &configuration) != nil {
			return
		}
		var usage *command.UsageError
		if _, err := Parse(catalog.Standard(), fromRecord(configuration)); err != nil && !errors.As(err, &usage) {
			t.Errorf("%T %v", err, err)
		}
		if d := Differences(configuration, configuration); len(d) > 0 {
			t.Errorf("%v", d)
		}
	})
}

// TestDefaultsOfOptimizer: the defaults of a run are those of its task. Values that follow from
// its optimizer are not differences.
func TestDefaultsOfOptimizer(t *testing.T) {
	got, _, err := parseQuietly(task.Denoising(), "-optimizer", "sgd", "-lr", "0.1")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"optimizer": "adam", "momentum": 0.9, "beta1": 0.0, "lr": task.Denoising().LearningRate} {
		if d := got.Defaults()[name]; d != want {
			t.Errorf("%s is %v by default, want %v", name, d, want)
		}
	}
}

// fromRecord returns the settings of a run.json's configuration. It leaves out other entries,
// such as digests. Settings that are missing have their former value.
func fromRecord(configuration map[string]any) Values {
	given := Values{}
	for _, s := range Table() {
		if v, ok := configuration[s.Name]; ok {
			given[s.Name] = text(v)
		} else {
			given[s.Name] = s.formerIn(configuration)
		}
		if given[s.Name] == "" {
			delete(given, s.Name)
		}
	}
	return given
}
