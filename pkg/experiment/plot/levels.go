package plot

import (
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is a quantity on the meshes of consecutive levels.
type Curve struct {
	Name   string
	Look   int  // curves with the same look share colour and mark
	Dashed bool // distinguishes two curves with the same look
	First  int  // level of the first value
	Values []float64
}

// Diagram shows curves against the level, 0 the finest mesh.
type Diagram struct {
	Title, Y string
	Log2     bool      // show the logarithm to base 2; values that are not positive are left out
	Rules    []float64 // values at which horizontal lines are drawn
	Curves   []Curve
}

// looks has the colours and marks of curves.
var looks = []style{
	{color: color.NRGBA{0x00, 0x72, 0xb2, 0xff}, shape: draw.SquareGlyph{}},
	{color: color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, shape: draw.TriangleGlyph{}},
	{color: color.NRGBA{0x00, 0x9e, 0x73, 0xff}, shape: draw.PlusGlyph{}},
	{color: color.NRGBA{0xcc, 0x79, 0xa7, 0xff}, shape: draw.CrossGlyph{}},
	{color: color.NRGBA{0x33, 0x33, 0x33, 0xff}, shape: draw.CircleGlyph{}},
}

// Levels writes a PNG with rows of diagrams, which all have the same length: the
// figures of a Multilevel Monte Carlo report (Giles 2015, section 3).
func Levels(w io.Writer, diagrams [][]Diagram) error {
	rows := make([][]*plot.Plot, len(diagrams))
	for i, row := range diagrams {
		for _, p := range row {
			drawn, err := p.draw()
			if err != nil {
				return err
			}
			rows[i] = append(rows[i], drawn)
		}
	}
	width := figureWidth * vg.Length(len(rows[0])) / 2
	return encode(w, rows, width, figureHeight*vg.Length(len(rows)))
}

// draw draws the curves and rules, with room for the legend above them.
func (d Diagram) draw() (*plot.Plot, error) {
	y := d.Y
	if d.Log2 {
		y = "log2 of " + y
	}
	p := newPanel(d.Title, "level", y)
	var values plotter.XYs
	last := 0.0
	for _, c := range d.Curves {
		xys := d.points(c)
		last = max(last, float64(c.First+len(c.Values)-1))
		if len(xys) == 0 {
			continue
		}
		values = append(values, xys...)
		line, marks, err := plotter.NewLinePoints(xys)
		if err != nil {
			return nil, err
		}
		look := looks[c.Look%len(looks)]
		line.Color, line.Width = look.color, vg.Points(1.6)
		if c.Dashed {
			line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
		}
		marks.Color, marks.Shape, marks.Radius = look.color, look.shape, vg.Points(2.8)
		p.Add(line, marks)
		p.Legend.Add(c.Name, line, marks)
	}
	for _, at := range d.Rules {
		if d.Log2 {
			at = math.Log2(at)
		}
		rule, err := plotter.NewLine(plotter.XYs{{X: 0, Y: at}, {X: last, Y: at}})
		if err != nil {
			return nil, err
		}
		rule.Color, rule.Width = color.Gray{0x80}, vg.Points(1)
		p.Add(rule)
		values = append(values, plotter.XY{Y: at})
	}
	p.X.Min, p.X.Max = -0.2, last+0.2
	p.X.Tick.Marker = wholeTicks{}
	p.Legend.Top, p.Legend.XOffs, p.Legend.YOffs = true, vg.Points(-6), vg.Points(-4)
	// The legend needs room above the curves.
	low, high := 0.0, 1.0
	if len(values) > 0 {
		low, high = values[0].Y, values[0].Y
		for _, v := range values {
			low, high = min(low, v.Y), max(high, v.Y)
		}
	}
	room := max(high-low, 0.1*max(math.Abs(high), 0.1))
	lines := vg.Length(len(d.Curves)+1) * p.Legend.TextStyle.FontExtents().Height
	share := min(float64(lines/figureHeight), 0.5)
	p.Y.Min, p.Y.Max = low-float64(0.06*room), high+float64(room*(share/(1-share)+0.06))
	return p, nil
}

// points returns the points of a curve that can be shown: those with finite values.
func (d Diagram) points(c Curve) (xys plotter.XYs) {
	for i, v := range c.Values {
		if d.Log2 {
			if !(v > 0) {
				continue
			}
			v = math.Log2(v)
		}
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			xys = append(xys, plotter.XY{X: float64(c.First + i), Y: v})
		}
	}
	return xys
}

// wholeTicks marks whole numbers.
type wholeTicks struct{}

// Ticks implements plot.Ticker.
func (wholeTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	for v := math.Ceil(low) + 0; v <= high; v++ { // adding 0 turns -0 into 0
		ticks = append(ticks, plot.Tick{Value: v, Label: label(v)})
	}
	return ticks
}
