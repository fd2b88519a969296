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

// Limits of timings, so that a prediction takes much less time and memory than training.
const (
	maxTimed         = 256 << 20              // bytes of the activations of one image
	maxTimedMany     = 128 << 20              // bytes of the activations of several images at once
	maxTimedSample   = 16 << 20               // bytes of an image that is drawn or validated
	maxTimedTogether = 1 << 20                // bytes of several images that are drawn at once
	maxTiming        = 400 * time.Millisecond // approximate time for one number of images on one mesh
	timings          = 5                      // number of timings of each kind, at most
	timedWhole       = 2                      // whole pictures
	timedCrops       = 8                      // validation crops
	timedDraws       = 4                      // samples

	// All timings together take about this time, even on a slow or busy machine.
	timingBudget = 10 * time.Second
	pilotBudget  = timingBudget / 4 // if only the finest mesh is timed

	// The parts of the budget at whose end the timings of meshes and of validation end. The rest is for export and
	// cross-check.
	meshesPart, validationPart = 0.7, 0.85
)

// pace is the speed of training on one mesh: the seconds for the gradient of one image, and for
// that of several at once, which share the fixed cost of running a graph.
type pace struct {
	one, many float64
	images    int     // number of images in many
	draw      float64 // seconds to read, degrade and restrict one sample
	pack      float64 // additional seconds of the first gradient after a step, which packs the weights again
	level     int     // on which it was timed; not the mesh's own if that takes too much memory or time
}

// seconds returns the time of the gradient of n images: on a line through both timings, and
// from the larger one on in proportion to n.
func (p pace) seconds(n float64) float64 {
	switch {
	case p.images <= 1:
		return n * p.one
	case n >= float64(p.images):
		return n * p.many / float64(p.images)
	}
	return p.one + (n-1)*(p.many-p.one)/float64(p.images-1)
}

// parts are the seconds of parts of training, as far as they are known.
type parts struct {
	meshes map[int]pace // by level; a pace with another level is extrapolated from it
	step   float64      // of the optimizer
	drawn  float64      // one sample, as timed last
	rest   *rest        // nil: not timed
}

// rest is what a unit takes besides training.
type rest struct {
	validation float64 // each
	end        float64 // export and cross-check, and a validation of whole pictures if there is one at the end alone
}

// speed predicts the seconds of training on this machine from timings of its parts: drawing
// batches, gradients on each mesh, the optimizer's step, validation, export. Its budget is wall
// time: no part begins that would exceed it, except the first batch of the coarsest mesh.
type speed struct {
	e        *Experiment
	m        *model.Model // not shared with training: timings change its weights
	gradient []float32
	parts
	began  time.Time
	budget time.Duration
	short  bool // a timing was left out or ended early
}

func (e *Experiment) newSpeed(m *model.Model, budget time.Duration) *speed {
	return &speed{e: e, m: m, gradient: make([]float32, m.Params.Len()), parts: parts{meshes: map[int]pace{}}, began: time.Now(), budget: budget}
}

// left returns the time that is left of a part of the budget.
func (s *speed) left(part float64) time.Duration {
	return time.Until(s.began.Add(time.Duration(part * float64(s.budget))))
}

// room reports whether work of the given seconds ends within a part of the budget.
func (s *speed) room(part, seconds float64) bool {
	if s.left(part).Seconds() >= seconds {
		return true
	}
	s.short = true
	return false
}

