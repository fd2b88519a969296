package experiment

import (
	"fmt"
	"math"
	"slices"

	"multiscale/onnx/runtime"
	"multiscale/pkg/allocation"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/limit"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/setting"
	"multiscale/pkg/share"
)

// programBytes is the memory of a process before it trains: code, libraries, the collector's data, graphs.
const programBytes = 72 << 20

// memory is an estimate of a run's peak memory, in bytes.
type memory struct {
	activations int64 // of the largest micro-batch
	image       int64 // the smallest possible activations, on the mesh where these are the largest
	batches     int64 // of an iteration
	pictures    int64 // decoded pictures of the data set, and the data of validation
	vectors     int64 // of the network: parameters, gradients, moments and the like
	end         int64 // of the exported model in all runtimes in Go, in addition to the above
	native      int64 // of ONNX Runtime, if it is available; outside of the garbage collector

	again float64 // largest part of a forward pass that is computed twice to keep to the budget
	side  int     // of the mesh with that part
}

// total returns the sum, including garbage that is not collected yet.
func (m memory) total() int64 {
	return (m.activations+m.batches+m.pictures+m.vectors+m.end)*(100+command.GCPercent)/100 + m.native + programBytes
}

// memory estimates the peak memory of the plans.
func (e *Experiment) memory(m *model.Model, plans []mge.Plan) (memory, error) {
	var need memory
	var err error
	for _, p := range plans {
		for _, s := range p.Stages {
			batches := e.largestBatches(s)
			for i := range batches {
				if err := e.addMesh(m, s, batches, i, &need); err != nil {
					return need, err
				}
			}
		}
	}
	if m.WholeBatches() && e.config.Shares > 1 {
		return need, command.Wrong("shares", e.config.Shares, e.config.NetworkText()+" normalises over whole batches", "leave it out")
	}
	if err := e.addValidation(m, &need); err != nil {
		return need, err
	}
	if err := e.addPictures(plans, &need); err != nil {
		return need, err
	}
	if _, err := runtime.Load(e.config.ONNXRuntime); err == nil {
		need.native = libraryBytes + 4*libraryCopies*int64(m.Params.Len())
	}
	if need.vectors, err = e.vectors(m, plans); err == nil {
		need.end, err = e.endBytes(m)
	}
	return need, err
}

// largestBatches returns the largest batch of each mesh that a stage may use, the finest first.
func (e *Experiment) largestBatches(s mge.Stage) []int {
	if e.allocation().Method == allocation.Fixed || !s.Allocates() {
		return s.Max()
	}
	batches := allocation.Max(s)
	if e.config.Coefficients != mge.NoCoefficients { // the stage may spend all its work on the finest mesh
		batches[0] = max(batches[0], int(s.WorkUnits()/mesh.Cost(s.Finest))+1)
	}
	return batches
}

// addMesh adds the memory of mesh i of a stage, counted from its finest one.
func (e *Experiment) addMesh(m *model.Model, s mge.Stage, batches []int, i int, need *memory) error {
	c, target := e.set.Channels, mesh.Side(e.config.Side, s.Finest+i)
	input := target / e.task.Scale
	image, err := m.Bytes(1, c, input, input, true)
	if err != nil {
		return err
	}
	micro, err := m.MicroBatch(c, input, input, true)
	if err != nil {
		return err
	}
	together := e.together(m, s, batches, i, micro)
	activations, err := m.Bytes(together, c, input, input, true)
	if err != nil {
		return err
	}
	if activations > m.Memory {
		cost, err := m.Cost(together, c, input, input)
		if err != nil {
			return err
		}
		if activations = cost.Bytes; cost.Again > need.again {
			need.again, need.side = cost.Again, target
		}
		image = min(image, activations)
	}
	if m.WholeBatches() {
		image = activations // a smaller budget does not reduce it much
	}
	need.activations = max(need.activations, activations)
	need.image = max(need.image, image)
	// The batch of a term on its mesh and on the next coarser one, and the batch that
	// the term before left for this mesh.
	need.batches = max(need.batches, 4*2*int64(batches[i])*int64(c*(target*target+input*input)))
	return nil
}

