package restore

import (
	"context"
	"fmt"
	"os"
	"slices"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/tile"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// hole reads the mask of a picture. It returns which pixels to fill, those from half grey on if the mask is laid over black; nil
// without a mask.
func (j *job) hole(p photo) ([]bool, error) {
	if j.Mask == "" {
		return nil, nil
	}
	if a, err := os.Stat(j.Mask); err == nil {
		if b, err := os.Stat(j.Out); err == nil && os.SameFile(a, b) {
			return nil, fmt.Errorf("-out %s: it is the mask, which would be lost; choose another name", j.Out)
		}
	}
	read, err := picture.Read(j.Mask)
	if err != nil {
		return nil, fmt.Errorf("-mask %w", err)
	}
	m := photo{Decoded: read}
	if m.W != p.W || m.H != p.H {
		return nil, fmt.Errorf("-mask %s: it has %dx%d pixels, %s has %dx%d, turned upright; make them equal", j.Mask, m.W, m.H, j.In, p.W, p.H)
	}
	hole, filled := make([]bool, m.W*m.H), 0
	for i := range hole {
		white := 0.0
		for c := range rgb {
			white += m.original(c, i) / rgb
		}
		if hole[i] = white*m.opacity(i) >= 0.5; hole[i] {
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

// filled returns the network's input in, of p, with the fill of the model's task in holes and in transparent pixels, whose colours
// might be those of a hole beside them. A fill depends on all of a picture, so that it is held in memory.
func (j *job) filled(ctx context.Context, in tile.Picture, p photo, hole []bool) (tile.Picture, error) {
	x := pixel.NewImages(1, in.C, in.H, in.W)
	in.Read(x.Data, 0, 0, in.H, in.W)
	t, err := j.Catalog.Task(j.Session.Task)
	if err != nil {
		return in, err
	}
	unseen := slices.Clone(hole)
	for i := range unseen {
		unseen[i] = unseen[i] || p.opacity(i) == 0
	}
	done := make(chan struct{})
	go func() { // large holes take seconds
		t.FillIn(x, unseen)
		close(done)
	}()
	select {
	case <-done:
		return tile.Of(x), nil
	case <-ctx.Done():
		return in, ctx.Err()
	}
}

// checkMask returns an error if a mask is given and the model or the other flags do not go with it.
func (j *job) checkMask() error {
	switch t, err := j.Catalog.Task(j.Session.Task); {
	case j.Mask == "":
		if err == nil && t.Fill != nil && j.Test == "" {
			j.progress.Print("without -mask nothing is filled; noise is removed")
		}
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
