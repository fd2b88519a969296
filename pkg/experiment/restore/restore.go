// Package restore is the body of experiments/restore: it runs an exported model on
// a picture of any size.
package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/kernel"
	"multiscale/pkg/metric"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/shipped"
	"multiscale/pkg/task"
)

// Request is a request to restore a picture or the pictures of a folder.
type Request struct {
	Catalog        catalog.Catalog
	Model, In, Out string    // In and Out are two pictures, or two folders
	Mask           string    // a picture that is white where In should be filled; "" for none
	Resume         bool      // for a folder: leave out pictures with complete results
	T              []float32 // conditions; nil to estimate them
	Test           string    // a case of the task's evaluation, or ""
	Memory         int64     // bytes for the network's activations
	Tile           int       // side of tiles, in pixels; 0 for the largest that fit the memory
	Options        session.Options
	// Tiles is called after each tile, unless it is nil or In is a folder.
	Tiles func(done, of int)
}

// job is a request in progress.
type job struct {
	Request
	*session.Session
	runner   *tile.Runner
	out      io.Writer
	detail   io.Writer // for lines about how a picture is restored
	progress *progress.Printer
	tiles    func(done, of int) // of a picture
	noise    task.Noise         // the meaning of the model's t
}

// Run runs the request: it prints results to out and progress to log.
func Run(ctx context.Context, r Request, out, log io.Writer) error {
	in, _ := os.Stat(r.In)
	folder := in != nil && in.IsDir()
	switch {
	case folder && r.Test != "":
		return command.Wrong("in", r.In, "-test takes a picture, not a folder", "give a picture")
	case !folder && r.Resume:
		return command.Wrong("resume", true, "-in is no folder", "leave it out")
	case folder:
	case in != nil:
		if b, err := os.Stat(r.Out); err == nil && os.SameFile(in, b) {
			return fmt.Errorf("-out %s: it is the picture itself, which would be lost; choose another name", r.Out)
		}
	}
	if !folder {
		if err := checkName(r.Out); err != nil {
			return fmt.Errorf("-out %w", err)
		}
	}
	s, err := shipped.Open(r.Catalog.Models, r.Model, r.Options)
	if err != nil {
		return fmt.Errorf("-model %w", err)
	}
	defer s.Close()
	j := &job{Request: r, Session: s, runner: &tile.Runner{Session: s, Memory: r.Memory, Side: r.Tile}, out: out, detail: out, progress: progress.New(log)}
	defer j.progress.Close()
	if s.Note != "" {
		j.progress.Print("%s", s.Note)
	}
	switch {
	case len(r.T) > 0 && s.Conditions == 0:
		return command.Wrong("t", given(r.T), r.Model+" takes no t", "leave it out")
	case len(r.T) > 0 && len(r.T) != s.Conditions:
		return command.Wrong("t", given(r.T), fmt.Sprintf("%s takes %d numbers", r.Model, s.Conditions), "give as many, with commas between them")
	}
	if j.noise, err = task.ParseNoise(s.Time); err != nil {
		return fmt.Errorf("-model %s: %w", r.Model, err)
	}
	if len(r.T) > 0 {
		if err := j.noise.Check(r.T[0]); err != nil {
			return command.Wrong("t", given(r.T), err.Error(), "")
		}
	}
	if err := j.checkMask(); err != nil {
		return err
	}
	if folder {
		j.detail = io.Discard
		return j.restoreFolder(ctx)
	}
	j.tiles = func(done, of int) {
		if r.Tiles != nil {
			r.Tiles(done, of)
		}
		if of > 1 {
			j.progress.Count("tiles", done, of)
		}
	}
	if r.Test != "" {
		return j.test(ctx)
	}
	return j.picture(ctx)
}

// picture restores one picture.
func (j *job) picture(ctx context.Context) error {
	if j.Channels != rgb || isArray(j.In) || isArray(j.Out) {
		return j.restorePlanes(ctx)
	}
	return j.restore(ctx)
}

