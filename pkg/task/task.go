// Package task defines the restoration tasks. A task is one value with its degradation, loss,
// measures and defaults. Training batches, validation sets and evaluations are made from it.
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

// Degrade writes the degraded form of a clean normalised image to input. clean is one image
// (1,C,H,W) with any sides, and the sides of input are these divided by the task's Scale. at is
// the grid of input, and t has the values that Conditions has drawn. Degrade is called on the
// finest mesh, or with DegradeCoarse on each mesh. In the latter case r is the same stream on all
// meshes, so that masks are equal. Noise must differ from mesh to mesh, as in AddNoise. All random
// numbers must come from r. Calls run on several goroutines at once.
type Degrade func(input, clean pixel.Images, at Grid, t []float32, r *random.Stream) error

// Loss adds the losses (N) of the samples of y against target, both (N,C,H,W), to their graph.
// The loss of a batch is their mean.
type Loss func(y, target *gorgonia.Node) (*gorgonia.Node, error)

// Task is a restoration problem. Name and Degrade suffice; Complete sets the other fields to
// their defaults.
type Task struct {
	// Name is the task's name in commands, files and tables: up to 40 lower-case letters and
	// digits, starting with a letter.
	Name string
	// Degrade makes the input from the clean image. If it is nil, the inputs come from the data
	// set: they are the degraded pictures of pairs, or with Scale 2 also Half of clean pictures.
	Degrade Degrade
	// Pointwise states that each pixel of the input depends only on the same pixel of the clean
	// image and on random numbers. With nearest restriction, coarse meshes then degrade only the
	// pixels that they keep; see Grid.Step.
	Pointwise bool
	// Holes states that parts of the image are missing, which the network has to fill.
	Holes bool
	// Fill, if it is not nil, sets the pixels of holes in the normalised, degraded images x, of
	// shape (N,C,H,W), before a network sees them. hole is by pixel of a plane. Degrade calls it,
	// too. Default: these pixels are zero, the mean.
	Fill func(x pixel.Images, hole []bool)
	// Scale is the ratio of the target's sides to the input's: 1, or 2 if the task enlarges
	// images. Default 1.
	Scale int
	// Enlarging is the task for data whose clean pictures have twice the sides of the degraded
	// ones, if the data determines the Scale. It must have the same Name.
	Enlarging *Task

	// Conditions draws the NumConditions values t of a sample, the second input of networks. Both
	// are zero if the task has no t.
	Conditions    func(t []float32, r *random.Stream)
	NumConditions int
	// Noise is the relation of t to the noise level, for images whose noise is estimated or
	// known. It is NoNoise if there is none.
	Noise Noise
	// NoiseLevels is the range of a uniformly distributed t[0], which -sigma changes. It is set
	// instead of Conditions, and requires the Noise Deviation and the Scaling pixel.Unit.
	NoiseLevels *Levels

	// Loss is minimised in training. Default: the mean squared error.
	Loss Loss
	// Scaling is the normalisation of pixels. Default: that of the data set.
	Scaling *pixel.Scale
	// Measures are reported for the task. The first one determines which network is better.
	// Tables always have MSE, PSNR and SSIM. Default: MSE.
	Measures []metric.Measure
	// Evaluation defines how whole images are degraded to measure trained networks.
	// Default: as in training, with conditions drawn for each image.
	Evaluation Evaluation

	// The defaults of the task's training.
	Networks     []network.Network // the first one is the default network; default: network.Restoration or Superresolution
	LearningRate float64           // default 5e-4
	Restriction  mesh.Restriction  // default Nearest
	BatchFactor  float64           // factor of the profile's batch; default 1
	MinSide      int               // of the target on the coarsest mesh, in pixels; default 4
}

// The defaults of the paper.
const (
	defaultLearningRate = 5e-4
	defaultMinSide      = 4
)

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)

// Complete returns the task with defaults for empty fields. It returns an error if fields are wrong
// or contradict each other.
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
	case t.Fill != nil && !t.Holes:
		return wrong("it has a Fill, but no Holes")
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

// FillIn sets the pixels of holes in normalised, degraded images to what a network sees there: by Fill, or to zero.
func (t Task) FillIn(x pixel.Images, hole []bool) {
	if t.Fill != nil {
		t.Fill(x, hole)
		return
	}
	for i := range x.Data {
		if hole[i%x.Plane()] {
			x.Data[i] = 0
		}
	}
}

// Paired reports whether the data set has the inputs on the finest mesh.
func (t Task) Paired() bool { return t.Degrade == nil }

// OfRatio returns the task for data in which the sides of the clean pictures are ratio times those
// of the degraded ones: Enlarging if its Scale is ratio, otherwise t itself.
func (t Task) OfRatio(ratio int) Task {
	if t.Enlarging != nil && t.Enlarging.Scale == ratio {
		return *t.Enlarging
	}
	return t
}

// Suits returns an error if a data set lacks degraded pictures that the task needs, or if their
// sides do not fit.
func (t Task) Suits(set *dataset.Set) error {
	switch {
	case t.Paired() && t.Scale == 1 && !set.Train.HasInputs():
		return fmt.Errorf("-data %s: it has no degraded pictures, and task %s does not make any; use -data pairs -root DIR", set.Name, t.Name)
	case t.Paired() && set.Report.Ratio != 0 && set.Report.Ratio != t.Scale:
		return fmt.Errorf("-data %s: the sides of the clean pictures are %d times those of the degraded ones, for task %s they must be %d times", set.Name, set.Report.Ratio, t.Name, t.Scale)
	}
	return nil
}

// ScaleOf returns the normalisation of the pixels of a data set for the task.
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

// Find returns the task with the given name.
func Find(tasks []Task, name string) (Task, error) {
	if t, ok := lists.Find(tasks, nameOf, name); ok {
		return t, nil
	}
	return Task{}, fmt.Errorf("unknown task %q: use one of %s", name, strings.Join(Names(tasks), ", "))
}

// Names returns the names of tasks, in their order.
func Names(tasks []Task) []string { return lists.Of(tasks, nameOf) }

func nameOf(t Task) string { return t.Name }
