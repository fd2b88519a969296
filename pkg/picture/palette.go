package picture

import (
	"cmp"
	"image"
	"image/color"
	"slices"

	"multiscale/pkg/lists"
)

// ownPalette reduces an opaque image to a palette of at most 256 colours: the image's colours
// if they are no more than 256, else the means of 256 boxes of colours. It is deterministic.
func ownPalette(img *image.NRGBA) *image.Paletted {
	counts := make(map[[3]uint8]int)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	shift := 0 // merged colours may differ in this many low bits
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for x := 0; x < len(row); x += 4 {
			counts[coarse(row[x:], shift)]++
		}
		for len(counts) > 1<<16 { // merge colours to bound their number: a photograph may have millions
			shift++
			fewer := make(map[[3]uint8]int)
			for c, n := range counts {
				fewer[coarse(c[:], shift)] += n
			}
			counts = fewer
		}
	}
	colours := make([]weighted, 0, len(counts))
	for c, n := range counts {
		colours = append(colours, weighted{c, n})
	}
	slices.SortFunc(colours, func(a, b weighted) int { return slices.Compare(a.c[:], b.c[:]) })

	index := make(map[[3]uint8]uint8, len(colours))
	p := &image.Paletted{Pix: make([]uint8, w*h), Stride: w, Rect: image.Rect(0, 0, w, h)}
	for i, b := range cut(colours, 256) {
		p.Palette = append(p.Palette, b.mean())
		for _, c := range b {
			index[c.c] = uint8(i)
		}
	}
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for x := range w {
			p.Pix[y*w+x] = index[coarse(row[4*x:], shift)]
		}
	}
	return p
}

// coarse replaces the low bits of a colour by the middle of their range.
func coarse(c []uint8, shift int) [3]uint8 {
	middle := uint8(1<<shift) >> 1
	keep := ^uint8(0) << shift
	return [3]uint8{c[0]&keep | middle, c[1]&keep | middle, c[2]&keep | middle}
}

// weighted is a colour and its number of pixels.
type weighted struct {
	c [3]uint8
	n int
}

type box []weighted

// moments returns the mean and the sum of squared deviations of a channel.
func (b box) moments(channel int) (mean, squares float64) {
	n := 0.0
	for _, c := range b {
		n += float64(c.n)
		mean += float64(float64(c.n) * float64(c.c[channel]))
	}
	mean /= n
	for _, c := range b {
		d := float64(c.c[channel]) - mean
		squares += float64(float64(c.n) * d * d)
	}
	return mean, squares
}

func (b box) mean() color.NRGBA {
	var m [3]uint8
	for c := range m {
		mean, _ := b.moments(c)
		m[c] = uint8(mean + 0.5)
	}
	return color.NRGBA{m[0], m[1], m[2], 255}
}

// widest returns the channel with the largest sum of squared deviations, and this sum.
func (b box) widest() (channel int, squares float64) {
	for c := range 3 {
		if _, s := b.moments(c); s > squares {
			channel, squares = c, s
		}
	}
	return channel, squares
}

// cut divides the colours into at most n boxes. It repeatedly splits the box with the largest
// sum of squared deviations in a channel, at the mean of this channel.
func cut(all box, n int) []box {
	type candidate struct {
		box
		channel int
		squares float64
	}
	look := func(b box) candidate {
		channel, squares := b.widest()
		return candidate{b, channel, squares}
	}
	boxes := []candidate{look(all)}
	for len(boxes) < n {
		worst := 0
		for i, b := range boxes {
			if b.squares > boxes[worst].squares {
				worst = i
			}
		}
		b := boxes[worst]
		if b.squares == 0 { // every colour has its own box
			break
		}
		slices.SortStableFunc(b.box, func(x, y weighted) int { return cmp.Compare(x.c[b.channel], y.c[b.channel]) })
		mean, _ := b.moments(b.channel)
		at := 1
		for at < len(b.box)-1 && float64(b.box[at].c[b.channel]) <= mean {
			at++
		}
		boxes[worst] = look(b.box[:at])
		boxes = append(boxes, look(b.box[at:]))
	}
	return lists.Of(boxes, func(c candidate) box { return c.box })
}
