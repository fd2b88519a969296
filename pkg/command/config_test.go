package command

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"multiscale/pkg/dataset"
	"multiscale/pkg/optimize"
)

var (
	denoising = Task{
		Name: "denoising", Does: "trains networks that remove noise from pictures.", Networks: []Network{{"unet", 4}, {"resnet", 1}},
		LearningRate: 5e-4, Restriction: "nearest", BatchFactor: 1, MinSide: 4, Formats: dataset.Formats(), Restrictions: []string{"nearest", "bilinear", "average"}, Optimizers: optimize.Standard(),
	}
	superresolution = Task{
		Name: "superresolution", Does: "enlarges", Networks: []Network{{"srnet", 2}, {"espcn", 2}, {"resnet", 2}},
		LearningRate: 1e-3, Restriction: "bilinear", BatchFactor: 0.5, MinSide: 8, Formats: dataset.Formats(), Restrictions: []string{"nearest", "bilinear", "average"}, Optimizers: optimize.Standard(),
	}
)

func parseQuietly(task Task, args ...string) (Config, string, error) {
	var help strings.Builder
	f := NewFlags(task.Name, task.Does)
	f.Help = &help
	c, err := parse(task, args, f)
	return c, help.String(), err
}

func TestDefaults(t *testing.T) {
	t.Setenv("ONNXRUNTIME_LIB", "")
	got, _, err := parseQuietly(denoising)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Task: "denoising", Profile: "quick", Network: "unet",
		Strategies: []string{"single", "mge", "fullmultiscale"}, Seeds: []uint64{1},
		Side: 32, Levels: 2, Batch: 8, Iterations: 60, Stages: []int{60, 30, 15},
		LearningRate: 5e-4, Schedule: "cosine", Optimizer: "adam", Restriction: "nearest", Degrade: "fine",
		Allocation: "fixed", DropoutCoupling: "independent", Conv: "auto", Data: "deadleaves",
		Out: "results/runs/denoising-unet-deadleaves-quick", CheckpointEvery: 2 * time.Minute, Memory: DefaultMemory,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n%+v, want\n%+v", got, want)
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
		{"quick", 32, 2, 8, 60, []int{60, 30, 15}, 56, 28},
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
			c.Restriction != "bilinear" || c.Network != "srnet" {
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
			return c.Network == "resnet" && slices.Equal(c.Strategies, []string{"mge", "progressive"}) && slices.Equal(c.Seeds, []uint64{3, 1})
		}},
		{"-seed 7", func(c Config) bool { return slices.Equal(c.Seeds, []uint64{7}) }},
		{"-data folder -root pictures -validation others", func(c Config) bool { return c.Root == "pictures" && c.Validation == "others" }},
		{"-data cifar10", func(c Config) bool { return c.Root == "datasets/data/cifar10" }},
		{"-profile cpu -side 32 -levels 1 -batch 4 -iterations 9", func(c Config) bool {
			return c.Side == 32 && c.Levels == 1 && c.Batch == 4 && slices.Equal(c.Stages, []int{9, 5})
		}},
		{"-stages 7,5,3", func(c Config) bool { return slices.Equal(c.Stages, []int{7, 5, 3}) && c.Iterations == 60 }},
		{"-levels 0", func(c Config) bool { return c.Levels == 0 && slices.Equal(c.Stages, []int{60}) }},
		{"-levels auto", func(c Config) bool { return c.LevelsAuto && c.Levels == 2 }},
		{"-network resnet -levels 3", func(c Config) bool { return c.Levels == 3 }}, // coarsest mesh of side 4
		{"-lr 1e-3 -schedule step -optimizer sgd -restriction average -degrade coarse", func(c Config) bool {
			return c.LearningRate == 1e-3 && c.Schedule == "step" && c.Optimizer == "sgd" && c.Restriction == "average" && c.Degrade == "coarse"
		}},
		{"-allocation adaptive -dropout-coupling restricted -conv winograd -released", func(c Config) bool {
			return c.Allocation == "adaptive" && c.DropoutCoupling == "restricted" && c.Conv == "winograd" && c.Released
		}},
		{"-memory 2GiB -checkpoint-every 90s -out x -resume -dry-run", func(c Config) bool {
			return c.Memory == 2<<30 && c.CheckpointEvery == 90*time.Second && c.Out == "x" && c.Resume && c.DryRun
		}},
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

