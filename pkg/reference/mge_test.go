package reference_test

import (
	"encoding/json"
	"fmt"
	"math"

	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
	"multiscale/pkg/task"
)

// checkDenoising checks the degradation of denoising.
func checkDenoising(k *checker) {
	k.decode(&struct{}{})
	k.expect("xt.npy", noisy(k.images("x"), k.images("z"), k.input("t").Data).Data)
}

// checkInpaintingAsPublished checks the degradation of inpainting in the authors' code, which has no
// masks.
func checkInpaintingAsPublished(k *checker) {
	k.decode(&struct{}{})
	t := tenths(k.input("u").Data)
	k.expect("t.npy", t)
	k.expect("xt.npy", noisy(k.images("x"), k.images("z"), rest(t)).Data)
}

// tenths returns t, which weights the noise, for numbers u in [0,1).
func tenths(u []float32) []float32 {
	t := make([]float32, len(u))
	for i, v := range u {
		t[i] = 0.1 * v
	}
	return t
}

// rest returns the weights of the pictures if t are the weights of the noise.
func rest(t []float32) []float32 {
	weights := make([]float32, len(t))
	for i, v := range t {
		weights[i] = 1 - v
	}
	return weights
}

// noisy mixes images with noise: weight*x + (1-weight)*z.
func noisy(x, z pixel.Images, weights []float32) pixel.Images {
	y := pixel.NewImages(x.N, x.C, x.H, x.W)
	copy(y.Data, z.Data)
	for i := range y.N {
		task.Mix(y.Slice(i, i+1).Data, x.Slice(i, i+1).Data, weights[i])
	}
	return y
}

// mgeOptions are the hyper-parameters of an estimate.
type mgeOptions struct {
	Model   json.RawMessage
	Mode    string
	Task    string
	Levels  int
	Scale   float64
	Batches []int `json:"batch_sizes"`
	Mesh    []int `json:"finest_mesh"`
	LowMesh []int `json:"low_resolution_mesh"`
	Sigma   []float64
	SSIM    ssimOptions
}

// checkMGE checks one estimate with independent batches.
func checkMGE(k *checker) {
	var h mgeOptions
	k.decode(&h)
	settle(k, "the number of batch sizes", len(h.Batches), h.Levels+1)
	n, set := k.load(h.Model, h.Mode)
	finest := k.level(h.Scale)
	batches := &given{finest: finest, resize: nearest}
	loss := op.MSE
	switch h.Task {
	case "denoise":
		for l := range h.Batches {
			batches.terms = append(batches.terms, k.denoising(fmt.Sprint("_", l)))
		}
	case "deblur":
		for l := range h.Batches {
			batches.terms = append(batches.terms, k.deblurring(fmt.Sprint("_", l), h.Sigma))
		}
	case "sr":
		h.SSIM.Padding = h.SSIM.Window / 2
		h.SSIM.settle(k)
		n, loss = network.Enlarged{Body: n, Factor: k.factor(h.Model)}, op.NegativeSSIM
		batches.resize = bilinear
		for l := range h.Batches {
			batches.terms = append(batches.terms, k.batch(fmt.Sprint("lr_", l), "", fmt.Sprint("hr_", l)))
		}
	default:
		k.Fatalf("unknown task %q", h.Task)
	}
	k.estimate("", model.New(n, set, loss), set, mge.Stage{Finest: finest, Batches: h.Batches}, batches)
}

// checkFullMultiscale checks the estimates of all stages, with the same parameters.
func checkFullMultiscale(k *checker) {
	var h struct {
		Model   json.RawMessage
		Mode    string
		Task    string
		Stages  int
		Levels  []int
		Scales  []float64
		Batches [][]int `json:"stage_batch_sizes"`
		Mesh    []int   `json:"finest_mesh"`
	}
	k.decode(&h)
	settle(k, "task", h.Task, "denoise")
	settle(k, "the number of scales", len(h.Scales), h.Stages)
	settle(k, "the number of stages with batches", len(h.Batches), h.Stages)
	work := mge.Work{Batches: h.Batches[h.Stages-1], Stages: make([]int, h.Stages)}
	plan, err := mge.FullMultiscale.Plan(work)
	if err != nil {
		k.Fatal(err)
	}
	n, set := k.load(h.Model, h.Mode)
	m := model.New(n, set, op.MSE)
	pool := k.denoising("")
	for j, sizes := range h.Batches {
		stage := mge.Stage{Finest: plan.Stages[j].Finest, Batches: sizes}
		settle(k, "the finest mesh of a stage", stage.Finest, k.level(h.Scales[j]))
		batches := &given{finest: stage.Finest, resize: nearest}
		at := 0
		for _, n := range sizes {
			batches.terms = append(batches.terms, pool.Slice(at, at+n))
			at += n
		}
		k.estimate(fmt.Sprintf("stage%d/", j), m, set, stage, batches)
	}
}

// level returns the level of the mesh with a scale relative to the finest one.
func (k *checker) level(scale float64) int {
	level := -math.Log2(scale)
	if level != math.Trunc(level) || level < 0 {
		k.Fatalf("scale %v is not 1/2^l", scale)
	}
	return int(level)
}