// together returns the largest number of images that one run of the network evaluates on mesh i of a
// stage; micro is the largest that the memory budget allows.
func (e *Experiment) together(m *model.Model, s mge.Stage, batches []int, i, micro int) int {
	if m.WholeBatches() { // one term at a time
		return slices.Max(batches[max(i-1, 0) : i+1])
	}
	least, atOnce := 1, min(e.ownShares(), share.Together)
	if e.config.Coefficients != mge.NoCoefficients {
		least, atOnce = mge.MinControlled, 1
	}
	// ownPart returns the size of the largest part of a batch of n that is computed at once.
	ownPart := func(n int) (most int) {
		for first := 0; first < max(e.config.Shares, 1); first += atOnce {
			from, _ := share.Share{Index: first, Of: e.config.Shares}.Range(n, least)
			_, to := share.Share{Index: first + atOnce - 1, Of: e.config.Shares}.Range(n, least)
			most = max(most, to-from)
		}
		return most
	}
	images := ownPart(batches[i])
	if i > 0 && s.Differs(i-1) { // the term of the next finer mesh is evaluated together with the mesh's own
		images += ownPart(batches[i-1])
	}
	if images <= micro {
		return images
	}
	// If each step has the same number of samples on a mesh, they are cut into parts of nearly equal size.
	if least == 1 && e.config.Shares <= 1 && e.allocation().Method == allocation.Fixed {
		parts := (images + micro - 1) / micro
		return (images + parts - 1) / parts
	}
	return micro
}

// ownShares returns the number of shares of a batch that this process computes.
func (e *Experiment) ownShares() int {
	own := max(e.config.Shares, 1)
	if e.ranks != nil {
		own /= e.ranks.Size()
	}
	return own
}

// addValidation adds the memory of a validation: the network's activations, the pictures, the results, and
// the pixels of both.
func (e *Experiment) addValidation(m *model.Model, need *memory) error {
	c, scale := e.set.Channels, e.task.Scale
	pixels := func(n, h, w int) { need.pictures += 4 * int64(n*c) * int64(h*w+scale*scale*h*w) }
	apply := func(n, h, w int) error {
		most, err := m.MicroBatch(c, h, w, false)
		if err != nil {
			return err
		}
		runs := (n + most - 1) / most
		activations, err := m.Bytes((n+runs-1)/runs, c, h, w, false)
		need.activations = max(need.activations, activations)
		return err
	}
	side := e.config.Side / scale
	pixels(e.config.ValidationPictures, side, side)
	if err := apply(e.config.ValidationPictures, side, side); err != nil {
		return err
	}
	answers := e.config.ValidationPictures * e.config.Side * e.config.Side
	if e.task.MeasuresWhole(e.set) {
		if !e.wholeAtEnd() {
			answers = 0
		}
		var largest, h, w int // the pixels of the largest clean picture, and the sides of its input
		for i := range e.set.Validation.Len() {
			input, clean, err := e.set.Validation.WholePair(i, scale)
			if err != nil {
				return err
			}
			pixels(1, input.H, input.W)
			if area := clean.H * clean.W; area > largest {
				largest, h, w = area, input.H, input.W
			}
		}
		answers = max(answers, largest)
		if err := apply(1, h, w); err != nil {
			return err
		}
	}
	need.pictures += 3 * 4 * int64(c*answers)
	return nil
}

// addPictures adds the decoded pictures that the data set is expected to keep in its cache.
func (e *Experiment) addPictures(plans []mge.Plan, need *memory) error {
	draws := 0.0
	for _, p := range plans {
		for _, s := range p.Stages {
			for _, n := range s.Max() {
				draws += float64(n * s.Iterations * len(e.config.Seeds))
			}
		}
	}
	train, validation := float64(e.set.Train.Len()), float64(e.set.Validation.Len())
	kept := 0.0
	for _, part := range []struct {
		*dataset.Gallery
		n float64
	}{
		{e.set.Train, -train * math.Expm1(-draws/train)}, // expected number of pictures that independent draws hit at least once
		{e.set.Validation, min(validation, float64(e.config.ValidationPictures))},
	} {
		mean, err := pictureBytes(part.Gallery)
		if err != nil {
			return err
		}
		kept += float64(part.n * mean)
	}
	need.pictures += min(int64(kept), dataset.DefaultCacheBytes)
	return nil
}

