package icc

import (
	"sync"

	"multiscale/pkg/elementary"
)

type matrix [3][3]float64

// srgb converts linear sRGB to XYZ with white D50.
var srgb = BT709.matrix()

var white = [3]float64{0.9642, 1, 0.8249} // D50

func (m matrix) times(n matrix) (p matrix) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				p[i][j] += float64(m[i][k] * n[k][j])
			}
		}
	}
	return p
}

func (m matrix) of(v [3]float64) (w [3]float64) {
	for i := range 3 {
		for k := range 3 {
			w[i] += float64(m[i][k] * v[k])
		}
	}
	return w
}

func (m matrix) inverse() (n matrix) {
	minor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return float64(m[a][c]*m[b][d]) - float64(m[a][d]*m[b][c])
	}
	det := float64(m[0][0]*minor(0, 0)) + float64(m[0][1]*minor(0, 1)) + float64(m[0][2]*minor(0, 2))
	for i := range 3 {
		for j := range 3 {
			n[j][i] = minor(i, j) / det
		}
	}
	return n
}

// Chromaticities are the chromaticities (x, y) of white, red, green and blue.
type Chromaticities [4][2]float64

// The chromaticities of BT.709 and sRGB, of P3 with white D65, of Adobe RGB (1998), and of
// BT.2020.
var (
	BT709     = Chromaticities{{0.3127, 0.3290}, {0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}}
	DisplayP3 = Chromaticities{{0.3127, 0.3290}, {0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}
	AdobeRGB  = Chromaticities{{0.3127, 0.3290}, {0.640, 0.330}, {0.210, 0.710}, {0.150, 0.060}}
	BT2020    = Chromaticities{{0.3127, 0.3290}, {0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}
)

var bradford = matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}

// New returns an RGB profile with these primaries. light converts values of each channel, in
// [0,1], to light.
func New(name string, c Chromaticities, light func(float64) float64) *Profile {
	return &Profile{Name: name, Space: "RGB", curves: []curve{light, light, light}, matrix: c.matrix()}
}

// matrix returns the conversion from linear RGB to XYZ, adapted to white D50 by Bradford's
// method as in ICC profiles.
func (c Chromaticities) matrix() (m matrix) {
	for i, xy := range c[1:] {
		x, y := xy[0], xy[1]
		m[0][i], m[1][i], m[2][i] = x/y, 1, (1-x-y)/y
	}
	x, y := c[0][0], c[0][1]
	from := [3]float64{x / y, 1, (1 - x - y) / y}
	scale := m.inverse().of(from)
	for i := range 3 {
		for k := range 3 {
			m[i][k] *= scale[k]
		}
	}
	eye, target := bradford.of(from), bradford.of(white)
	var adapt matrix
	for i := range 3 {
		adapt[i][i] = target[i] / eye[i]
	}
	return bradford.inverse().times(adapt).times(bradford).times(m)
}

// NewGrey returns a grey profile. light converts values in [0,1] to light.
func NewGrey(name string, light func(float64) float64) *Profile {
	return &Profile{Name: name, Space: "GRAY", curves: []curve{light}}
}

// SRGB is sRGB's curve. It converts a value in [0,1] to light.
func SRGB(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return elementary.Pow((x+0.055)/1.055, 2.4)
}

// encoding is a table of sRGB's values for light i/65536.
type encoding [65537]float32

// encoder makes the table at its first use, because most programs need none.
var encoder = sync.OnceValue(func() *encoding {
	var t encoding
	for i := range t {
		l := float64(i) / 65536
		if l <= 0.0031308 {
			t[i] = float32(12.92 * l)
		} else {
			t[i] = float32(float64(1.055*elementary.Pow(l, 1/2.4)) - 0.055)
		}
	}
	return &t
})

// of clips light to [0,1] and converts it to an sRGB value in [0,1].
func (t *encoding) of(light float32) float32 {
	if !(light > 0) { // also NaN
		return 0
	}
	if light >= 1 {
		return 1
	}
	at := float32(light * 65536)
	i := int(at)
	return t[i] + float32((at-float32(i))*(t[i+1]-t[i]))
}

// Near reports whether Convert would change values by at most 1.5/255, so that the picture
// needs no conversion. It tests a grid of colours.
func (p *Profile) Near() bool {
	const tolerance = 1.5 / 255
	steps := 18
	one, to := p.tables(steps), p.toSRGB()
	value := func(i int) float32 { return float32(i) / float32(steps-1) }
	for i := range steps {
		if p.Space == "GRAY" {
			if away(encoder().of(one[0][i]), value(i)) > tolerance {
				return false
			}
			continue
		}
		for j := range steps {
			for k := range steps {
				r, g, b := to.apply(one[0][i], one[1][j], one[2][k])
				if max(away(r, value(i)), away(g, value(j)), away(b, value(k))) > tolerance {
					return false
				}
			}
		}
	}
	return true
}

func away(a, b float32) float32 { return max(a-b, b-a) }

// tables returns the curves at n equidistant values in [0,1].
func (p *Profile) tables(n int) [][]float32 {
	t := make([][]float32, len(p.curves))
	for c, curve := range p.curves {
		t[c] = make([]float32, n)
		for i := range t[c] {
			t[c][i] = float32(curve(float64(i) / float64(n-1)))
		}
	}
	return t
}

// mixing converts light in the profile's primaries to sRGB values.
type mixing struct {
	m [3][3]float32 // to linear sRGB
	*encoding
}

func (p *Profile) toSRGB() mixing {
	m := mixing{encoding: encoder()}
	for i, row := range srgb.inverse().times(p.matrix) {
		for k, v := range row {
			m.m[i][k] = float32(v)
		}
	}
	return m
}

func (m *mixing) apply(r, g, b float32) (float32, float32, float32) {
	row := func(k [3]float32) float32 { return m.of(float32(k[0]*r) + float32(k[1]*g) + float32(k[2]*b)) }
	return row(m.m[0]), row(m.m[1]), row(m.m[2])
}

// Convert converts the planes of a picture to sRGB in place: one plane for a grey profile,
// three for RGB. The profile must be Convertible. Products are rounded before they are
// added, so that processors with fused multiply-add give the same pixels.
func Convert[T uint8 | uint16](p *Profile, planes [][]T) {
	top := float32(^T(0))
	light := p.tables(int(^T(0)) + 1)
	if p.Space == "GRAY" {
		to := encoder()
		for i, v := range planes[0] {
			planes[0][i] = T(float32(to.of(light[0][v])*top) + 0.5)
		}
		return
	}
	to := p.toSRGB()
	red, green, blue := planes[0], planes[1], planes[2]
	for i := range red {
		r, g, b := to.apply(light[0][red[i]], light[1][green[i]], light[2][blue[i]])
		red[i], green[i], blue[i] = T(float32(r*top)+0.5), T(float32(g*top)+0.5), T(float32(b*top)+0.5)
	}
}
