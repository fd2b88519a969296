package runfolder

import (
	"cmp"
	"fmt"
	"slices"

	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
)

// Unit is what a run folder holds one of or not: a strategy trained with a seed.
type Unit struct {
	Strategy string
	Seed     uint64
}

// String is the unit's name in file names: mge-seed1.
func (u Unit) String() string { return fmt.Sprintf("%s-seed%d", u.Strategy, u.Seed) }

// Units returns every strategy with every seed, in the order given: all
// strategies of the first seed first.
func Units(strategies []mge.Strategy, seeds []uint64) (units []Unit) {
	for _, seed := range seeds {
		for _, s := range strategies {
			units = append(units, Unit{s.Name, seed})
		}
	}
	return units
}

// Compare orders units as files show them, independent of the order in which they ran: by
// strategy, then by seed.
func Compare(a, b Unit) int {
	all := mge.Strategies()
	place := func(u Unit) int {
		i := slices.IndexFunc(all, func(s mge.Strategy) bool { return s.Name == u.Strategy })
		if i < 0 {
			return len(all)
		}
		return i
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Strategy, b.Strategy), cmp.Compare(a.Seed, b.Seed))
}

// Result is all that a finished unit puts into the tables of its folder.
type Result struct {
	Summary    Summary
	Crosscheck []Crosscheck
	Timing     Timing
	History    []History
	Moments    []Moment
	// Average is of the averaged weights; nil where there are none.
	Average *Average
	// Allocations are empty where batches are fixed.
	Allocations []Allocation
	// Coefficients are empty where there are none.
	Coefficients []Coefficient
}

// Summary is a row of summary.csv. It holds no times, so equal runs give equal
// bytes.
type Summary struct {
	Task, Network, Data, Profile string
	Unit
	Side             int // of the finest mesh, pixels
	Levels           int // L: meshes coarser than the finest
	Batch            int // N_0, of the finest level
	Iterations       int // optimizer steps in all
	Parameters       int // of the network
	WorkUnits        float64
	Values           metric.Values // of the validation set: metric.Always and the task's further measures
	ONNXSHA256       string        // of the exported file, in hex
	CrosscheckMaxAbs float64       // from onnx-go's decoder with our backend
}

// Input is the row of input.csv: the measures of the validation set's input itself, without a
// network. Every network of the folder is compared with it.
type Input struct {
	What   string // degraded pictures, or bilinear enlargement
	Values metric.Values
}

// Crosscheck is a row of crosscheck.csv: one exported model in one runtime at
// one input shape.
type Crosscheck struct {
	Unit
	Runtime, Version string
	Shape            string // 2x3x32x48
	MaxAbs, MaxRel   float64
}

// Timing is a row of timing.csv, the only table with times.
type Timing struct {
	Unit
	SecondsTraining   float64
	SecondsValidation float64
	ImagesPerSecond   float64
	PeakRSSBytes      int64
}

// History is a row of history.csv. Numbers that were not measured at that
// iteration are NaN, and empty in the file.
type History struct {
	Unit
	Stage        int
	Iteration    int
	WorkUnits    float64 // spent so far
	Side         int     // of the stage's finest mesh, pixels
	LearningRate float64
	TrainLoss    float64
	GradientNorm float64
	// Validation is the measures where the network was validated, else empty.
	Validation metric.Values
}

// Moment is a row of seconds.csv: how long a unit had trained at a validation.
// It stands in a file of its own because history.csv has the same bytes in
// equal runs.
type Moment struct {
	Unit
	Stage     int
	Iteration int
	Seconds   float64 // of training since the start, without validation
}

// Average is a row of ema.csv: the average of a unit's weights at the end.
type Average struct {
	Unit
	Values           metric.Values // as in Summary
	ONNXSHA256       string        // of the exported file, in hex
	CrosscheckMaxAbs float64       // as in Summary
}

// OfAverage is the name, in History.Validation, of what a measure is with averaged weights.
func OfAverage(measure string) string { return measure + "_ema" }

// Allocation is a row of allocation.csv: the batch of a term from an iteration on,
// and the variance that it follows from.
type Allocation struct {
	Unit
	Stage     int
	Iteration int // finished when the variances were measured
	Level     int
	Variance  float64 // of a single sample: the trace of the covariance
	Batch     int
}

// Coefficient is a row of coefficients.csv: that of the coarse part of a difference after an
// iteration.
type Coefficient struct {
	Unit
	Stage, Iteration int
	Level            int    // of the difference's finer mesh
	Layer            string // of the network; "" is the mean over all
	Coefficient      float64
}

var summaryTable = format[Summary]{
	unit: func(r *Summary) *Unit { return &r.Unit },
	columns: []column[Summary]{
		text("task", func(r *Summary) *string { return &r.Task }),
		text("network", func(r *Summary) *string { return &r.Network }),
		text("data", func(r *Summary) *string { return &r.Data }),
		text("profile", func(r *Summary) *string { return &r.Profile }),
		text("strategy", func(r *Summary) *string { return &r.Strategy }),
		seed("seed", func(r *Summary) *uint64 { return &r.Seed }),
		whole("side", func(r *Summary) *int { return &r.Side }),
		whole("levels", func(r *Summary) *int { return &r.Levels }),
		whole("batch", func(r *Summary) *int { return &r.Batch }),
		whole("iterations", func(r *Summary) *int { return &r.Iterations }),
		whole("parameters", func(r *Summary) *int { return &r.Parameters }),
		plain("work_units", func(r *Summary) *float64 { return &r.WorkUnits }),
		summaryMeasure("mse"), summaryMeasure("psnr"), summaryMeasure("ssim"), summaryMeasure("ssim_signed"),
		text("onnx_sha256", func(r *Summary) *string { return &r.ONNXSHA256 }),
		number("crosscheck_max_abs", func(r *Summary) *float64 { return &r.CrosscheckMaxAbs }),
	},
	further: summaryMeasure,
}

