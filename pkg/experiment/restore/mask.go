package restore

import (
	"fmt"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// hole reads the mask of a picture. It returns which pixels to fill; nil without a mask.
func (j *job) hole(p photo) ([]bool, error) {
	if j.Mask == "" {
		return nil, nil
	}
	m, err := picture.Open(j.Mask)
	if err != nil {
		return nil, fmt.Errorf("-mask %w", err)
	}
	if m.W != p.W || m.H != p.H {
		return nil, fmt.Errorf("-mask %s: it has %dx%d pixels, %s has %dx%d; make them equal", j.Mask, m.W, m.H, j.In, p.W, p.H)
	}
	hole, filled := make([]bool, m.W*m.H), 0
	for i := range hole {
		white := 0
		for c := range rgb {
			white += int(m.Pix[c*len(hole)+i])
		}
		if hole[i] = white >= rgb*128; hole[i] {
			filled++
		}
	}
	switch filled {
	case 0:
		return nil, fmt.Errorf("-mask %s: no pixel of it is white, so nothing is to be filled; paint what is to be filled white", j.Mask)
	case len(hole):
		return nil, fmt.Errorf("-mask %s: all of it is white, so nothing is left of the picture; paint what is to stay black", j.Mask)
	}
	return hole, nil
}

// filled returns the network's input with the fill of the model's task in holes. A fill depends on all of a picture, so that it
// is held in memory.
func (j *job) filled(in tile.Picture, hole []bool) tile.Picture {
	x := pixel.NewImages(1, in.C, in.H, in.W)
	in.Read(x.Data, 0, 0, in.H, in.W)
	t, _ := j.Catalog.Task(j.Session.Task) // checkMask has found it
	t.FillIn(x, hole)
	return tile.Of(x)
}

// checkMask returns an error if a mask is given and the model or the other flags do not go with it.
func (j *job) checkMask() error {
	switch t, err := j.Catalog.Task(j.Session.Task); {
	case j.Mask == "":
		return nil
	case err != nil || !t.Holes:
		return command.Wrong("mask", j.Mask, j.Model+" is a model for "+j.Session.Task+", which fills no holes", "leave it out, or give a model for inpainting or filling")
	case j.Test != "":
		return command.Wrong("mask", j.Mask, "-test makes its own holes", "leave one of them out")
	case j.Channels != rgb || isArray(j.In) || isArray(j.Out):
		return command.Wrong("mask", j.Mask, "it is for photographs in red, green and blue", "leave it out")
	}
	return nil
}
