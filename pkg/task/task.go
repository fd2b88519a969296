// Package task has the restoration tasks. A task is one value: its degradation,
// its loss, its measures, and its defaults. Training batches, validation sets and
// evaluation are made from it.
package task

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/metric"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// Degrade writes to input the degraded form of the clean normalised image. clean
// is one image (1,C,H,W) of any sides, the sides of input are these divided by the
// task's Scale, and at is the grid of input. t is the numbers that Conditions
// draws. It is called on the finest mesh, or on each mesh with DegradeCoarse: r is
// then the same stream, so that masks are equal. Noise must differ from mesh to
// mesh, as AddNoise draws it. All random numbers come from r; calls run on several
// goroutines at once.
type Degrade func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error

// Loss adds the loss of each sample (N) of y against target, both (N,C,H,W), to
// their graph. The loss of a batch is their mean.
type Loss func(y, target *gorgonia.Node) (*gorgonia.Node, error)

// Task is a restoration problem. Name and Degrade suffice; Complete fills in the
// rest.
type Task struct {
	// Name is the task's name in commands, files and tables: lower-case letters and
	// digits.
	Name string
	// Degrade makes the input from the clean image. Without it the data set has the
	// input, as with -data pairs, or, if Scale is 2, the input is Half of the clean
	// image.
	Degrade Degrade
	// Pointwise says that each pixel of the input depends only on the same pixel of
	// the clean image and on random numbers. With nearest restriction, coarse meshes
	// then degrade only the pixels that they keep; see Grid.Step.
	Pointwise bool
	// Holes says that the degradation sets parts of the normalised image to zero, for the
	// network to fill.
	Holes bool
	// Scale is the ratio of the target's sides to the input's: 1, or 2 if the task
	// enlarges images. Default 1.
	Scale int
	// Enlarging is the task for data whose clean pictures have twice the sides of the
	// degraded ones, if the data decides on the Scale. It has the same Name.
	Enlarging *Task

	// Conditions draws the NumConditions numbers t of a sample, a second input of
	// networks. Both are zero if the task has no t.
	Conditions    func(t []float32, r *random.Stream)
	NumConditions int
	// Noise is the relation of t to the noise level, for images whose noise is
	// estimated or known; NoNoise if there is none.
	Noise Noise
	// NoiseLevels is the range of a uniform t[0], which -sigma changes. It replaces Conditions,
	// which is then nil; it needs a Noise of Deviation and the Scaling pixel.Unit.
	NoiseLevels *Levels

	// Loss is minimised in training. Default: the mean squared error.
	Loss Loss
	// Scaling is the normalisation of pixels. Default: that of the data set.
	Scaling *pixel.Scale
	// Measures are reported for the task; the first one decides which network is
	// better. Tables always have MSE, PSNR and SSIM. Default: MSE.
	Measures []metric.Measure
	// Evaluation defines how whole images are degraded to measure trained networks.
	// Default: as in training, with conditions drawn for each image.
	Evaluation Evaluation

	// The defaults of the task's training.
	Networks     []network.Network // the first is the default; default: those of the paper for the Scale
	LearningRate float64           // default 5e-4
	Restriction  mesh.Restriction  // default Nearest
	BatchFactor  float64           // of the profile's batch; default 1
	MinSide      int               // of the target on the coarsest mesh, in pixels; default 4
}

// The defaults of the paper.
const (
	defaultLearningRate = 5e-4
	defaultMinSide      = 4
)

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)

// Complete returns the task with defaults for empty fields. Contradictory fields
// are an error.
func (t Task) Complete() (Task, error) {
	t.Scale = cmp.Or(t.Scale, 1)
	if t.NoiseLevels != nil && t.Conditions == nil {
		t = t.OfLevels(*t.NoiseLevels)
	}
	if t.Loss == nil {
		t.Loss = op.MSE
	}
	if t.Measures == nil {
		t.Measures = []metric.Measure{metric.MSE}
	}
	if t.Networks == nil {
		t.Networks = network.Restoration(t.NumConditions == 1)
		if t.Scale != 1 {
			t.Networks = network.Superresolution(t.Scale)
		}
	}
	t.LearningRate = cmp.Or(t.LearningRate, defaultLearningRate)
	t.Restriction = cmp.Or(t.Restriction, mesh.Restriction(mesh.Nearest))
	t.BatchFactor = cmp.Or(t.BatchFactor, 1)
	t.MinSide = cmp.Or(t.MinSide, defaultMinSide*t.Scale)
	if t.Enlarging != nil {
		twice, err := t.Enlarging.Complete()
		if err != nil {
			return t, err
		}
		t.Enlarging = &twice
	}
	return t, t.check()
}

