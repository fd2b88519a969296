package dataset

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"

	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

// The dead leaves data set has a seed of its own, so all runs see the same pictures.
const (
	leavesSeed       = 0x1ea7e5
	leavesTrain      = 1024
	leavesValidation = 256
	leavesVersion    = 1 // of the generator; raise it with every change of the pictures
)

func openLeaves(o Options) (*Set, error) {
	// Twice the side, so that crops of a picture differ.
	side := min(2*o.Side, picture.MaxSide)
	what := fmt.Sprintf("deadleaves version %d, seed %#x, %d+%d pictures of side %d, radii %v to %v",
		leavesVersion, leavesSeed, leavesTrain, leavesValidation, side, smallestLeaf, largestLeaf(side))
	return &Set{
		Channels: rgb, Scale: half,
		Train:      NewGallery(leaves{"train", leavesTrain, side}, Crop, o),
		Validation: NewGallery(leaves{"validation", leavesValidation, side}, Crop, o),
		Digest:     fmt.Sprintf("%x", sha256.Sum256([]byte(what))),
	}, nil
}

// leaves is a collection of dead leaves pictures.
type leaves struct {
	part    string
	n, side int
}

func (l leaves) Len() int          { return l.n }
func (l leaves) Name(i int) string { return fmt.Sprintf("deadleaves/%s/%04d", l.part, i) }
func (l leaves) Load(i int) (*picture.Planar, error) {
	return DeadLeaves(random.New(leavesSeed).Child(l.part, uint64(i)), l.side, l.side), nil
}

// bytes is the memory of a picture. Predictions for large sides need it without generating
// a picture.
func (l leaves) bytes() int64 { return rgb * int64(l.side) * int64(l.side) }

// Radii in pixels. Leaves below the smallest radius would look like noise; the largest
// radius depends on the size of the picture.
const smallestLeaf = 2.0

func largestLeaf(side int) float64 { return max(float64(side)/2, 2*smallestLeaf) }

// DeadLeaves makes a picture of w by h pixels after the dead leaves model of
// natural images (Lee, Mumford and Huang 2001): opaque discs with radii of density
// r^-3 fall on top of each other until they cover everything. The density makes
// the model invariant to scale, so pictures on a coarser mesh have the same
// statistics. The picture depends only on the name of r.
//
// For restoration, leaves are more than flat discs: the colour channels are
// correlated as in photographs, each leaf is lit from a side and has a faint
// texture, and edges are antialiased, as by a lens.
func DeadLeaves(r random.Stream, w, h int) *picture.Planar {
	l := litter{
		w: w, h: h,
		colour: make([]float32, 3*w*h), clear: slices.Repeat([]float32{1}, w*h),
		uncovered: w * h,
	}
	palette := newPalette(r.Child("palette"))
	largest := largestLeaf(max(w, h))
	// The inverse of the distribution function of the density r^-3.
	a, b := 1/(smallestLeaf*smallestLeaf), 1/(largest*largest)
	s := r.Child("leaves")
	for l.uncovered > 0 {
		radius := 1 / math.Sqrt(a-float64(s.Float64()*(a-b)))
		// A leaf may reach in from outside, but only as far as the largest does:
		// centres are uniform on the picture with that margin.
		x := float64(s.Float64()*(float64(w)+float64(2*largest))) - largest
		y := float64(s.Float64()*(float64(h)+float64(2*largest))) - largest
		look := s.Uint64()
		if x+radius < -1 || y+radius < -1 || x-radius > float64(w)+1 || y-radius > float64(h)+1 {
			continue
		}
		l.drop(x, y, radius, palette.leaf(random.New(look)))
	}
	return picture.FromFloat(l.colour, w, h)
}

// litter is a picture in the making, seen from above. Leaves are added from the top down,
// each below the earlier ones, so that the work ends when no gap is left.
type litter struct {
	w, h      int
	colour    []float32 // planes of the colours that are visible so far
	clear     []float32 // the uncovered fraction of each pixel
	uncovered int       // number of pixels that are not fully covered
}

// invisible is less than half a grey level. If less than this fraction of a pixel remains
// uncovered, the current leaf covers it, too.
const invisible = 1.0 / 512

