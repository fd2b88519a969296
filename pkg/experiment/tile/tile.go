package tile

import (
	"context"
	"errors"
	"fmt"

	"multiscale/onnx/session"
	"multiscale/pkg/pixel"
)

// Runner runs a model on pictures.
type Runner struct {
	Session *session.Session
	// Memory is the budget for the model's activations, in bytes.
	Memory int64
	// Side, if not 0, is the side of tiles in pixels, even if larger ones fit.
	Side int

	plans map[[2]int]Plan
}

// Picture is the input of a network.
type Picture struct {
	C, H, W int
	// Read writes the normalised pixels of the h by w rectangle at row y and column x
	// to dst, as planes (C,h,w).
	Read func(dst []float32, y, x, h, w int)
}

// Of returns the first image of x as a Picture.
func Of(x pixel.Images) Picture {
	return Picture{x.C, x.H, x.W, func(dst []float32, top, left, h, w int) {
		for c := range x.C {
			for i := range h {
				copy(dst[(c*h+i)*w:][:w], x.Data[(c*x.H+top+i)*x.W+left:])
			}
		}
	}}
}

// Plan divides a picture into tiles.
type Plan struct {
	H, W         int  // of the picture with its padding
	TileH, TileW int  // equal to H and W if the picture is one tile
	Tiles        int  // number of tiles
	Exact        bool // the result is the same as that of the whole picture
	down, across axis
}

// Whole reports whether the picture is one tile.
func (p Plan) Whole() bool { return p.Tiles == 1 }

// The smallest and the largest side of tiles. Larger tiles would cost more memory without saving
// time; only for networks that see the whole picture would the result be closer to that of the
// whole picture.
const (
	minSide = 32
	maxSide = 1024
)

// Plan returns the plan for a picture of h by w pixels.
func (r *Runner) Plan(h, w int) (Plan, error) {
	if p, known := r.plans[[2]int{h, w}]; known {
		return p, nil
	}
	p, err := r.plan(h, w)
	if err != nil {
		return p, err
	}
	if r.plans == nil {
		r.plans = make(map[[2]int]Plan)
	}
	r.plans[[2]int{h, w}] = p
	return p, nil
}

// plan computes a plan. Tiles have the only size that the model takes, or r.Side, or the largest size that fits
// the memory.
func (r *Runner) plan(h, w int) (Plan, error) {
	s := r.Session
	p := Plan{H: roundUp(h, s.Multiple), W: roundUp(w, s.Multiple)}
	p.TileH, p.TileW = p.H, p.W
	switch {
	case s.Height > 0: // the model takes only this size
		p.TileH, p.TileW = s.Height, s.Width
		p.H, p.W = max(p.H, s.Height), max(p.W, s.Width)
	case r.Side > 0:
		// A tile must contain the receptive fields of its inner pixels.
		side := roundUp(max(r.Side, 4*s.Reach), s.Multiple)
		p.TileH, p.TileW = min(p.H, side), min(p.W, side)
	default:
		if r.fits(p.H, p.W) != nil {
			side, err := r.largest()
			if err != nil {
				return p, err
			}
			p.TileH, p.TileW = min(p.H, side), min(p.W, side)
		}
	}
	if s.Height == 0 && r.Side == 0 && sees(s, p.TileH) && sees(s, p.TileW) { // the same number of tiles with smaller overlaps
		p.TileH = shortest(p.H, p.TileH, roundUp(2*s.Reach, s.Multiple), s.Multiple)
		p.TileW = shortest(p.W, p.TileW, roundUp(2*s.Reach, s.Multiple), s.Multiple)
	}
	p.layOut(s)
	return p, nil
}

// sees reports whether a tile is large enough to contain the receptive fields of an inner part of
// at least half its side. Otherwise tiles are blended, as for an unlimited reach.
func sees(s *session.Session, side int) bool {
	return s.Reach != session.Unlimited && 4*s.Reach <= side
}

