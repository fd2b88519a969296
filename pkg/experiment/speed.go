package experiment

import (
	"context"
	"math"
	"time"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/optimize"
	"multiscale/pkg/pixel"
	"multiscale/pkg/task"
)

// What a prediction may take: it is a small part of what it predicts.
const (
	maxTimed       = 256 << 20              // bytes of the activations of one image
	maxTimedMany   = 128 << 20              // of several at once
	maxTimedSample = 16 << 20               // bytes of an image that is drawn or validated
	maxTiming      = 400 * time.Millisecond // of one number of images on one mesh, about
	timings        = 5                      // of each, at most
	timedWhole     = 2                      // whole pictures
	timedCrops     = 8                      // validation crops
	timedDraws     = 4                      // samples
)

// pace is how fast images of one mesh go through training: seconds of the gradient of one
// image, and of several at once, which share what a run of a graph costs.
type pace struct {
	one, many float64
	images    int     // of many
	draw      float64 // a sample: read, degraded and restricted
	pack      float64 // what the first gradient after a step takes longer: weights are packed again
	level     int     // on which it was timed; another one where the mesh takes too much memory
}

// seconds is the time of the gradient of n images: a line through both timings, and from
// the larger one on in proportion.
func (p pace) seconds(n float64) float64 {
	switch {
	case p.images <= 1:
		return n * p.one
	case n >= float64(p.images):
		return n * p.many / float64(p.images)
	}
	return p.one + (n-1)*(p.many-p.one)/float64(p.images-1)
}

// speed predicts seconds of training on this machine from timings of its parts: drawing
// batches, gradients on each mesh, the optimizer's step, validation, export.
type speed struct {
	e        *Experiment
	m        *model.Model // of its own: its weights change
	gradient []float32
	meshes   map[int]pace
	step     float64 // of the optimizer
	shares   int     // of a batch
}

func (e *Experiment) newSpeed(m *model.Model) *speed {
	return &speed{e: e, m: m, gradient: make([]float32, m.Params.Len()), meshes: map[int]pace{}, shares: e.config.Shares}
}

// fastest returns the shortest time of what do does, after a first time that builds
// graphs and fills caches: others on the machine make it longer, never shorter.
func fastest(do func() error) (float64, error) {
	best, begin := math.Inf(1), time.Now()
	for i := range 1 + timings {
		start := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took := time.Since(start)
		if i > 0 || took > 4*maxTiming {
			best = min(best, took.Seconds())
		}
		if !math.IsInf(best, 1) && time.Since(begin) > maxTiming {
			break
		}
	}
	return best, nil
}

// measure times the meshes of stages that are not known yet, and the optimizer's step.
func (s *speed) measure(ctx context.Context, stages []mge.Stage) error {
	images, samples, coarse := map[int]int{}, map[int]int{}, map[int]bool{}
	coarsest := 0
	for _, g := range stages {
		largest := g.Max()
		for i, n := range largest {
			level := g.Finest + i
			samples[level] = max(samples[level], n)
			coarse[level] = coarse[level] || g.Differs(i)
			n = g.Evaluated(i, largest)
			images[level] = max(images[level], (n+s.e.config.Shares-1)/s.e.config.Shares)
			coarsest = max(coarsest, level)
		}
	}
	for level := range coarsest + 1 {
		if _, known := s.meshes[level]; known || images[level] == 0 {
			continue
		}
		p, err := s.mesh(ctx, level, images[level])
		if err != nil {
			return err
		}
		if p.draw, err = s.draw(level, min(samples[level], timedDraws), coarse[level]); err != nil {
			return err
		}
		s.meshes[level] = p
	}
	if s.step > 0 {
		return nil
	}
	return s.optimizer()
}

// mesh times gradients of one and of up to n images on a mesh, or where that takes too much
// memory on the finest one that does not.
func (s *speed) mesh(ctx context.Context, level, n int) (p pace, err error) {
	if p.level, err = s.e.timedLevel(s.m, level); err != nil {
		return p, err
	}
	if p.one, err = s.images(ctx, p.level, 1, false); err != nil {
		return p, err
	}
	side := mesh.Side(s.e.config.Side, p.level) / s.e.task.Scale
	micro, err := s.m.MicroBatch(s.e.set.Channels, side, side, true)
	if err != nil {
		return p, err
	}
	for p.images = min(n, micro, max(1, int(maxTiming.Seconds()/p.one))); p.images > 1; p.images /= 2 {
		bytes, err := s.m.Bytes(p.images, s.e.set.Channels, side, side, true)
		if err != nil {
			return p, err
		}
		if bytes <= maxTimedMany {
			break
		}
	}
	alone := p.one
	if p.images > 1 {
		if p.many, err = s.images(ctx, p.level, p.images, false); err != nil {
			return p, err
		}
		alone = p.many
	}
	// With as many images: it depends on their number how convolutions are computed.
	first, err := s.images(ctx, p.level, p.images, true)
	if err != nil {
		return p, err
	}
	p.pack = max(first-alone, 0)
	larger := mesh.Cost(level) / mesh.Cost(p.level)
	p.one, p.many = larger*p.one, larger*p.many
	return p, nil
}

