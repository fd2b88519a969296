package picture

import (
	"cmp"
	"image"
	"image/color"
	"slices"

	"multiscale/pkg/lists"
)

// ownPalette reduces an opaque image to 256 colours of its own: those that it has if
// they are no more, else the means of 256 boxes of colours. It is deterministic.
func ownPalette(img *image.NRGBA) *image.Paletted {
	counts := make(map[[3]uint8]int)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	shift := 0 // bits of colours that are put together
	for y := range h {
		row := img.Pix[y*img.Stride:][:4*w]
		for x := 0; x < len(row); x += 4 {
			counts[coarse(row[x:], shift)]++
		}
		for len(counts) > 1<<16 { // bounded: a photograph has millions of colours
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

// coarse drops low bits; the middle of what they were stands for them.
func coarse(c []uint8, shift int) [3]uint8 {
	middle := uint8(1<<shift) >> 1
	keep := ^uint8(0) << shift
	return [3]uint8{c[0]&keep | middle, c[1]&keep | middle, c[2]&keep | middle}
}

// weighted is a colour and how many pixels have it.
type weighted struct {
	c [3]uint8
	n int
}

type box []weighted

// moments are the mean and the sum of squared deviations of a channel.
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

// widest is the channel of the largest sum of squared deviations.
func (b box) widest() (channel int, squares float64) {
	for c := range 3 {
		if _, s := b.moments(c); s > squares {
			channel, squares = c, s
		}
	}
	return channel, squares
}

// cut cuts the colours into at most n boxes: again and again the box of the largest
// squared deviations, along that channel, at its mean.
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
		if b.squares == 0 { // every colour has its own
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
