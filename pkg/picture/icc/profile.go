// Package icc converts colours to sRGB by the ICC profile of a picture (ICC.1, versions 2
// and 4). It supports RGB profiles of a matrix and three curves, which cameras, screens and
// editors have, and grey profiles of one curve. Colours outside of sRGB are clipped. Profiles
// made of look-up tables, such as those of printers, are read for their name only.
package icc

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Profile defines the colours of a picture's values.
type Profile struct {
	Name   string // in printable characters; "without a name" if the profile has none
	Space  string // "RGB", "GRAY", "CMYK", ...
	curves []curve
	matrix matrix // from linear RGB to XYZ with white D50
}

var errProfile = errors.New("the colour profile is damaged")

// Parse reads a profile. If it is not Convertible, only its name and space are valid.
func Parse(data []byte) (*Profile, error) {
	if len(data) < 132 || string(data[36:40]) != "acsp" {
		return nil, errProfile
	}
	p := &Profile{Space: strings.TrimSpace(printable(string(data[16:20])))}
	tags := make(map[string][]byte)
	n := binary.BigEndian.Uint32(data[128:])
	for i := uint32(0); i < min(n, 200); i++ {
		at := 132 + 12*int(i)
		if at+12 > len(data) {
			return nil, errProfile
		}
		from, size := binary.BigEndian.Uint32(data[at+4:]), binary.BigEndian.Uint32(data[at+8:])
		if uint64(from)+uint64(size) > uint64(len(data)) {
			return nil, errProfile
		}
		tags[string(data[at:at+4])] = data[from : from+size]
	}
	p.Name = text(tags["desc"])
	if p.Name == "" {
		p.Name = "without a name"
	}
	var names []string
	switch p.Space {
	case "GRAY":
		names = []string{"kTRC"}
	case "RGB":
		names = []string{"rTRC", "gTRC", "bTRC"}
		for c, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
			tag := tags[name]
			if len(tag) < 20 || string(tag[:4]) != "XYZ " {
				return p, nil
			}
			for i := range 3 {
				p.matrix[i][c] = fixed(tag[8+4*i:])
			}
		}
	}
	for _, name := range names {
		c, err := parseCurve(tags[name])
		if err != nil {
			return nil, err
		}
		if c == nil {
			return p, nil
		}
		p.curves = append(p.curves, c)
	}
	return p, nil
}

// Convertible reports whether Convert can apply the profile.
func (p *Profile) Convertible() bool {
	return p.Space == "GRAY" && len(p.curves) == 1 || p.Space == "RGB" && len(p.curves) == 3
}

func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// text returns the text of a tag of type desc or mluc.
func text(tag []byte) string {
	if len(tag) < 12 {
		return ""
	}
	switch string(tag[:4]) {
	case "desc":
		n := binary.BigEndian.Uint32(tag[8:])
		return printable(string(tag[12:min(uint64(n)+12, uint64(len(tag)))]))
	case "mluc":
		if len(tag) < 28 {
			return ""
		}
		n, at := uint64(binary.BigEndian.Uint32(tag[20:])), uint64(binary.BigEndian.Uint32(tag[24:]))
		if at+n > uint64(len(tag)) {
			return ""
		}
		var units []uint16
		for b := tag[at : at+n]; len(b) >= 2; b = b[2:] {
			units = append(units, binary.BigEndian.Uint16(b))
		}
		return printable(string(utf16.Decode(units)))
	}
	return ""
}

func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > 60 {
		return string(r[:60])
	}
	return s
}

// curve converts a value of a file, in [0,1], to light.
type curve func(float64) float64

// parseCurve reads the curve of a tag. It returns nil if there is none or its type is unknown.
func parseCurve(tag []byte) (curve, error) {
	if len(tag) < 12 {
		return nil, nil
	}
	switch string(tag[:4]) {
	case "curv":
		n := uint64(binary.BigEndian.Uint32(tag[8:]))
		if 12+2*n > uint64(len(tag)) {
			return nil, errProfile
		}
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(binary.BigEndian.Uint16(tag[12+2*i:]))
		}
		switch n {
		case 0:
			return Power(1), nil
		case 1:
			return Power(values[0] / 256), nil
		}
		return func(x float64) float64 { return lookUp(values, x) / 65535 }, nil
	case "para":
		return parametric(tag)
	}
	return nil, nil
}

// lookUp interpolates a table of equidistant values over [0,1] linearly.
func lookUp(table []float64, x float64) float64 {
	at := float64(min(max(x, 0), 1) * float64(len(table)-1))
	i := min(int(at), len(table)-2)
	return table[i] + float64((at-float64(i))*(table[i+1]-table[i]))
}

// Power returns the curve x^gamma.
func Power(gamma float64) func(float64) float64 {
	return func(x float64) float64 { return math.Pow(max(x, 0), gamma) }
}

// parametric reads a curve of type para (ICC.1:2022, table 68).
func parametric(tag []byte) (curve, error) {
	kind := binary.BigEndian.Uint16(tag[8:])
	counts := []int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) {
		return nil, nil
	}
	if len(tag) < 12+4*counts[kind] {
		return nil, errProfile
	}
	var v [7]float64
	for i := range counts[kind] {
		v[i] = fixed(tag[12+4*i:])
	}
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		return Power(g), nil
	case 1, 2: // below -b/a the curve is constant: 0 (kind 1) or c (kind 2)
		d, e, f, c = -b/a, c, c, 0
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(float64(a*x)+b, 0), g) + e
		}
		return float64(c*x) + f
	}, nil
}