// fastest returns the shortest time of several calls of do, in seconds: other processes can
// only make a call slower. The first call, which builds graphs and fills caches, counts only
// if it takes more than 4*maxTiming, or if the part of the budget leaves no time for a second.
func (s *speed) fastest(ctx context.Context, part float64, do func() error) (float64, error) {
	best, begin, took := math.Inf(1), time.Now(), time.Duration(0)
	for i := range 1 + timings {
		if i == 1 && took <= 4*maxTiming && !s.room(part, took.Seconds()) || i > 1 && s.left(part) < took {
			break
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		took = time.Since(start)
		if i > 0 || took > 4*maxTiming {
			best = min(best, took.Seconds())
		}
		if !math.IsInf(best, 1) && time.Since(begin) > maxTiming {
			break
		}
	}
	return min(best, took.Seconds()), nil
}

// measure times the optimizer's step and those meshes of stages that have not been timed, the
// coarsest first. Meshes that take too much memory or time are extrapolated from the finest
// timed one by their number of pixels.
func (s *speed) measure(ctx context.Context, stages []mge.Stage) error {
	images, samples, coarse := map[int]int{}, map[int]int{}, map[int]bool{}
	coarsest := 0
	for _, g := range stages {
		largest := g.Max()
		for i, n := range largest {
			level := g.Finest + i
			samples[level] = max(samples[level], n)
			coarse[level] = coarse[level] || g.Differs(i)
			images[level] = max(images[level], g.Evaluated(i, largest))
			coarsest = max(coarsest, level)
		}
	}
	if s.step == 0 {
		if err := s.optimizer(ctx); err != nil {
			return err
		}
	}
	for level := coarsest; level >= 0; level-- {
		if _, known := s.meshes[level]; known || images[level] == 0 {
			continue
		}
		p, err := s.mesh(ctx, level, images[level])
		if err != nil {
			return err
		}
		if p.draw, err = s.draw(ctx, level, min(samples[level], timedDraws), coarse[level]); err != nil {
			return err
		}
		s.meshes[level] = p
	}
	return nil
}

// finest returns the finest of the timed meshes.
func (s *speed) finest() (p pace, ok bool) {
	for level, of := range s.meshes {
		if level == of.level && (!ok || level < p.level) {
			p, ok = of, true
		}
	}
	return p, ok
}

// mesh times gradients of one and of up to n images on a mesh, or extrapolates their times.
func (s *speed) mesh(ctx context.Context, level, n int) (pace, error) {
	at, err := s.e.timedLevel(s.m, level)
	if err != nil {
		return pace{}, err
	}
	p, ok := s.finest()
	// The first batch builds the graph, and takes about twice as long.
	if ok && (at > level || !s.room(meshesPart, 2*p.one*mesh.Cost(level)/mesh.Cost(p.level))) {
		return p.on(level), nil
	}
	p, err = s.timed(ctx, at, n)
	if err == nil && at > level {
		s.meshes[at] = p
	}
	return p.on(level), err
}

// on returns the pace of the mesh of a level, extrapolated from p by their numbers of pixels.
func (p pace) on(level int) pace {
	larger := mesh.Cost(level) / mesh.Cost(p.level)
	p.one, p.many = larger*p.one, larger*p.many
	return p
}

// timed times gradients of one and of up to n images on a mesh.
func (s *speed) timed(ctx context.Context, level, n int) (p pace, err error) {
	p.level, p.images = level, 1
	if p.one, err = s.images(ctx, level, 1, false); err != nil {
		return p, err
	}
	side := mesh.Side(s.e.config.Side, level) / s.e.task.Scale
	micro, err := s.m.MicroBatch(s.e.set.Channels, side, side, true)
	if err != nil {
		return p, err
	}
	together := min(n, micro, max(1, int(maxTiming.Seconds()/p.one)))
	for ; together > 1; together /= 2 {
		bytes, err := s.m.Bytes(together, s.e.set.Channels, side, side, true)
		if err != nil {
			return p, err
		}
		if bytes <= maxTimedMany {
			break
		}
	}
	alone := p.one
	if together > 1 && s.room(meshesPart, float64(2*together)*p.one) {
		if p.many, err = s.images(ctx, level, together, false); err != nil {
			return p, err
		}
		alone, p.images = p.many, together
	}
	if !s.room(meshesPart, alone) {
		return p, nil
	}
	// With the same number of images, because it decides how convolutions are computed.
	first, err := s.images(ctx, level, p.images, true)
	p.pack = max(first-alone, 0)
	return p, err
}

// images times the gradient of n images on a mesh. If first, the weights change before each gradient.
func (s *speed) images(ctx context.Context, level, n int, first bool) (float64, error) {
	b := s.e.blank(level, n)
	return s.fastest(ctx, meshesPart, func() error {
		if first {
			s.m.Params.Update(func([]float32) {})
		}
		_, err := s.m.AddGradient(ctx, s.gradient, b, 0)
		return err
	})
}

// blank returns a batch of n images that are all zero.
func (e *Experiment) blank(level, n int) mesh.Batch {
	side, c := mesh.Side(e.config.Side, level), e.set.Channels
	in := side / e.task.Scale
	return mesh.Batch{
		Input: pixel.NewImages(n, c, in, in), Target: pixel.NewImages(n, c, side, side),
		T: make([]float32, n*e.task.NumConditions), Samples: make([]uint64, n),
	}
}

// draw times n samples of a mesh's term, which are all drawn on the finest mesh, and returns the seconds of one. If
// samples are too large or the time is short, it returns the last such timing, or 0 if there is none.
func (s *speed) draw(ctx context.Context, level, n int, coarse bool) (float64, error) {
	bytes := s.e.sampleBytes()
	if n = max(1, min(n, maxTimedTogether/bytes)); bytes > maxTimedSample || !s.room(meshesPart, float64(2*n)*s.drawn) {
		return s.drawn, nil
	}
	sampler := s.e.sampler(s.e.config.Seeds[0])
	took, err := s.fastest(ctx, meshesPart, func() error {
		_, _, err := sampler.Draw(mesh.Request{Level: level, Size: n, Coarse: coarse})
		return err
	})
	s.drawn = took / float64(n)
	return s.drawn, err
}

// sampleBytes returns the size of an image on the finest mesh.
func (e *Experiment) sampleBytes() int { return 4 * e.set.Channels * e.config.Side * e.config.Side }

// optimizer times a step of the optimizer.
func (s *speed) optimizer(ctx context.Context) error {
	rule, err := s.e.config.Rule()
	if err != nil {
		return err
	}
	o := optimize.New(rule, s.m.Params.Groups(), s.e.config.LearningRate)
	took, err := s.fastest(ctx, meshesPart, func() error {
		var err error
		s.m.Params.Update(func(values []float32) { err = o.Step(values[:len(s.gradient)], s.gradient) })
		return err
	})
	s.step = max(took, 1e-6)
	return err
}

// iteration predicts the seconds of an iteration of a stage.
func (s *speed) iteration(g mge.Stage) float64 {
	sum := s.step
	for i, n := range g.Batches {
		p, samples := s.meshes[g.Finest+i], float64(n)
		if i == 0 {
			samples += g.Fraction
		}
		images := samples + float64(g.Evaluated(i, g.Batches)-n)
		sum += p.seconds(images) + float64(samples*p.draw) + p.pack
	}
	return sum
}

// training predicts the seconds of a plan's iterations and pilots. A work unit of a pilot takes as long as the
// average one of an iteration.
func (s *speed) training(p mge.Plan) float64 {
	var seconds, work float64
	for _, g := range p.Stages {
		seconds += float64(float64(g.Iterations) * s.iteration(g))
		work += float64(float64(g.Iterations) * g.WorkUnits())
	}
	return seconds * (1 + p.Pilots()/work)
}

// validation predicts the seconds of one validation. It times at most the given number of whole pictures; with 0, crops.
func (s *speed) validation(ctx context.Context, whole int) (float64, error) {
	pictures := float64(s.e.config.ValidationPictures)
	if s.e.config.EMA > 0 { // a second time with averaged weights
		pictures *= 2
	}
	// A forward pass takes about a third of a gradient.
	answer := s.meshes[0].one / 3
	if s.meshes[0].level > 0 || s.e.sampleBytes() > maxTimedSample || !s.room(validationPart, 2*answer) {
		return pictures * answer, nil
	}
	crops := min(s.e.config.ValidationPictures, timedCrops, max(1, int(s.left(validationPart).Seconds()/(2*answer))))
	v, err := task.NewValidationSample(s.e.task, s.e.set, s.e.config.Side, crops, whole)
	if err != nil {
		return 0, err
	}
	took, err := s.fastest(ctx, validationPart, func() error {
		_, err := v.Measure(ctx, s.m)
		return err
	})
	if n := len(v.Whole); n > 0 {
		return took * float64(s.e.set.Validation.Len()) / float64(n) * pictures / float64(s.e.config.ValidationPictures), err
	}
	return took * pictures / float64(v.Batch.Len()), err
}

// others times what a unit takes besides training.
func (s *speed) others(ctx context.Context, p mge.Plan) error {
	validation, err := s.validation(ctx, timedWhole)
	final := 0.
	if err == nil && s.e.wholeAtEnd() {
		final = validation
		validation, err = s.validation(ctx, 0)
	}
	if err != nil {
		return err
	}
	end, err := s.end(ctx, p)
	s.rest = &rest{validation, end + final}
	return err
}

// end predicts the seconds of export and cross-check of a network. It runs them with the smaller shape, and scales the
// time by pixels for the larger one.
func (s *speed) end(ctx context.Context, p mge.Plan) (float64, error) {
	u := &unit{Experiment: s.e, name: runfolder.Unit{Strategy: p.Strategy, Seed: s.e.config.Seeds[0]}, plan: p, model: s.m}
	start := time.Now()
	file, err := u.encode(s.m.Params.Values(), p.Iterations(), 0)
	if err != nil {
		return 0, err
	}
	export := time.Since(start).Seconds()
	within, cancel := context.WithDeadline(ctx, s.began.Add(s.budget))
	defer cancel()
	shapes := s.e.checkedShapes()
	report, err := u.compare(within, file, shapes[:1])
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	took := time.Since(start).Seconds() + export // the best network is exported, too
	if err != nil {                              // training will report the error
		s.short = s.short || within.Err() != nil
		return took, nil
	}
	for _, r := range report.Rows {
		for _, other := range shapes[1:] {
			took += float64(r.Milliseconds / 1000 * float64(pixels(other)) / float64(pixels(shapes[0])))
		}
	}
	return took, nil
}

// pixels returns the number of pixels of all images of a shape (NCHW).
func pixels(s []int) int { return s[0] * s[2] * s[3] }

// validations returns the number of validations of a unit with a plan.
func (e *Experiment) validations(p mge.Plan) int {
	u, n := &unit{Experiment: e, plan: p}, 0
	for i := range p.Iterations() + 1 {
		if u.due(i) {
			n++
		}
	}
	return n
}