// summaryMeasure is the column of a measure.
func summaryMeasure(name string) column[Summary] {
	return measure(name, name, func(r *Summary) *metric.Values { return &r.Values })
}

var averageTable = perUnit(func(r *Average) *Unit { return &r.Unit },
	averageMeasure("mse"), averageMeasure("psnr"), averageMeasure("ssim"), averageMeasure("ssim_signed"),
	text("onnx_sha256", func(r *Average) *string { return &r.ONNXSHA256 }),
	number("crosscheck_max_abs", func(r *Average) *float64 { return &r.CrosscheckMaxAbs }),
).followedBy(averageMeasure)

// averageMeasure is the column of a measure.
func averageMeasure(name string) column[Average] {
	return measure(name, name, func(r *Average) *metric.Values { return &r.Values })
}

var inputTable = format[Input]{
	columns: []column[Input]{
		text("input", func(r *Input) *string { return &r.What }),
		inputMeasure("mse"), inputMeasure("psnr"), inputMeasure("ssim"), inputMeasure("ssim_signed"),
	},
	further: inputMeasure,
}

// inputMeasure is the column of a measure.
func inputMeasure(name string) column[Input] {
	return measure(name, name, func(r *Input) *metric.Values { return &r.Values })
}

var crosscheckTable = perUnit(func(r *Crosscheck) *Unit { return &r.Unit },
	text("runtime", func(r *Crosscheck) *string { return &r.Runtime }),
	text("version", func(r *Crosscheck) *string { return &r.Version }),
	text("shape", func(r *Crosscheck) *string { return &r.Shape }),
	number("max_abs", func(r *Crosscheck) *float64 { return &r.MaxAbs }),
	number("max_rel", func(r *Crosscheck) *float64 { return &r.MaxRel }),
)

var timingTable = perUnit(func(r *Timing) *Unit { return &r.Unit },
	rounded("seconds_training", func(r *Timing) *float64 { return &r.SecondsTraining }),
	rounded("seconds_validation", func(r *Timing) *float64 { return &r.SecondsValidation }),
	rounded("images_per_second", func(r *Timing) *float64 { return &r.ImagesPerSecond }),
	long("peak_rss_bytes", func(r *Timing) *int64 { return &r.PeakRSSBytes }),
)

var historyTable = perUnit(func(r *History) *Unit { return &r.Unit },
	whole("stage", func(r *History) *int { return &r.Stage }),
	whole("iteration", func(r *History) *int { return &r.Iteration }),
	plain("work_units", func(r *History) *float64 { return &r.WorkUnits }),
	whole("side", func(r *History) *int { return &r.Side }),
	number("learning_rate", func(r *History) *float64 { return &r.LearningRate }),
	number("train_loss", func(r *History) *float64 { return &r.TrainLoss }),
	number("gradient_norm", func(r *History) *float64 { return &r.GradientNorm }),
	historyMeasure("mse"), historyMeasure("ssim"),
).followedBy(historyMeasure)

// historyMeasure is the column of a measure of the validation set.
func historyMeasure(name string) column[History] {
	return measure(name, "validation_"+name, func(r *History) *metric.Values { return &r.Validation })
}

var momentTable = perUnit(func(r *Moment) *Unit { return &r.Unit },
	whole("stage", func(r *Moment) *int { return &r.Stage }),
	whole("iteration", func(r *Moment) *int { return &r.Iteration }),
	rounded("seconds", func(r *Moment) *float64 { return &r.Seconds }),
)

var allocationTable = perUnit(func(r *Allocation) *Unit { return &r.Unit },
	whole("stage", func(r *Allocation) *int { return &r.Stage }),
	whole("iteration", func(r *Allocation) *int { return &r.Iteration }),
	whole("level", func(r *Allocation) *int { return &r.Level }),
	number("variance", func(r *Allocation) *float64 { return &r.Variance }),
	whole("batch", func(r *Allocation) *int { return &r.Batch }),
)

var coefficientTable = perUnit(func(r *Coefficient) *Unit { return &r.Unit },
	whole("stage", func(r *Coefficient) *int { return &r.Stage }),
	whole("iteration", func(r *Coefficient) *int { return &r.Iteration }),
	whole("level", func(r *Coefficient) *int { return &r.Level }),
	text("layer", func(r *Coefficient) *string { return &r.Layer }),
	number("coefficient", func(r *Coefficient) *float64 { return &r.Coefficient }),
)

// Digest is a row of digests.csv: that of a unit's rows in another table, of the model that it was at
// its smallest validation error, or, with no unit, of input.csv.
type Digest struct {
	Unit
	File   string
	SHA256 string // of the file, or of the rows as that table's own file would have them, in hex
}

var digestTable = perUnit(func(r *Digest) *Unit { return &r.Unit },
	text("file", func(r *Digest) *string { return &r.File }),
	text("sha256", func(r *Digest) *string { return &r.SHA256 }),
)

// Failure is a row of failed.csv: why a unit is not finished.
type Failure struct {
	Unit
	Reason string
}

var failureTable = perUnit(func(r *Failure) *Unit { return &r.Unit },
	text("reason", func(r *Failure) *string { return &r.Reason }),
)
