package runfolder

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"multiscale/pkg/metric"
	"multiscale/pkg/mge"
)

// Unit is a strategy that is trained with a seed, which gives one network of a run folder.
type Unit struct {
	Strategy string `csv:"strategy"`
	Seed     uint64 `csv:"seed"`
}

// String returns the unit's name in file names, such as mge-seed1.
func (u Unit) String() string { return fmt.Sprintf("%s-seed%d", u.Strategy, u.Seed) }

func (u *Unit) unit() *Unit { return u }

// Units returns every strategy with every seed, in the given order: first all
// strategies with the first seed.
func Units(strategies []mge.Strategy, seeds []uint64) (units []Unit) {
	for _, seed := range seeds {
		for _, s := range strategies {
			units = append(units, Unit{s.Name, seed})
		}
	}
	return units
}

// Compare is the order of units in files, which does not depend on the order in which they ran:
// by strategy, then by seed.
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

// Result has all rows of a finished unit in the tables of its folder.
type Result struct {
	Summary    Summary
	Crosscheck []Crosscheck
	Timing     Timing
	History    []History
	Moments    []Moment
	// Average is the row of the averaged weights; nil without -ema.
	Average *Average
	// Allocations is empty if batches are fixed.
	Allocations []Allocation
	// Coefficients is empty without -coefficients.
	Coefficients []Coefficient
}

// Summary is a row of summary.csv. It has no times, so that equal runs give equal
// bytes.
type Summary struct {
	Task    string `csv:"task"`
	Network string `csv:"network"`
	Data    string `csv:"data"`
	Profile string `csv:"profile"`
	Unit
	Side             int           `csv:"side"`       // of the finest mesh, in pixels
	Levels           int           `csv:"levels"`     // L: meshes coarser than the finest
	Batch            int           `csv:"batch"`      // N_0, of the finest level
	Iterations       int           `csv:"iterations"` // optimizer steps in all
	Parameters       int           `csv:"parameters"` // of the network
	WorkUnits        float64       `csv:"work_units,plain"`
	Values           metric.Values `measures:"mse psnr ssim ssim_signed"` // of the validation set: metric.Always and the task's further measures
	ONNXSHA256       string        `csv:"onnx_sha256"`                    // of the exported file, in hex
	CrosscheckMaxAbs float64       `csv:"crosscheck_max_abs"`             // largest difference in onnx-go
}

// Input is the row of input.csv: the measures of the validation set's input, without a network.
// Every network of the folder is compared with it.
type Input struct {
	What   string        `csv:"input"` // degraded pictures, or bilinear enlargement
	Values metric.Values `measures:"mse psnr ssim ssim_signed"`
}

// Crosscheck is a row of crosscheck.csv: one exported model in one runtime at
// one input shape.
type Crosscheck struct {
	Unit
	Runtime string  `csv:"runtime"`
	Version string  `csv:"version"`
	Shape   string  `csv:"shape"` // 2x3x32x48
	MaxAbs  float64 `csv:"max_abs"`
	MaxRel  float64 `csv:"max_rel"`
}

// Timing is a row of timing.csv, the only table with times.
type Timing struct {
	Unit
	SecondsTraining   float64 `csv:"seconds_training,rounded"`
	SecondsValidation float64 `csv:"seconds_validation,rounded"`
	ImagesPerSecond   float64 `csv:"images_per_second,rounded"`
	PeakRSSBytes      int64   `csv:"peak_rss_bytes"`
}

// History is a row of history.csv. Numbers that were not measured at that
// iteration are NaN, and empty in the file.
type History struct {
	Unit
	Stage        int     `csv:"stage"`
	Iteration    int     `csv:"iteration"`
	WorkUnits    float64 `csv:"work_units,plain"` // spent so far
	Side         int     `csv:"side"`             // of the stage's finest mesh, in pixels
	LearningRate float64 `csv:"learning_rate"`
	TrainLoss    float64 `csv:"train_loss"`
	GradientNorm float64 `csv:"gradient_norm"`
	// Validation has the measures if the network was validated, else it is empty.
	Validation metric.Values `csv:"validation_" measures:"mse ssim"`
}

