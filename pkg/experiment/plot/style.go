package plot

import (
	"image/color"
	"image/png"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// newPanel returns an empty diagram in the style of all figures.
func newPanel(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	for _, size := range []struct {
		font *font.Font
		to   vg.Length
	}{
		{&p.Title.TextStyle.Font, 12}, {&p.X.Label.TextStyle.Font, 12}, {&p.Y.Label.TextStyle.Font, 12},
		{&p.X.Tick.Label.Font, 10.5}, {&p.Y.Tick.Label.Font, 10.5}, {&p.Legend.TextStyle.Font, 10.5},
	} {
		size.font.Size = vg.Points(float64(size.to))
		size.font.Variant = "Sans"
	}
	p.Title.Padding = vg.Points(8)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Padding, p.Legend.ThumbnailWidth = vg.Points(3), vg.Points(26)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), vg.Points(6)
	grid := plotter.NewGrid()
	for _, l := range []*draw.LineStyle{&grid.Vertical, &grid.Horizontal} {
		l.Color = color.Gray{0xe2}
		l.Width = vg.Points(0.6)
	}
	p.Add(grid)
	return p
}

// encode writes a PNG of aligned rows of panels. width and height are those of the whole picture.
func encode(w io.Writer, rows [][]*plot.Plot, width, height vg.Length) error {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(figureDPI))
	tiles := draw.Tiles{
		Rows: len(rows), Cols: len(rows[0]), PadX: vg.Points(18), PadY: vg.Points(14),
		PadTop: vg.Points(8), PadBottom: vg.Points(6), PadLeft: vg.Points(8), PadRight: vg.Points(14),
	}
	for i, line := range plot.Align(rows, tiles, draw.New(canvas)) {
		for j, tile := range line {
			rows[i][j].Draw(tile)
		}
	}
	return png.Encode(w, canvas.Image())
}