// restore restores a photograph with a model for RGB, and writes the result.
func (j *job) restore(ctx context.Context) error {
	_, holds := picture.Holds(j.Out)
	p, err := open(j.In, holds)
	if err != nil {
		return fmt.Errorf("-in %w", err)
	}
	j.printNotes(p.Notes)
	if p.W*p.H > picture.MaxPixels/(j.Scale*j.Scale) {
		return fmt.Errorf("-in %s: the result would have more than %d pixels; use a smaller picture", j.In, picture.MaxPixels)
	}
	if err := picture.CheckWritable(j.Out, j.Scale*p.W, j.Scale*p.H); err != nil {
		return fmt.Errorf("-out %w", err)
	}
	hole, err := j.hole(p)
	if err != nil {
		return err
	}
	t, factor, err := j.level(p, hole)
	if err != nil {
		return err
	}
	if err := j.announce(p.H, p.W); err != nil {
		return err
	}
	r := newResult(j.Scale*p.W, j.Scale*p.H, min(j.bits(), p.Bits()))
	if err := j.run(ctx, p, hole, r, t, factor); err != nil {
		return err
	}
	if err := j.save(r, p); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s: %dx%d pixels\n", j.Out, r.w, r.h)
	return nil
}

// bits returns the number of bits of a sample in the result's format.
func (j *job) bits() int {
	bits, _ := picture.Holds(j.Out)
	return bits
}

// save writes the result of a picture, with the metadata of the picture's file.
func (j *job) save(r result, p photo) error {
	notes, err := r.save(j.Out, p)
	if err != nil {
		return fmt.Errorf("-out %w", err)
	}
	for _, note := range notes {
		j.progress.Print("%s: %s", j.Out, note)
	}
	return nil
}

// printNotes prints what of the picture's file was changed or left out.
func (j *job) printNotes(notes []string) {
	for _, note := range notes {
		j.progress.Print("%s: %s", j.In, note)
	}
}

// level returns the conditions of the network, and the factor by which the picture is
// multiplied. In normalised values, a photograph is y = x + s z, where z is white noise;
// both results follow from s by the meaning of the model's t.
func (j *job) level(p photo, hole []bool) (t []float32, factor float64, err error) {
	switch {
	case j.Conditions == 0:
		return nil, 1, nil
	case len(j.T) > 0:
		return j.T, j.noise.Factor(j.T[0]), nil
	case j.noise == task.NoNoise:
		return nil, 0, j.unknownT()
	}
	t, factor = j.estimated(noiseOf(p.Decoded, hole))
	return t, factor, nil
}

// estimated is level for noise with standard deviation s on [0,255].
func (j *job) estimated(s float64) (t []float32, factor float64) {
	relative := 0.0
	for c := range j.Channels {
		_, std := j.Pixels().Channel(c)
		relative += s / 255 / std / float64(j.Channels)
	}
	factor, one := j.noise.At(relative)
	fmt.Fprintf(j.detail, "noise estimated: standard deviation %.2f of 255, t = %.4f\n", s, one)
	return []float32{one}, factor
}

// noiseOf estimates the standard deviation of white noise in a picture, on [0,255]. It ignores
// transparent pixels, those of hole, and the neighbours of both.
func noiseOf(p *picture.Decoded, hole []bool) float64 {
	row := func(to []float32, c, y int) {
		if p.Pix8 != nil {
			for x, v := range p.Pix8[c][y*p.W:][:p.W] {
				to[x] = float32(v) / 255
			}
			return
		}
		for x, v := range p.Pix16[c][y*p.W:][:p.W] {
			to[x] = float32(v) / 65535
		}
	}
	var skip func(y, x int) bool
	if hole != nil || p.Alpha8 != nil || p.Alpha16 != nil {
		skip = func(y, x int) bool {
			i := y*p.W + x
			return hole != nil && hole[i] || p.Alpha8 != nil && p.Alpha8[i] == 0 || p.Alpha16 != nil && p.Alpha16[i] == 0
		}
	}
	return 255 * metric.Noise(max(len(p.Pix8), len(p.Pix16)), p.H, p.W, row, skip)
}

// unknownT returns the error for a missing t that is not a level of noise.
func (j *job) unknownT() error {
	return &command.UsageError{Flag: "-t", Reason: "missing: what t means for " + j.Session.Task + " cannot be estimated from a picture", Advice: "give -t"}
}

// announce prints the network and runtime, and whether the picture is restored in tiles.
func (j *job) announce(h, w int) error {
	plan, err := j.runner.Plan(h, w)
	if err != nil {
		return err
	}
	how := "as a whole"
	switch {
	case plan.Whole():
	case plan.Exact:
		how = fmt.Sprintf("in %d tiles of %dx%d, which give what the whole picture would", plan.Tiles, plan.TileW, plan.TileH)
	default:
		how = fmt.Sprintf("in %d tiles of %dx%d, blended", plan.Tiles, plan.TileW, plan.TileH)
	}
	fmt.Fprintf(j.detail, "%s for %s in %s %s: %dx%d pixels %s\n", j.Network, j.Session.Task, j.Runtime, j.Version, w, h, how)
	return nil
}