// layOut places the tiles.
func (p *Plan) layOut(s *session.Session) {
	lay := func(length, side int) axis {
		if sees(s, side) {
			return cut(length, side, roundUp(2*s.Reach, s.Multiple), 0, s.Multiple)
		}
		// A third of a tile overlaps. Three quarters of the overlap are blended. The rest
		// is not used, because the network has seen a border there that the picture does
		// not have.
		overlap := roundUp(side/3, s.Multiple)
		return cut(length, side, overlap, overlap*3/4, s.Multiple)
	}
	p.down, p.across = lay(p.H, p.TileH), lay(p.W, p.TileW)
	p.Tiles = len(p.down.at) * len(p.across.at)
	p.Exact = p.Whole() || s.Reach != session.Unlimited && min(p.down.overlap(), p.across.overlap()) >= 2*s.Reach
}

// roundUp rounds up to a multiple.
func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// fits returns an error if the model cannot run on pictures of that size within the budget.
func (r *Runner) fits(h, w int) error {
	if h*w > maxPixels {
		return errTooLarge
	}
	bytes, err := r.Session.Memory(h, w)
	if err == nil && bytes > r.Memory {
		err = errTooLarge
	}
	return err
}

var errTooLarge = errors.New("too large")

// maxPixels is the largest tile whose memory is computed, so that the sizes of
// activations stay far from overflow.
const maxPixels = 1 << 22

// largest returns the largest side of tiles that fits the budget.
func (r *Runner) largest() (int, error) {
	step := max(r.Session.Multiple, minSide/4)
	low, high := minSide/step, maxSide/step
	for low < high {
		middle := (low + high + 1) / 2
		if r.fits(middle*step, middle*step) == nil {
			low = middle
		} else {
			high = middle - 1
		}
	}
	err := r.fits(low*step, low*step)
	if err == errTooLarge {
		err = fmt.Errorf("%s: not even tiles of %d pixels a side fit into the memory of %d bytes; give it more", r.Session.Path, low*step, r.Memory)
	}
	return low * step, err
}

// Write receives rows of a result from row y on: a plane (rows,Scale*W) of normalised
// pixels for each channel. The planes are valid only during the call.
type Write func(planes [][]float32, y, rows int)

// Run restores a picture and passes the result to write, from top to bottom. t has the
// conditions, for networks that take them. Run calls done after each tile, unless it is
// nil.
func (r *Runner) Run(ctx context.Context, in Picture, t []float32, write Write, done func(tiles, of int)) error {
	p, err := r.Plan(in.H, in.W)
	if err != nil {
		return err
	}
	if done == nil {
		done = func(int, int) {}
	}
	s := r.Session.Scale
	b := newBand(p, in.C, in.W*s, s)
	x := pixel.NewImages(1, in.C, p.TileH, p.TileW)
	y := make([]float32, len(x.Data)*s*s)
	for i, top := range p.down.at {
		for j, left := range p.across.at {
			read(x, in, top, left)
			if err := r.Session.Apply(ctx, y, x, t); err != nil {
				return err
			}
			b.add(y, i, j)
			done(i*len(p.across.at)+j+1, p.Tiles)
		}
		b.flush(i, in.H*s, write)
	}
	return nil
}

// read fills a tile with pixels of the picture, and beyond its right and lower border with
// its mirror image.
func read(x pixel.Images, in Picture, top, left int) {
	h, w := min(x.H, in.H-top), min(x.W, in.W-left)
	if h == x.H && w == x.W {
		in.Read(x.Data, top, left, h, w)
		return
	}
	// The mirrored pixels may be above or left of the tile.
	y0, x0 := max(0, min(top, 2*in.H-top-x.H)), max(0, min(left, 2*in.W-left-x.W))
	part := pixel.NewImages(1, x.C, in.H-y0, in.W-x0)
	in.Read(part.Data, y0, x0, part.H, part.W)
	for c := range x.C {
		for i := range x.H {
			from := part.Data[(c*part.H+mirror(top+i, in.H)-y0)*part.W:][:part.W]
			to := x.Data[(c*x.H+i)*x.W:][:x.W]
			for k := range to {
				to[k] = from[mirror(left+k, in.W)-x0]
			}
		}
	}
}

// mirror reflects an index i >= 0 into [0, n), repeating the border pixel.
func mirror(i, n int) int {
	if i %= 2 * n; i >= n {
		i = 2*n - 1 - i
	}
	return i
}
