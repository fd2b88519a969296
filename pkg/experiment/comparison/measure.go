package comparison

import (
	"multiscale/pkg/experiment/runfolder"
)

// Measure is a number by which networks are compared.
type Measure struct {
	Name   string
	Higher bool // is better
	Error  string
	// Of is its final value; Against the error, of which less is better, on
	// the way.
	Of      func(runfolder.Summary) float64
	Against func(runfolder.Measured) float64
}

// The measures: the mean squared error on normalised pictures, and SSIM on [0,1].
var (
	MSE = Measure{
		Name: "MSE", Error: "MSE",
		Of:      func(s runfolder.Summary) float64 { return s.MSE },
		Against: func(m runfolder.Measured) float64 { return m.MSE },
	}
	SSIM = Measure{
		Name: "SSIM", Error: "1−SSIM", Higher: true,
		Of:      func(s runfolder.Summary) float64 { return s.SSIM },
		Against: func(m runfolder.Measured) float64 { return 1 - m.SSIM },
	}
)

// Measures returns what the paper reports for a task, the first one first. For
// inpainting that is SSIM, though networks are trained by MSE: both are shown.
func Measures(task string) []Measure {
	switch task {
	case "inpainting":
		return []Measure{SSIM, MSE}
	case "superresolution":
		return []Measure{SSIM}
	}
	return []Measure{MSE}
}

// better reports whether a is a better value than b; NaN is worse than all.
func (m Measure) better(a, b float64) bool {
	if m.Higher {
		a, b = -a, -b
	}
	return a < b || b != b && a == a
}
