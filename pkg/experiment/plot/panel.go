package plot

import (
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// Axis is a quantity that changes during training.
type Axis struct {
	Label string
	Of    func(runfolder.Measured) float64
}

// The axes of a convergence figure: the cost of training so far, and the error of
// the validation set.
var (
	WorkUnits = Axis{"work units", func(m runfolder.Measured) float64 { return m.WorkUnits }}
	Seconds   = Axis{"seconds of training", func(m runfolder.Measured) float64 { return m.Seconds }}
	MSE       = Axis{"validation MSE", func(m runfolder.Measured) float64 { return m.Of(metric.MSE) }}
)