// run restores p into r. If hole is not nil, the network sees the fill of the model's task in its pixels, and
// all other pixels keep their values.
func (j *job) run(ctx context.Context, p photo, hole []bool, r result, t []float32, factor float64) error {
	table := make([][]float32, rgb) // the network's input by channel and sample
	for c := range table {
		mean, std := j.Pixels().Channel(c)
		top := 1<<p.Bits() - 1
		table[c] = make([]float32, top+1)
		for v := range table[c] {
			table[c][v] = float32(factor * (float64(v)/float64(top) - mean) / std)
		}
	}
	in := tile.Picture{C: rgb, H: p.H, W: p.W, Read: func(dst []float32, top, left, rows, columns int) {
		for c, values := range table {
			for y := range rows {
				to, at := dst[(c*rows+y)*columns:][:columns], (top+y)*p.W+left
				if p.seen16 != nil {
					lookUp(to, p.seen16[c%len(p.seen16)][at:], values)
				} else {
					lookUp(to, p.seen8[c%len(p.seen8)][at:], values)
				}
			}
		}
	}}
	if hole != nil {
		var err error
		if in, err = j.filled(ctx, in, p, hole); err != nil {
			return j.stopped(ctx, err)
		}
	}
	err := j.runner.Run(ctx, in, t, func(planes [][]float32, y, rows int) {
		setRows.Run(rows, rgb*r.w, someRows{r, planes, j.Pixels(), y})
	}, j.tiles)
	if err != nil {
		return j.stopped(ctx, err)
	}
	r.finish(p, hole, j.Scale)
	return nil
}

// someRows has normalised planes of a result's rows, from row y on.
type someRows struct {
	result
	planes [][]float32
	pixels pixel.Scale
	y      int
}

// setRows converts rows lo to hi-1 of the planes to pixels and stores them in the result.
var setRows = kernel.NewLoop(func(s *someRows, lo, hi int) {
	for c, plane := range s.planes {
		m, d := s.pixels.Channel(c)
		mean, std := float32(m), float32(d)
		for i := lo * s.w; i < hi*s.w; i++ {
			s.set(c, s.y*s.w+i, mean+float32(std*plane[i]))
		}
	}
})

// lookUp sets to to the table's values for samples.
func lookUp[T uint8 | uint16](to []float32, samples []T, table []float32) {
	for x := range to {
		to[x] = table[samples[x]]
	}
}

// rgb is the number of channels of photographs.
const rgb = 3

// finish sets the result's opacity to the picture's, enlarged by bilinear interpolation if the network
// enlarges. If it does not, pixels of hole become opaque; those outside of it, and without a hole the fully
// transparent ones, keep their original values.
func (r result) finish(p photo, hole []bool, scale int) {
	finishRows.Run(r.h, rgb*r.w, lastStep{r, p, hole, scale})
}

type lastStep struct {
	result
	of    photo
	hole  []bool
	scale int
}

var finishRows = kernel.NewLoop(func(s *lastStep, lo, hi int) {
	p := s.of
	for y := lo; y < hi; y++ {
		y0, y1, fy := neighbours(y, s.scale, p.H)
		for x := range s.w {
			i := y*s.w + x
			if s.scale == 1 {
				switch s.set(alpha, i, float32(p.opacity(i))); {
				case s.hole != nil && s.hole[i]:
					s.set(alpha, i, 1)
				case s.hole != nil || p.opacity(i) == 0:
					s.copyPixel(i, p, i)
				}
				continue
			}
			if !p.transparent() {
				s.set(alpha, i, 1)
				continue
			}
			x0, x1, fx := neighbours(x, s.scale, p.W)
			at := func(y, x int) float64 { return p.opacity(y*p.W + x) }
			top := float64((1-fx)*at(y0, x0)) + float64(fx*at(y0, x1))
			bottom := float64((1-fx)*at(y1, x0)) + float64(fx*at(y1, x1))
			s.set(alpha, i, float32(float64((1-fy)*top)+float64(fy*bottom)))
		}
	}
})

func (j *job) stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("stopped; %s was not written: %w", j.Out, ctx.Err())
	}
	return err
}

