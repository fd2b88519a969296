package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"multiscale/pkg/experiment/runfolder"
)

// Point is a point with a band: Y is the mean over seeds, Low and High are the smallest and the largest value.
type Point struct {
	X, Y, Low, High float64
	Tip             string // text that a chart shows under the pointer
}

// Series has the points of one strategy.
type Series struct {
	Strategy string
	Line     bool // connect the points, and draw their band
	Points   []Point
}

// Curves returns a curve for each strategy of a run folder: the mean of y against x over its
// seeds, with a band from the smallest to the largest value. Points that logarithmic axes
// cannot show are left out.
func Curves(c runfolder.Contents, x, y Axis) (list []Series) {
	for i, s := range c.Summaries {
		if i > 0 && s.Strategy == c.Summaries[i-1].Strategy {
			continue
		}
		var curves [][]runfolder.Measured
		for _, o := range c.Summaries[i:] {
			if o.Strategy != s.Strategy {
				break
			}
			r, _ := c.Result(o.Unit)
			curves = append(curves, r.Curve())
		}
		list = append(list, over(s.Strategy, curves, x, y))
	}
	return slices.DeleteFunc(list, Series.empty)
}

// Ways returns a curve like those of Curves for each unit of a run folder, finished or not.
func Ways(c runfolder.Contents, x, y Axis) (list []Series) {
	for _, u := range c.Units() {
		list = append(list, over(u.Strategy, [][]runfolder.Measured{c.Way(u).Curve()}, x, y))
	}
	return slices.DeleteFunc(list, Series.empty)
}

func (s Series) empty() bool { return len(s.Points) == 0 }

// over returns the curve of a strategy over its seeds. It has as many points as the first seed's curve.
func over(strategy string, curves [][]runfolder.Measured, x, y Axis) Series {
	series := Series{Strategy: strategy, Line: true}
	for k := range curves[0] {
		p := Point{Low: math.Inf(1), High: math.Inf(-1)}
		n := 0
		for _, curve := range curves {
			if k < len(curve) {
				v := y.Of(curve[k])
				p.X, p.Y, n = p.X+x.Of(curve[k]), p.Y+v, n+1
				p.Low, p.High = min(p.Low, v), max(p.High, v)
			}
		}
		p.X, p.Y = p.X/float64(n), p.Y/float64(n)
		if !(p.X > 0 && p.Low > 0) || math.IsInf(p.X, 1) || math.IsInf(p.High, 1) { // also if one is NaN
			continue
		}
		p.Tip = fmt.Sprintf("%s: %s after %s %s", strategy, number(p.Y), number(p.X), x.Label)
		if n > 1 {
			p.Tip += fmt.Sprintf(" (%d seeds, %s to %s)", n, number(p.Low), number(p.High))
		}
		series.Points = append(series.Points, p)
	}
	return series
}

// number formats a number for a tip.
func number(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.4g", v)
}

// The size of a chart and the position of its frame, in pixels.
const (
	chartWidth, chartHeight = 460.0, 320.0
	frameLeft, frameTop     = 58.0, 12.0
	frameRight, frameBottom = chartWidth - 12, chartHeight - 46
)

// Chart is a figure on logarithmic axes, in pixels from the upper left corner.
type Chart struct {
	Width, Height            float64
	Left, Top, Right, Bottom float64 // of the frame
	MiddleX, MiddleY         float64
	X, Y                     string // labels
	XTicks, YTicks           []Mark
	Curves                   []Drawn
}

// Mark is a label on an axis.
type Mark struct {
	At    string
	Label string
}

// Drawn is a series in the coordinates of a chart. Line and Band are SVG paths. Name is empty after the first
// series of a strategy, so that the legend has it once.
type Drawn struct {
	Name, Color string
	Line, Band  string
	Points      []Place
}

// Place is a point in the coordinates of a chart.
type Place struct{ X, Y, Low, High, Tip string }

// NewChart lays out series on logarithmic axes with the labels x and y.
func NewChart(x, y string, series []Series) Chart {
	c := Chart{
		Width: chartWidth, Height: chartHeight, Left: frameLeft, Top: frameTop, Right: frameRight, Bottom: frameBottom,
		MiddleX: (frameLeft + frameRight) / 2, MiddleY: (frameTop + frameBottom) / 2, X: x, Y: y,
	}
	var xs, ys []float64
	for _, s := range series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Low, p.High)
		}
	}
	atX, horizontal := scale(xs, frameLeft, frameRight)
	atY, vertical := scale(ys, frameBottom, frameTop)
	c.XTicks, c.YTicks = horizontal, vertical
	named := map[string]bool{}
	for _, s := range series {
		d := Drawn{Color: hex(styleOf(s.Strategy).color)}
		if !named[s.Strategy] {
			named[s.Strategy], d.Name = true, s.Strategy
		}
		var line, back strings.Builder
		for i, p := range s.Points {
			d.Points = append(d.Points, Place{pixels(atX(p.X)), pixels(atY(p.Y)), pixels(atY(p.Low)), pixels(atY(p.High)), p.Tip})
			step := "L"
			if i == 0 {
				step = "M"
			}
			fmt.Fprintf(&line, "%s%s %s", step, pixels(atX(p.X)), pixels(atY(p.Y)))
			d.Band += fmt.Sprintf("%s%s %s", step, pixels(atX(p.X)), pixels(atY(p.High)))
		}
		for i := len(s.Points) - 1; i >= 0; i-- {
			fmt.Fprintf(&back, "L%s %s", pixels(atX(s.Points[i].X)), pixels(atY(s.Points[i].Low)))
		}
		if d.Band += back.String() + "Z"; !s.Line {
			d.Band = ""
		}
		if s.Line {
			d.Line = line.String()
		}
		c.Curves = append(c.Curves, d)
	}
	return c
}

func pixels(v float64) string { return fmt.Sprintf("%.1f", v) }

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// scale returns the function from values to pixels of a logarithmic axis between two pixels, and the axis's
// labels.
func scale(values []float64, from, to float64) (at func(float64) float64, marks []Mark) {
	low, high := 1.0, 10.0
	for i, v := range values {
		if i == 0 {
			low, high = v, v
		}
		low, high = min(low, v), max(high, v)
	}
	room := math.Pow(max(high/low, 1.2), 0.06)
	low, high = low/room, high*room
	at = func(v float64) float64 { return from + (to-from)*math.Log(v/low)/math.Log(high/low) }
	for _, t := range (logTicks{}).Ticks(low, high) {
		if t.Label != "" {
			marks = append(marks, Mark{pixels(at(t.Value)), t.Label})
		}
	}
	return at, marks
}
