// Package plot draws the figures of a run folder: the convergence of the
// strategies, and samples of degraded and restored pictures.
package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

const (
	figureWidth  = 10.5 * vg.Inch
	figureHeight = 4.4 * vg.Inch
	figureDPI    = 144
)

// style is the look of a strategy's curve. The colours are those of Okabe and Ito,
// which colour-blind people can tell apart; shapes and dashes differ, too.
type style struct {
	strategy string
	color    color.Color
	shape    draw.GlyphDrawer
	dashes   []vg.Length
}

var styles = []style{
	{mge.Single.Name, color.NRGBA{0x33, 0x33, 0x33, 0xff}, draw.CircleGlyph{}, nil},
	{mge.MGE.Name, color.NRGBA{0x00, 0x72, 0xb2, 0xff}, draw.SquareGlyph{}, []vg.Length{vg.Points(7), vg.Points(2)}},
	{mge.FullMultiscale.Name, color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, draw.TriangleGlyph{}, nil},
	{mge.Progressive.Name, color.NRGBA{0x00, 0x9e, 0x73, 0xff}, draw.PlusGlyph{}, []vg.Length{vg.Points(2), vg.Points(2)}},
	{mge.SmallBatch.Name, color.NRGBA{0x99, 0x99, 0x99, 0xff}, draw.RingGlyph{}, nil},
	{mge.Patches.Name, color.NRGBA{0xcc, 0x79, 0xa7, 0xff}, draw.CrossGlyph{}, nil},
	{mge.ResizedCrops.Name, color.NRGBA{0x56, 0xb4, 0xe9, 0xff}, draw.BoxGlyph{}, []vg.Length{vg.Points(4), vg.Points(2)}},
	{mge.MeshPatch.Name, color.NRGBA{0xe6, 0x9f, 0x00, 0xff}, draw.PyramidGlyph{}, []vg.Length{vg.Points(7), vg.Points(2)}},
	{mge.Mixed.Name, color.NRGBA{0xf0, 0xe4, 0x42, 0xff}, draw.SquareGlyph{}, []vg.Length{vg.Points(2), vg.Points(4)}},
}

// Convergence writes a PNG with the validation error of every strategy,
// against work units on the left and against seconds of training on the right.
// All axes are logarithmic, because the costs of strategies differ by factors.
// So the untrained networks, whose cost is zero, are not shown.
func Convergence(w io.Writer, c runfolder.Contents) error {
	row := make([]*plot.Plot, 2)
	for i, x := range []Axis{WorkUnits, Seconds} {
		f, err := newFigure(c, x, MSE)
		if err != nil {
			return fmt.Errorf("cannot draw the convergence: %w", err)
		}
		row[i] = f
	}
	return encode(w, [][]*plot.Plot{row}, figureWidth, figureHeight)
}

// newFigure draws one panel with a curve for every strategy. With several seeds, the curve is their
// mean, in a band from the smallest to the largest value.
func newFigure(c runfolder.Contents, x, y Axis) (*plot.Plot, error) {
	title := ""
	if len(c.Summaries) > 0 {
		s := c.Summaries[0]
		title = fmt.Sprintf("%s, %s on %s, %dx%d", s.Task, s.Network, s.Data, s.Side, s.Side)
	}
	p := newPanel(title, x.Label, y.Label)
	p.Legend.Left = true // the lower left corner is empty: no network has a small error at a small cost
	all := plotter.XYs{}
	for _, curve := range Curves(c, x, y) {
		var mean, band plotter.XYs
		for _, at := range curve.Points {
			mean = append(mean, plotter.XY{X: at.X, Y: at.Y})
			band = append(band, plotter.XY{X: at.X, Y: at.High})
			all = append(all, plotter.XY{X: at.X, Y: at.Low}, plotter.XY{X: at.X, Y: at.High})
		}
		for i := len(curve.Points) - 1; i >= 0; i-- {
			band = append(band, plotter.XY{X: curve.Points[i].X, Y: curve.Points[i].Low})
		}
		look := styleOf(curve.Strategy)
		if several(c, curve.Strategy) && len(mean) > 1 {
			area, err := plotter.NewPolygon(band)
			if err != nil {
				return nil, err
			}
			r, g, b, _ := look.color.RGBA()
			area.Color, area.LineStyle.Width = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0x30}, 0
			p.Add(area)
		}
		line, marks, err := plotter.NewLinePoints(mean)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, line.Dashes = look.color, vg.Points(1.6), look.dashes
		marks.Color, marks.Shape, marks.Radius = look.color, look.shape, vg.Points(2.6)
		p.Add(line, marks)
		p.Legend.Add(curve.Strategy, line, marks)
	}
	logarithmic(&p.X, all, func(at plotter.XY) float64 { return at.X })
	logarithmic(&p.Y, all, func(at plotter.XY) float64 { return at.Y })
	return p, nil
}

func styleOf(strategy string) style {
	if s, ok := lists.Find(styles, func(s style) string { return s.strategy }, strategy); ok {
		return s
	}
	return style{strategy, color.NRGBA{0xcc, 0x79, 0xa7, 0xff}, draw.CrossGlyph{}, nil}
}

// several reports whether a strategy has more than one seed.
func several(c runfolder.Contents, strategy string) bool {
	n := 0
	for _, s := range c.Summaries {
		if s.Strategy == strategy {
			n++
		}
	}
	return n > 1
}

// logarithmic makes an axis logarithmic, with a small margin on both sides.
func logarithmic(axis *plot.Axis, all plotter.XYs, of func(plotter.XY) float64) {
	low, high := 1.0, 10.0 // for an empty panel
	if len(all) > 0 {
		at := func(a, b plotter.XY) int { return cmp.Compare(of(a), of(b)) }
		low, high = of(slices.MinFunc(all, at)), of(slices.MaxFunc(all, at))
	}
	room := math.Pow(max(high/low, 1.2), 0.05)
	axis.Min, axis.Max = low/room, high*room
	axis.Scale, axis.Tick.Marker = plot.LogScale{}, logTicks{}
}