func (k *checker) factor(model json.RawMessage) int {
	var h struct {
		Factor int `json:"upscale_factor"`
	}
	if err := json.Unmarshal(model, &h); err != nil {
		k.Fatal(err)
	}
	return h.Factor
}

// denoising reads samples on the finest mesh and mixes them with their noise.
func (k *checker) denoising(suffix string) mesh.Batch {
	x, t := k.images("x"+suffix), k.input("t"+suffix).Data
	return mesh.Batch{Input: noisy(x, k.images("z"+suffix), t), T: t, Target: x, Samples: make([]uint64, x.N)}
}

// deblurring reads samples on the finest mesh, blurs them and mixes them with their noise.
func (k *checker) deblurring(suffix string, sigma []float64) mesh.Batch {
	x, t := k.images("x"+suffix), k.input("t"+suffix).Data
	return mesh.Batch{Input: noisy(k.blurred(x, sigma), k.images("z"+suffix), rest(t)), T: t, Target: x, Samples: make([]uint64, x.N)}
}

// given is an mge.Sampler of given batches on the finest mesh, one for each term of a stage. They
// are restricted to the finest mesh of the stage and then to that of their term.
type given struct {
	terms  []mesh.Batch
	finest int // level of the first term
	resize func(x pixel.Images, level int) pixel.Images
}

func (g *given) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	b := g.terms[r.Level-g.finest]
	if b.Len() != r.Size {
		return fine, coarser, fmt.Errorf("the batch has %d samples, not %d", b.Len(), r.Size)
	}
	fine = g.restrict(g.restrict(b, g.finest), r.Level-g.finest)
	if r.Coarse {
		coarser = g.restrict(fine, 1)
	}
	return fine, coarser, nil
}

func (g *given) restrict(b mesh.Batch, levels int) mesh.Batch {
	b.Input, b.Target = g.resize(b.Input, levels), g.resize(b.Target, levels)
	return b
}

func nearest(x pixel.Images, levels int) pixel.Images { return mesh.Restrict(mesh.Nearest, x, levels) }

// bilinear interpolates directly to a mesh, as in the authors' code. Beyond one level this reads
// other pixels than mesh.Bilinear, which restricts mesh by mesh.
func bilinear(x pixel.Images, levels int) pixel.Images {
	factor := 1 << levels
	y := pixel.NewImages(x.N, x.C, x.H/factor, x.W/factor)
	resample.Bilinear(y.Data, x.Data, x.N*x.C, x.H, x.W, y.H, y.W, float64(factor), float64(factor))
	return y
}

// estimate compares the estimator's loss and gradient, and the losses and gradient norms of its terms,
// with the files of a folder of the case.
func (k *checker) estimate(folder string, m *model.Model, set *param.Set, stage mge.Stage, batches *given) {
	k.Helper()
	e := mge.Estimator{Model: m, Sampler: batches}
	total := make([]float32, set.Len())
	estimate, err := e.Gradient(k.Context(), total, 0, stage)
	if err != nil {
		k.Fatal(err)
	}
	gradient := func(b mesh.Batch) []float32 {
		g := make([]float32, set.Len())
		if _, err := m.AddGradient(k.Context(), g, b, 0); err != nil {
			k.Fatal(err)
		}
		return g
	}
	var fine, coarse, difference terms
	for i, term := range estimate.Terms {
		onFine, onCoarse, err := batches.Draw(mesh.Request{Level: term.Level, Size: term.Samples, Coarse: true})
		if err != nil {
			k.Fatal(err)
		}
		g := gradient(onFine)
		if i == len(estimate.Terms)-1 {
			k.expect(folder+"loss_coarsest.npy", narrow([]float64{term.Fine}))
			k.expect(folder+"gradnorm_coarsest.npy", []float32{norm(g)})
			break
		}
		fine.add(term.Fine, g)
		c := gradient(onCoarse)
		coarse.add(term.Coarse, c)
		pointwise.Axpy(g, -1, c)
		difference.add(term.Fine-term.Coarse, g)
	}
	// A stage with one mesh has no differences.
	if len(estimate.Terms) > 1 {
		k.expectTerms(folder, "fine", fine)
		k.expectTerms(folder, "coarse", coarse)
		k.expectTerms(folder, "diff", difference)
	}
	k.expect(folder+"loss_total.npy", narrow([]float64{estimate.Loss}))
	k.expect(folder+"gradnorm_total.npy", []float32{norm(total)})
	k.gradients(folder, set, total)
}

// terms has losses and gradient norms of all differences, or of their fine or coarse parts.
type terms struct {
	losses []float64
	norms  []float32
}

func (t *terms) add(loss float64, gradient []float32) {
	t.losses, t.norms = append(t.losses, loss), append(t.norms, norm(gradient))
}

func (k *checker) expectTerms(folder, side string, t terms) {
	k.Helper()
	k.expect(folder+"loss_"+side+".npy", narrow(t.losses))
	k.expect(folder+"gradnorm_"+side+".npy", t.norms)
}
