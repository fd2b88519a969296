package picture

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Sheet is a table of pictures for comparison side by side.
type Sheet struct {
	Columns []string    // headings above the columns; may be empty
	Labels  []string    // to the left of the rows; may be empty
	Rows    [][]*Planar // a nil picture leaves its cell empty
	Zoom    int         // whole factor by which pictures are enlarged; 0 means 1
}

const (
	sheetGap  = 4
	textWidth = 7 // pixels per character of basicfont's face
	textLine  = 13 + sheetGap
)

// Render draws the sheet with black text on white. All cells have the size of the largest
// picture, or of the longest heading if that is wider.
func (s Sheet) Render() *Planar { return FromImage(s.image()) }

// Save writes the sheet as Planar.Save does. It takes less memory than Render followed by
// Planar.Save.
func (s Sheet) Save(path string) error { return save(path, s.image) }

func (s Sheet) image() *image.NRGBA {
	zoom := max(s.Zoom, 1)
	columns, w, h := 0, 1, 1
	for _, row := range s.Rows {
		columns = max(columns, len(row))
		for _, p := range row {
			if p != nil {
				w, h = max(w, p.W*zoom), max(h, p.H*zoom)
			}
		}
	}
	left, top := sheetGap, sheetGap
	for _, label := range s.Labels {
		left = max(left, 2*sheetGap+textWidth*len(label))
	}
	if len(s.Columns) > 0 {
		top += textLine
		for _, heading := range s.Columns {
			w = max(w, textWidth*len(heading))
		}
	}
	page := image.NewNRGBA(image.Rect(0, 0, left+columns*(w+sheetGap), top+len(s.Rows)*(h+sheetGap)))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	text := font.Drawer{Dst: page, Src: image.NewUniform(color.Black), Face: basicfont.Face7x13}
	write := func(x, y int, words string) {
		text.Dot = fixed.P(x, y)
		text.DrawString(words)
	}
	for c, heading := range s.Columns {
		write(left+c*(w+sheetGap), top-sheetGap-2, heading)
	}
	for r, row := range s.Rows {
		y := top + r*(h+sheetGap)
		if r < len(s.Labels) {
			write(sheetGap, y+textLine, s.Labels[r])
		}
		for c, p := range row {
			if p == nil {
				continue
			}
			at := image.Pt(left+c*(w+sheetGap), y)
			img := p.Nearest(p.W*zoom, p.H*zoom).Image()
			draw.Draw(page, img.Rect.Add(at), img, image.Point{}, draw.Src)
		}
	}
	return page
}
