package dataset

import (
	"fmt"

	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// rgb is the number of channels of decoded pictures, and of this package's data sets.
const rgb = 3

// maxChannels bounds the channels of a picture. It finds arrays of a mistaken shape.
const maxChannels = 1024

// luma has the weights of red, green and blue in grey, in units of 1/65536: 0.299, 0.587
// and 0.114 (ITU-R BT.601).
var luma = [rgb]uint32{19595, 38470, 7471}

// converted converts the pictures of a source to n channels.
type converted struct {
	Source
	n int
}

func (c converted) Load(i int) (*picture.Planar, error) {
	p, err := c.Source.Load(i)
	if err != nil {
		return nil, err
	}
	if !convertible(p.C, c.n) {
		return nil, fmt.Errorf("%s: %d channels cannot be brought to %d", c.Name(i), p.C, c.n)
	}
	return convert(p, c.n), nil
}

// convert converts a picture to n channels; convertible must allow it.
func convert(p *picture.Planar, n int) *picture.Planar {
	switch {
	case p.C == n:
		return p
	case n == 1:
		return grey(p)
	}
	q := *p // grey, repeated in all three channels
	q.C, q.Pix, q.Values = rgb, nil, nil
	for range rgb {
		q.Pix, q.Values = append(q.Pix, p.Pix...), append(q.Values, p.Values...)
	}
	return &q
}

// convertible reports whether pictures can be converted between these numbers of
// channels: RGB to grey, grey to RGB, and any number to itself.
func convertible(from, to int) bool {
	return from == to || from == rgb && to == 1 || from == 1 && to == rgb
}

// grey returns the luma of an RGB picture; bytes are rounded to the nearest. Pixels with
// three equal values keep their value.
func grey(p *picture.Planar) *picture.Planar {
	n := p.W * p.H
	q := &picture.Planar{C: 1, H: p.H, W: p.W, Notes: p.Notes}
	if p.Pix != nil {
		q.Pix = make([]uint8, n)
		for i := range q.Pix {
			sum := luma[0]*uint32(p.Pix[i]) + luma[1]*uint32(p.Pix[n+i]) + luma[2]*uint32(p.Pix[2*n+i])
			q.Pix[i] = uint8((sum + 1<<15) >> 16)
		}
		return q
	}
	q.Values = make([]float32, n)
	for i := range q.Values {
		r, g, b := p.Values[i], p.Values[n+i], p.Values[2*n+i]
		if q.Values[i] = r; r != g || g != b {
			q.Values[i] = float32(weighted([rgb]float64{float64(r), float64(g), float64(b)}))
		}
	}
	return q
}

func weighted(v [rgb]float64) (sum float64) {
	for c, w := range luma {
		sum += float64(float64(w) / (1 << 16) * v[c])
	}
	return sum
}

// scaleOfChannels returns the normalisation for pictures that have been converted to n
// channels. For grey, it is the mean of the entries of red, green and blue with the
// weights of luma.
func scaleOfChannels(s pixel.Scale, n int) pixel.Scale {
	return pixel.Scale{Mean: entries(s.Mean, n), Std: entries(s.Std, n)}
}

func entries(v []float64, n int) []float64 {
	switch {
	case len(v) == 1 || len(v) == n:
		return v
	case len(v) == rgb && v[0] == v[1] && v[1] == v[2]:
		return v[:1]
	case len(v) == rgb && n == 1:
		return []float64{weighted([rgb]float64(v))}
	}
	return v // which Scale.Check refuses
}