func (t Task) check() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("task %q: %s", t.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case !nameRule.MatchString(t.Name):
		return wrong("its name must be lower-case letters and digits")
	case t.Scale != 1 && t.Scale != 2:
		return wrong("Scale is %d, want 1 or 2", t.Scale)
	case t.NumConditions < 0 || (t.NumConditions > 0) != (t.Conditions != nil):
		return wrong("it has %d conditions; Conditions draws them, and only them", t.NumConditions)
	case t.Noise != NoNoise && t.NumConditions != 1:
		return wrong("Noise says what one condition is, but it has %d", t.NumConditions)
	case t.NoiseLevels != nil && (t.Noise != Deviation || t.Scaling == nil || !slices.Equal(t.Scaling.Std, pixel.Unit.Std)):
		return wrong("NoiseLevels are for a Noise of Deviation and the Scaling pixel.Unit")
	case t.Enlarging != nil && (t.Scale != 1 || t.Enlarging.Scale != 2 || t.Enlarging.Name != t.Name):
		return wrong("Enlarging must be a task of Scale 2 with the same name, and the task itself of Scale 1")
	case t.BatchFactor <= 0 || t.LearningRate <= 0 || t.MinSide < t.Scale:
		return wrong("BatchFactor, LearningRate and MinSide must be above 0")
	}
	for _, n := range t.Networks {
		if err := t.Takes(n); err != nil {
			return err
		}
	}
	return t.Evaluation.check(t)
}

// Takes returns an error if the task cannot train a network.
func (t Task) Takes(n network.Network) error {
	switch {
	case n.Scale() != t.Scale:
		return fmt.Errorf("network %s enlarges images by %d, task %s by %d", n.Name(), n.Scale(), t.Name, t.Scale)
	case n.Conditions() > 0 && n.Conditions() != t.NumConditions:
		return fmt.Errorf("network %s takes %d conditions t, task %s has %d", n.Name(), n.Conditions(), t.Name, t.NumConditions)
	}
	return nil
}

// Paired reports whether the input on the finest mesh is the data set's.
func (t Task) Paired() bool { return t.Degrade == nil }

// OfRatio returns the task for data whose clean pictures have this many times the sides
// of the degraded ones: its Enlarging if that has the ratio, else t itself.
func (t Task) OfRatio(ratio int) Task {
	if t.Enlarging != nil && t.Enlarging.Scale == ratio {
		return *t.Enlarging
	}
	return t
}

// Suits returns an error if a data set lacks what the task needs.
func (t Task) Suits(set *dataset.Set) error {
	switch {
	case t.Paired() && t.Scale == 1 && !set.Train.HasInputs():
		return fmt.Errorf("-data %s: it has no degraded pictures, and task %s does not make any; use -data pairs -root DIR", set.Name, t.Name)
	case t.Paired() && set.Report.Ratio != 0 && set.Report.Ratio != t.Scale:
		return fmt.Errorf("-data %s: the sides of the clean pictures are %d times those of the degraded ones, for task %s they must be %d times", set.Name, set.Report.Ratio, t.Name, t.Scale)
	}
	return nil
}

// ScaleOf is the normalisation of the pixels of a data set.
func (t Task) ScaleOf(set *dataset.Set) pixel.Scale {
	if t.Scaling != nil {
		return *t.Scaling
	}
	return set.Scale
}

// All returns the tasks of the paper, complete.
func All() []Task {
	return []Task{Denoising(), Deblurring(), Inpainting(), Superresolution()}
}

// must completes a task of this package.
func must(t Task) Task {
	t, err := t.Complete()
	if err != nil {
		panic(err)
	}
	return t
}

// Find returns the task of a name.
func Find(tasks []Task, name string) (Task, error) {
	if t, ok := lists.Find(tasks, nameOf, name); ok {
		return t, nil
	}
	return Task{}, fmt.Errorf("unknown task %q: use one of %s", name, strings.Join(Names(tasks), ", "))
}

// Names returns the names of tasks, in their order.
func Names(tasks []Task) []string { return lists.Of(tasks, nameOf) }

func nameOf(t Task) string { return t.Name }