// pictureBytes estimates the bytes of one picture of a gallery, together with its degraded counterpart, from a
// few pictures.
func pictureBytes(g *dataset.Gallery) (mean float64, err error) {
	const examined = 8
	n := min(examined, g.Len())
	for k := range n {
		bytes, err := g.Bytes(k * g.Len() / n)
		if err != nil {
			return 0, err
		}
		mean += float64(bytes) / float64(n)
	}
	return mean, nil
}

// copies is how often the parameters are in memory, in addition to the network's own, when an exported model is
// checked: as a file that grows while it is encoded, decoded, and in the forms of each runtime. Those of
// one unit may still be in memory when the next one is checked. libraryCopies is the number of copies in ONNX
// Runtime, and libraryBytes the memory of its library. All are measured with networks of 0.05 to 2.5 million
// parameters.
const (
	copies        = 21
	libraryCopies = 12
	libraryBytes  = 32 << 20
)

// endBytes returns the memory of export and cross-check. Other runtimes keep all intermediate values, which
// are half of the activations of a training step.
func (e *Experiment) endBytes(m *model.Model) (bytes int64, err error) {
	for _, s := range e.checkedShapes() {
		activations, err := m.Bytes(s[0], s[1], s[2], s[3], true)
		if err != nil {
			return 0, err
		}
		bytes = max(bytes, activations/2)
	}
	return bytes + 4*copies*int64(m.Params.Len()), nil
}

// vectors returns the memory of all vectors of the network's size.
func (e *Experiment) vectors(m *model.Model, plans []mge.Plan) (bytes int64, err error) {
	rule, err := e.config.Rule()
	if err != nil {
		return 0, err
	}
	// Gradient, moments, and packed weights. Winograd's packed weights have four times the size, for the
	// forward and for the backward pass.
	of := 1 + rule.Moments() + 2*4
	if slices.ContainsFunc(plans, e.controlled) { // two halves of a gradient, and their difference
		of += 3
	}
	of += share.Vectors(e.ownShares()) - 1
	// Parameters and buffers: the current ones, and those of the best validation.
	vectors := int64(2)
	if e.config.EMA > 0 { // their average, and a copy of the current ones while the average is evaluated
		vectors += 2
	}
	return 4 * (int64(of*m.Params.Len()) + vectors*int64(len(m.Params.Values()))), nil
}

// microBatches describes the parts in which batches of a mesh are evaluated.
func (e *Experiment) microBatches(m *model.Model, level int) (string, error) {
	in := mesh.Side(e.config.Side, level) / e.task.Scale
	micro, err := m.MicroBatch(e.set.Channels, in, in, true)
	if err != nil {
		return "", err
	}
	if m.WholeBatches() {
		return "whole batches, over which the network normalises,", nil
	}
	return fmt.Sprintf("micro-batches of at most %d images", micro), nil
}

// checkMemory returns an error if a run needs more memory than the process may
// use, so that it does not fail after hours.
func (e *Experiment) checkMemory(need memory) error {
	l, ok := limit.Lowest()
	if !ok || need.total() <= l.Bytes {
		return nil
	}
	return fmt.Errorf("training needs about %s of memory, %s allows %s; %s",
		command.FormatSize(roundMiB(need.total())), l.Name, command.FormatSize(l.Bytes>>20<<20), e.advice(need, l.Bytes))
}

// advice says which flags reduce the need below a limit, which is in bytes.
func (e *Experiment) advice(need memory, bytes int64) string {
	room := (bytes-need.native-programBytes)*100/(100+command.GCPercent) - need.batches - need.pictures - need.vectors - need.end
	if room = room >> 20 << 20; room >= max(need.image, setting.MinMemory) {
		return fmt.Sprintf("use -memory %s, or a machine with more", command.FormatSize(room))
	}
	return "use a smaller -side or -batch, or a machine with more"
}

func roundMiB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 << 20 }