// Every mistake names the flag and its value, the reason and what to do.
func TestMistakes(t *testing.T) {
	cases := []struct{ args, words string }{
		{"-profile huge", "-profile huge: unknown; use quick, cpu or paper"},
		{"-network vgg", "-network vgg: unknown; use unet or resnet"},
		{"-strategy fast", "-strategy fast: fast is unknown; use single, mge, fullmultiscale or progressive"},
		{"-strategy mge,mge", "mge is in it twice"},
		{"-strategy mge,", "an entry of the list is empty"},
		{"-data imagenet", "-data imagenet: unknown"},
		{"-data folder", "-root: -data folder needs"},
		{"-root x", "-root x: -data deadleaves reads no files"},
		{"-data stl10 -validation x", "-validation x: only for -data folder"},
		{"-levels 9", "-levels 9: side 32 does not go with 9 levels of halving: the coarsest mesh must have a side of at least 4 that 4 divides; use at most 3"},
		{"-levels -1", "-levels -1: too small"},
		{"-levels 1.5", "-levels 1.5: not a whole number"},
		{"-side 33", "-side 33: side 33 does not go with 2 levels"},
		{"-side 33 -levels 1", "-side 33: "},
		{"-side 0", "-side 0: too small"},
		{"-side 40", "use a multiple of 16 from 16 on"}, // 40/4 = 10: the UNet cannot halve it twice
		{"-side 99999999999999999999", "not a whole number"},
		{"-batch 0", "-batch 0: too small, the least is 1"},
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
		{"-restriction cubic", "use nearest, bilinear or average"},
		{"-degrade both", "use fine or coarse"},
		{"-allocation best", "use fixed, optimal or adaptive"},
		{"-dropout-coupling none", "use independent or restricted"},
		{"-conv fft", "use auto, direct or winograd"},
		{"-seed -1", `-seed -1: "-1" is not a seed`},
		{"-seed 1,2", "use -seeds for several"},
		{"-seeds 1,1", "1 is in it twice"},
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
		{"-xyzzy", "-xyzzy: there is no such flag; -h lists the flags"},
		{"mge", "mge: an argument without a flag"},
		{"---x", "bad flag syntax"},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			_, help, err := parseQuietly(denoising, strings.Fields(c.args)...)
			var usage *UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, want %q", err, c.words)
			}
			if help != "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v%s", err, help)
			}
		})
	}
}

func TestPendingIsRefused(t *testing.T) {
	task := denoising
	task.Pending = map[string][]string{
		"allocation": {"optimal", "adaptive"}, "levels": {"auto"}, "released": {"*"}, "init": {"*"}, "strategy": {"progressive"},
	}
	for _, args := range []string{"-allocation optimal", "-levels auto", "-released", "-init m.onnx", "-strategy mge,progressive"} {
		_, _, err := parseQuietly(task, strings.Fields(args)...)
		if err == nil || !strings.Contains(err.Error(), "not available in this version") {
			t.Errorf("%s: %v", args, err)
		}
	}
	if _, _, err := parseQuietly(task, "-allocation", "fixed", "-levels", "1", "-strategy", "mge"); err != nil {
		t.Error(err)
	}
	_, help, _ := parseQuietly(task, "-h")
	for _, word := range []string{"optimal", "-released", "-init", "auto,", "progressive"} {
		if strings.Contains(help, word) {
			t.Errorf("the help offers %q", word)
		}
	}
}

// The help names every flag of the contract, fits the terminal and equals the
// file that a reader can look at.
func TestHelp(t *testing.T) {
	_, help, err := parseQuietly(denoising, "-h")
	if !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for name := range (Config{}).Flags() {
		if name != "task" && !strings.Contains(help, "\n  -"+name) {
			t.Errorf("no -%s", name)
		}
	}
	for _, line := range strings.Split(help, "\n") {
		if len(line) > helpWidth {
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

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-levels 9", "-stages 10,x", "-memory 2GiB -seed 3", "-side 64 -network resnet", "-lr 1e-3 -seeds 1,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		set := NewFlags("denoising", "")
		set.Help = io.Discard
		c, err := parse(denoising, strings.Fields(line), set)
		var usage *UsageError
		if err != nil && err != flag.ErrHelp && !errors.As(err, &usage) {
			t.Fatalf("%T %v", err, err)
		}
		if err == nil && (c.Side>>c.Levels < denoising.MinSide || len(c.Stages) != c.Levels+1 || c.BatchTotal() < 1 || len(c.Seeds) == 0) {
			t.Fatalf("%+v", c)
		}
	})
}