// images times the gradient of n images on a mesh, the first after the weights have changed or another one.
func (s *speed) images(ctx context.Context, level, n int, first bool) (float64, error) {
	b := s.e.blank(level, n)
	return fastest(func() error {
		if first {
			s.m.Params.Update(func([]float32) {})
		}
		_, err := s.m.AddGradient(ctx, s.gradient, b, 0)
		return err
	})
}

// blank is a batch of n images of nothing.
func (e *Experiment) blank(level, n int) mesh.Batch {
	side, c := mesh.Side(e.config.Side, level), e.set.Channels
	in := side / e.task.Scale
	return mesh.Batch{
		Input: pixel.NewImages(n, c, in, in), Target: pixel.NewImages(n, c, side, side),
		T: make([]float32, n*e.task.NumConditions), Samples: make([]uint64, n),
	}
}

// draw times a sample of a mesh's term; 0 where it is too large.
func (s *speed) draw(level, n int, coarse bool) (float64, error) {
	if s.e.sampleBytes() > maxTimedSample {
		return 0, nil
	}
	sampler := s.e.sampler(s.e.config.Seeds[0])
	took, err := fastest(func() error {
		_, _, err := sampler.Draw(mesh.Request{Level: level, Size: n, Coarse: coarse})
		return err
	})
	return took / float64(n), err
}

// sampleBytes is the size of an image on the finest mesh.
func (e *Experiment) sampleBytes() int { return 4 * e.set.Channels * e.config.Side * e.config.Side }

// optimizer times a step of the optimizer alone.
func (s *speed) optimizer() error {
	rule, err := s.e.config.Rule()
	if err != nil {
		return err
	}
	o := optimize.New(rule, s.m.Params.Groups(), s.e.config.LearningRate)
	took, err := fastest(func() error {
		var err error
		s.m.Params.Update(func(values []float32) { err = o.Step(values[:len(s.gradient)], s.gradient) })
		return err
	})
	s.step = max(took, 1e-6)
	return err
}

// iteration predicts an iteration of a stage.
func (s *speed) iteration(g mge.Stage) float64 {
	sum := s.step
	for i, n := range g.Batches {
		p, samples := s.meshes[g.Finest+i], float64(n)
		if i == 0 {
			samples += g.Fraction
		}
		images := samples + float64(g.Evaluated(i, g.Batches)-n)
		runs := min(max(images, 1), float64(max(s.shares, 1))) // shares that are not empty
		sum += float64(runs*p.seconds(images/runs)) + float64(samples*p.draw) + p.pack
	}
	return sum
}

// training predicts the iterations of a plan. Pilots take what their work units do.
func (s *speed) training(p mge.Plan) float64 {
	var seconds, work float64
	for _, g := range p.Stages {
		seconds += float64(float64(g.Iterations) * s.iteration(g))
		work += float64(float64(g.Iterations) * g.WorkUnits())
	}
	return seconds * (1 + p.Pilots()/work)
}

// validation predicts one validation.
func (s *speed) validation(ctx context.Context) (float64, error) {
	pictures := float64(s.e.config.ValidationPictures)
	if s.e.config.EMA > 0 { // and with averaged weights
		pictures *= 2
	}
	// Where the finest mesh is too large to be timed, so is an answer on it: a gradient takes about three times as long.
	if s.meshes[0].level > 0 || s.e.sampleBytes() > maxTimedSample {
		return pictures * s.meshes[0].one / 3, nil
	}
	v, err := task.NewValidationSample(s.e.task, s.e.set, s.e.config.Side, min(s.e.config.ValidationPictures, timedCrops), timedWhole)
	if err != nil {
		return 0, err
	}
	took, err := fastest(func() error {
		_, err := v.Measure(ctx, s.m)
		return err
	})
	if n := len(v.Whole); n > 0 {
		return took * float64(s.e.set.Validation.Len()) / float64(n) * pictures / float64(s.e.config.ValidationPictures), err
	}
	return took * pictures / float64(v.Batch.Len()), err
}

// end predicts export and cross-check of a network.
func (s *speed) end(ctx context.Context, p mge.Plan) (float64, error) {
	u := &unit{Experiment: s.e, name: runfolder.Unit{Strategy: p.Strategy, Seed: s.e.config.Seeds[0]}, plan: p, model: s.m}
	start := time.Now()
	file, err := u.encode(s.m.Params.Values(), p.Iterations(), 0)
	if err != nil {
		return 0, err
	}
	export := time.Since(start).Seconds()
	if _, _, err := u.crosscheck(ctx, "the network", file); ctx.Err() != nil {
		return 0, err // what a cross-check finds is for training to say
	}
	return time.Since(start).Seconds() + export, nil // the best network is exported, too
}

// validations counts those of a unit with a plan: on its way, and at its end.
func (e *Experiment) validations(p mge.Plan) int {
	u, n := &unit{Experiment: e, plan: p}, 1
	for i := range p.Iterations() + 1 {
		if u.due(i) {
			n++
		}
	}
	return n
}