// Moment is a row of seconds.csv: the time that a unit had trained at a validation.
// The times are not in history.csv, because that has the same bytes in equal runs.
type Moment struct {
	Unit
	Stage     int     `csv:"stage"`
	Iteration int     `csv:"iteration"`
	Seconds   float64 `csv:"seconds,rounded"` // of training since the start, without validation
}

// Average is a row of ema.csv: the network with the average of a unit's weights at the end.
type Average struct {
	Unit
	Values           metric.Values `measures:"mse psnr ssim ssim_signed"` // as in Summary
	ONNXSHA256       string        `csv:"onnx_sha256"`                    // of the exported file, in hex
	CrosscheckMaxAbs float64       `csv:"crosscheck_max_abs"`             // as in Summary
}

// OfAverage returns the name of a measure of averaged weights in History.Validation.
func OfAverage(measure string) string { return measure + "_ema" }

// Allocation is a row of allocation.csv: the batch of a term from an iteration on,
// and the variance from which it was computed.
type Allocation struct {
	Unit
	Stage     int     `csv:"stage"`
	Iteration int     `csv:"iteration"` // the last one before the variances were measured
	Level     int     `csv:"level"`
	Variance  float64 `csv:"variance"` // of a single sample: the trace of the covariance
	Batch     int     `csv:"batch"`
}

// Coefficient is a row of coefficients.csv: the coefficient of the coarse part of a difference
// after an iteration.
type Coefficient struct {
	Unit
	Stage       int     `csv:"stage"`
	Iteration   int     `csv:"iteration"`
	Level       int     `csv:"level"` // of the difference's finer mesh
	Layer       string  `csv:"layer"` // of the network; "" for the mean over all layers
	Coefficient float64 `csv:"coefficient"`
}

// Digest is a row of digests.csv: the digest of a unit's rows in another table, of its model at the smallest
// validation error, or, with an empty unit, of input.csv.
type Digest struct {
	Unit
	File   string `csv:"file"`
	SHA256 string `csv:"sha256"` // of the file, or of a table with only the unit's rows, in hex
}

// Failure is a row of failed.csv: why a unit is not finished.
type Failure struct {
	Unit
	Reason string `csv:"reason"`
}

var (
	summaryTable     = tableOf[Summary](SummaryFile, Record.beyondAlways)
	inputTable       = tableOf[Input](InputFile, Record.beyondAlways)
	crosscheckTable  = tableOf[Crosscheck](CrosscheckFile, nil)
	timingTable      = tableOf[Timing](TimingFile, nil)
	historyTable     = tableOf[History](HistoryFile, Record.onTheWay)
	momentTable      = tableOf[Moment](MomentsFile, nil)
	allocationTable  = tableOf[Allocation](AllocationFile, nil).ifAny()
	averageTable     = tableOf[Average](AverageFile, Record.beyondAlways).ifAny()
	coefficientTable = tableOf[Coefficient](CoefficientsFile, nil).ifAny()
	digestTable      = tableOf[Digest](DigestsFile, nil)
	failureTable     = tableOf[Failure](FailedFile, nil)
)

// held is a table of a folder together with its rows.
type held interface {
	name() string
	load(data []byte) error
	keep(units []Unit)
	save(*Folder) error
}

// tables returns the tables with rows of finished units, in the order in which they are written.
func (c *Contents) tables() []held {
	return []held{
		rows[Crosscheck]{crosscheckTable, &c.Crosschecks},
		rows[Timing]{timingTable, &c.Timings},
		rows[History]{historyTable, &c.Histories},
		rows[Moment]{momentTable, &c.Moments},
		rows[Allocation]{allocationTable, &c.Allocations},
		rows[Average]{averageTable, &c.Averages},
		rows[Coefficient]{coefficientTable, &c.Coefficients},
		rows[Digest]{digestTable, &c.Digests},
		rows[Summary]{summaryTable, &c.Summaries},
	}
}

// rows implements held.
type rows[R any] struct {
	format[R]
	rows *[]R
}

func (t rows[R]) name() string         { return t.file }
func (t rows[R]) keep(units []Unit)    { *t.rows = t.only(*t.rows, units) }
func (t rows[R]) save(f *Folder) error { return writeRows(f, t.format, *t.rows) }
func (t rows[R]) load(data []byte) (err error) {
	*t.rows, err = t.read(bytes.NewReader(data))
	return err
}
