package plot

import (
	"fmt"
	"io"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// Axis is a quantity that changes while a network is trained.
type Axis struct {
	Label string
	Of    func(runfolder.Measured) float64
}

// The axes of a convergence figure: what training has cost, and the error of
// the validation set.
var (
	WorkUnits = Axis{"work units", func(m runfolder.Measured) float64 { return m.WorkUnits }}
	Seconds   = Axis{"seconds of training", func(m runfolder.Measured) float64 { return m.Seconds }}
	MSE       = Axis{"validation MSE", func(m runfolder.Measured) float64 { return m.Of(metric.MSE) }}
)

// A panel is as wide as a telephone: letters keep their size on it.
const (
	panelWidth  = 4.3 * vg.Inch
	panelHeight = 3.5 * vg.Inch
)

// Panel writes one panel of a convergence figure as SVG: y of every finished
// unit against x, on logarithmic axes.
func Panel(w io.Writer, c runfolder.Contents, x, y Axis) error {
	f, err := newFigure(c, x, y)
	if err != nil {
		return fmt.Errorf("cannot draw %s against %s: %w", y.Label, x.Label, err)
	}
	f.Title.Text = ""
	canvas := vgsvg.New(panelWidth, panelHeight)
	f.Draw(draw.Crop(draw.New(canvas), vg.Points(2), vg.Points(-12), vg.Points(2), vg.Points(-8)))
	_, err = canvas.WriteTo(w)
	return err
}