// drop adds a leaf with centre (cx, cy) below the earlier ones: it colours what is still uncovered.
func (l *litter) drop(cx, cy, radius float64, look leafLook) {
	size := l.w * l.h
	red, green, blue := l.colour[:size], l.colour[size:2*size], l.colour[2*size:]
	inner2, outer2 := sqr(max(radius-0.5, 0)), sqr(radius+0.5)
	for y := max(0, int(cy-radius-0.5)); y < min(l.h, int(cy+radius+1.5)); y++ {
		dy := float64(y) - cy
		if dy*dy >= outer2 {
			continue
		}
		reach := math.Sqrt(outer2 - float64(dy*dy))
		from, to := max(0, int(math.Ceil(cx-reach))), min(l.w, int(math.Floor(cx+reach))+1)
		for x := from; x < to; x++ {
			i := y*l.w + x
			t := l.clear[i]
			if t == 0 {
				continue
			}
			dx := float64(x) - cx
			seen, d2 := t, float64(dx*dx)+float64(dy*dy)
			if d2 > inner2 { // on the edge: part of the pixel
				seen *= min(max(float32(radius+0.5-math.Sqrt(d2)), 0), 1)
			}
			if t -= seen; t < invisible {
				seen += t
				t = 0
				l.uncovered--
			}
			l.clear[i] = t
			light := look.light(x, y, float32(dx/radius), float32(dy/radius))
			red[i] += float32(seen * clamp(look.red+light))
			green[i] += float32(seen * clamp(look.green+light))
			blue[i] += float32(seen * clamp(look.blue+light))
		}
	}
}

func sqr(x float64) float64 { return float64(x * x) }

func clamp(v float32) float32 { return min(max(v, 0), 1) }

// palette is common to the leaves of one picture: the exposure and the colour of the light.
type palette struct{ mean, contrast, warmth, tint float32 }

func newPalette(s random.Stream) palette {
	return palette{
		mean:     0.3 + float32(0.3*s.Float32()),
		contrast: 0.12 + float32(0.16*s.Float32()),
		warmth:   0.06 * s.Normal(),
		tint:     0.02 * s.Normal(),
	}
}

// leafLook is the appearance of a leaf.
type leafLook struct {
	red, green, blue float32
	slopeX, slopeY   float32 // change of the light from the centre to the edge
	texture          float32
	u, v             int // where in the texture the leaf lies
}

// leaf draws a colour along the three directions in which the colours of
// photographs are independent, brightness, yellow-blue and red-green, with
// spreads of about 10 : 3 : 1 (Ruderman, Cronin and Chiao 1998).
func (p palette) leaf(s random.Stream) leafLook {
	brightness := p.mean + float32(p.contrast*s.Normal())
	warmth := p.warmth + float32(0.3*p.contrast*s.Normal())
	tint := p.tint + float32(0.1*p.contrast*s.Normal())
	return leafLook{
		red: brightness + float32(warmth/2) + tint, green: brightness + float32(warmth/2) - tint, blue: brightness - warmth,
		slopeX: 0.04 * s.Normal(), slopeY: 0.04 * s.Normal(),
		texture: 0.08 * s.Float32(),
		u:       s.Intn(textureSide), v: s.Intn(textureSide),
	}
}

// light returns the value that shading and texture add to each channel of pixel (x, y). Its
// offset from the leaf's centre is (dx, dy), in units of the radius.
func (k *leafLook) light(x, y int, dx, dy float32) float32 {
	at := (y+k.v)%textureSide*textureSide + (x+k.u)%textureSide
	return float32(k.slopeX*dx) + float32(k.slopeY*dy) + float32(k.texture*texture[at])
}

const textureSide = 128 // a power of two, so that the remainders are cheap

// texture is a periodic tile of noise of order 1. It is a sum of layers of smooth noise,
// each twice as fine as the previous one with half its amplitude: as in photographs,
// coarse detail is stronger than fine detail.
var texture = func() []float32 {
	tile := make([]float32, textureSide*textureSide)
	amplitude := float32(1)
	for cell := 8; cell >= 1; cell /= 2 {
		n := textureSide / cell
		knots := make([]float32, n*n)
		s := random.New(leavesSeed).Child("texture", uint64(cell))
		s.Normals(knots)
		for y := range textureSide {
			for x := range textureSide {
				fx, fy := float32(x%cell)/float32(cell), float32(y%cell)/float32(cell)
				x0, y0 := x/cell, y/cell*n
				x1, y1 := (x0+1)%n, (y0+n)%(n*n)
				top := knots[y0+x0] + float32(fx*(knots[y0+x1]-knots[y0+x0]))
				bottom := knots[y1+x0] + float32(fx*(knots[y1+x1]-knots[y1+x0]))
				tile[y*textureSide+x] += float32(amplitude * (top + float32(fy*(bottom-top))))
			}
		}
		amplitude /= 2
	}
	return tile
}()