// neighbours returns the two pixels of n between which pixel i of n*scale lies,
// and its distance from the first.
func neighbours(i, scale, n int) (low, high int, part float64) {
	at := max((float64(i)+0.5)/float64(scale)-0.5, 0)
	low = min(int(at), n-1)
	return low, min(low+1, n-1), at - float64(low)
}

// test degrades the picture, restores it, and writes degraded, restored and clean
// picture side by side.
func (j *job) test(ctx context.Context) error {
	of, err := j.Catalog.Task(j.Session.Task)
	if err != nil {
		return fmt.Errorf("-test: this program does not have the model's task, %s; use the program that trained it", j.Session.Task)
	}
	of = of.OfRatio(j.Scale)
	if err := trial.Fits(of, j.Session); err != nil {
		return fmt.Errorf("-model %w", err)
	}
	if of.Paired() && of.Scale == 1 {
		return command.Wrong("test", j.Test, "task "+of.Name+" has no degradation: it learns from pairs", "measure the model with evaluate -data pairs")
	}
	c, err := of.ParseCase(j.Test)
	if err != nil {
		return command.Wrong("test", j.Test, fmt.Sprintf("%s is a model for %s", j.Model, of.Name), err.Error())
	}
	if err := j.checkOut(); err != nil {
		return err
	}
	clean, err := j.clean()
	if err != nil {
		return fmt.Errorf("-in %w", err)
	}
	if !isArray(j.Out) { // three pictures side by side
		if err := picture.CheckWritable(j.Out, 3*clean.W, clean.H); err != nil {
			return fmt.Errorf("-out %w", err)
		}
	}
	debug.FreeOSMemory() // decoding leaves garbage as large as the picture; the network needs the memory
	t, err := trial.New(of, c, clean, nil, j.Pixels(), random.New(0).Child("restore -test"))
	if err != nil {
		return fmt.Errorf("-in %s: %w", j.In, err)
	}
	conditions := t.T
	if len(j.T) > 0 {
		conditions = j.T
	}
	if err := j.announce(t.Input.H, t.Input.W); err != nil {
		return err
	}
	answer := picture.New
	if isArray(j.Out) {
		answer = numbers
	}
	degraded, restored := answer(clean.C, t.Clean.W, t.Clean.H), answer(clean.C, t.Clean.W, t.Clean.H)
	before := t.Trivial(degraded)
	debug.FreeOSMemory()
	after, err := t.Restore(ctx, j.runner, conditions, restored, j.tiles)
	if err != nil {
		return j.stopped(ctx, err)
	}
	t.Input.Data = nil // free it: the sheet needs as much memory
	debug.FreeOSMemory()
	if isArray(j.Out) {
		err = saveArray(j.Out, beside(degraded, restored, t.Clean))
	} else {
		err = plot.Samples([]string{"restored"}, []plot.Sample{{Degraded: degraded, Restored: []*picture.Planar{restored}, Clean: t.Clean}}).Save(j.Out)
	}
	if err != nil {
		return fmt.Errorf("-out %w", err)
	}
	fmt.Fprintf(j.out, "degraded: %s", c.Name)
	if j.Conditions > 0 {
		fmt.Fprintf(j.out, "; t = %s", given(conditions))
	}
	fmt.Fprintln(j.out)
	for _, m := range []struct {
		name string
		metric.Values
	}{{"degraded", before}, {"restored", after}} {
		fmt.Fprintf(j.out, "%s  PSNR %.2f dB  SSIM %.4f\n", m.name, m.Of(metric.PSNR), m.Of(metric.SSIM))
	}
	fmt.Fprintf(j.out, "%s: degraded, restored and clean, side by side\n", j.Out)
	return nil
}

// clean reads the picture that -test degrades. For models for RGB it is a photograph with 8 bits; for
// other models and for arrays it has the numbers of the file.
func (j *job) clean() (p *picture.Planar, err error) {
	var notes []string
	if j.Channels != rgb || isArray(j.In) {
		p, notes, err = dataset.Load(j.In, j.Channels)
	} else {
		var read *picture.Decoded
		if read, err = picture.Read(j.In); err == nil {
			p, notes = read.Planar(), read.Notes
		}
	}
	j.printNotes(notes)
	return p, err
}

// given formats t as -t takes it.
func given(t []float32) string {
	var parts []string
	for _, v := range t {
		parts = append(parts, strconv.FormatFloat(float64(v), 'g', -1, 32))
	}
	return strings.Join(parts, ",")
}
