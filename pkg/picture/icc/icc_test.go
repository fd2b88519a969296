package icc

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

func s15(values ...float64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	return b
}

func curv(values ...uint16) []byte {
	b := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func para(kind byte, values ...float64) []byte {
	return append([]byte("para\x00\x00\x00\x00\x00"+string(kind)+"\x00\x00"), s15(values...)...)
}

// file makes a profile of the columns of its matrix (none for grey) and one curve.
func file(name string, columns [][3]float64, curve []byte) []byte {
	type tag struct {
		name string
		data []byte
	}
	desc := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(name)+1))
	tags := []tag{{"desc", append(append(desc, name...), 0)}}
	space := "GRAY"
	if columns == nil {
		tags = append(tags, tag{"kTRC", curve})
	} else {
		space = "RGB "
		for i, c := range columns {
			tags = append(tags, tag{string("rgb"[i]) + "XYZ", append([]byte("XYZ \x00\x00\x00\x00"), s15(c[:]...)...)}, tag{string("rgb"[i]) + "TRC", curve})
		}
	}
	data := make([]byte, 128)
	copy(data[16:], space+"XYZ ")
	copy(data[36:], "acsp")
	data = binary.BigEndian.AppendUint32(data, uint32(len(tags)))
	at := len(data) + 12*len(tags)
	var body []byte
	for _, t := range tags {
		data = append(data, t.name...)
		data = binary.BigEndian.AppendUint32(data, uint32(at+len(body)))
		data = binary.BigEndian.AppendUint32(data, uint32(len(t.data)))
		body = append(body, t.data...)
	}
	return append(data, body...)
}

var (
	adobe = [][3]float64{{0.60974, 0.31111, 0.01947}, {0.20528, 0.62567, 0.06087}, {0.14919, 0.06322, 0.74457}}
	pro   = [][3]float64{{0.79767, 0.28804, 0}, {0.13519, 0.71188, 0}, {0.03134, 0.00009, 0.82491}}
	p3    = [][3]float64{{0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.15710, 0.06657, 0.78407}}
	bt709 = [][3]float64{{0.43607, 0.22249, 0.01392}, {0.38515, 0.71687, 0.09708}, {0.14307, 0.06061, 0.71410}}

	curveSRGB = para(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
)

func table(n int, gamma float64) []byte {
	values := make([]uint16, n)
	for i := range values {
		values[i] = uint16(math.Round(65535 * math.Pow(float64(i)/float64(n-1), gamma)))
	}
	return curv(values...)
}

// TestConvert: the expected values are those of LittleCMS (relative colorimetric, to its own
// sRGB). Rounding may differ by 1.
func TestConvert(t *testing.T) {
	from := [][3]uint8{{0, 0, 0}, {255, 255, 255}, {200, 100, 50}, {20, 180, 90}, {128, 128, 128}, {70, 60, 200}, {5, 10, 15}, {90, 200, 220}, {180, 160, 140}}
	toAdobe := [][3]uint8{{0, 0, 0}, {255, 255, 255}, {227, 100, 42}, {0, 181, 83}, {129, 129, 129}, {72, 57, 205}, {0, 3, 7}, {0, 201, 222}, {189, 161, 140}}
	for _, tc := range []struct {
		name string
		file []byte
		want [][3]uint8
	}{
		{"Display P3", file("Display P3", p3, curveSRGB), [][3]uint8{{0, 0, 0}, {255, 255, 255}, {215, 93, 31}, {0, 183, 78}, {128, 128, 128}, {72, 60, 208}, {4, 10, 15}, {0, 203, 223}, {184, 159, 137}}},
		{"Adobe RGB", file("Adobe RGB", adobe, curv(563)), toAdobe},
		{"Adobe RGB with a table", file("Adobe RGB with a table", adobe, table(64, 2.2)), toAdobe},
		{"ProPhoto", file("ProPhoto", pro, para(0, 1.8)), [][3]uint8{{0, 0, 0}, {255, 255, 255}, {255, 80, 47}, {0, 212, 87}, {146, 146, 146}, {0, 73, 223}, {0, 11, 19}, {0, 226, 230}, {213, 171, 154}}},
	} {
		p, err := Parse(tc.file)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if p.Name != tc.name || !p.Convertible() || p.Near() {
			t.Errorf("%s: %+v", tc.name, p)
		}
		planes, deep := make([][]uint8, 3), make([][]uint16, 3)
		for _, v := range from {
			for c := range planes {
				planes[c] = append(planes[c], v[c])
				deep[c] = append(deep[c], uint16(v[c])*257)
			}
		}
		Convert(p, planes)
		Convert(p, deep)
		for i, want := range tc.want {
			for c := range planes {
				if d := int(planes[c][i]) - int(want[c]); d < -1 || d > 1 {
					t.Errorf("%s: %v becomes %d in channel %d, want %d", tc.name, from[i], planes[c][i], c, want[c])
				}
				if d := int(deep[c][i]) - 257*int(planes[c][i]); d < -129 || d > 129 {
					t.Errorf("%s: 16 bits of %v become %d in channel %d, 8 bits %d", tc.name, from[i], deep[c][i], c, planes[c][i])
				}
			}
		}
	}
}

func TestConvertGrey(t *testing.T) {
	for gamma, want := range map[uint16][]uint8{461: {0, 40, 146, 210, 255}, 256: {0, 96, 188, 229, 255}} { // 461/256 is 1.8
		p, err := Parse(file("grey", nil, curv(gamma)))
		if err != nil || !p.Convertible() || p.Near() {
			t.Fatalf("%+v, %v", p, err)
		}
		planes := [][]uint8{{0, 30, 128, 200, 255}}
		Convert(p, planes)
		for i, v := range planes[0] {
			if d := int(v) - int(want[i]); d < -1 || d > 1 {
				t.Errorf("gamma %d/256: %v, want %v", gamma, planes[0], want)
				break
			}
		}
	}
}

// TestNear: sRGB profiles of both versions need no conversion.
func TestNear(t *testing.T) {
	for _, curve := range [][]byte{curveSRGB, para(4, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045, 0, 0)} {
		p, err := Parse(file("sRGB IEC61966-2.1", bt709, curve))
		if err != nil || !p.Near() {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if New("sRGB", BT709, SRGB).Near() == false || New("P3", DisplayP3, SRGB).Near() {
		t.Error("sRGB is not near sRGB, or P3 is")
	}
	if NewGrey("grey", SRGB).Near() == false || NewGrey("grey", Power(1.8)).Near() {
		t.Error("grey of sRGB is not near sRGB, or of gamma 1.8 is")
	}
}

// TestParametric evaluates the five kinds on both sides of the point where their parts meet.
func TestParametric(t *testing.T) {
	for kind, tc := range []struct {
		values []float64
		x      []float64
		want   []float64
	}{
		{[]float64{2}, []float64{0, 0.5}, []float64{0, 0.25}},
		{[]float64{2, 2, -0.5}, []float64{0.2, 0.5}, []float64{0, 0.25}},
		{[]float64{2, 2, -0.5, 0.125}, []float64{0.2, 0.5}, []float64{0.125, 0.375}},
		{[]float64{2, 1, 0, 0.25, 0.25}, []float64{0.2, 0.5}, []float64{0.05, 0.25}},
		{[]float64{2, 1, 0, 0.25, 0.25, 0.125, 0.0625}, []float64{0.2, 0.5}, []float64{0.1125, 0.375}},
	} {
		c, err := parseCurve(para(byte(kind), tc.values...))
		if err != nil || c == nil {
			t.Fatalf("kind %d: %v", kind, err)
		}
		for i, x := range tc.x {
			if got := c(x); math.Abs(got-tc.want[i]) > 1e-4 { // of s15Fixed16 numbers
				t.Errorf("kind %d at %v: %v, want %v", kind, x, got, tc.want[i])
			}
		}
	}
}

// TestNotConvertible: profiles of tables or of inks are read for their name only.
func TestNotConvertible(t *testing.T) {
	lut := file("Printer", adobe, []byte("mft2\x00\x00\x00\x00more"))
	inks := file("FOGRA39", adobe, curv(563))
	copy(inks[16:], "CMYK")
	for name, data := range map[string][]byte{"Printer": lut, "FOGRA39": inks} {
		p, err := Parse(data)
		if err != nil || p.Convertible() || p.Name != name {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	whole := file("name", adobe, table(64, 2.2))
	for n := range len(whole) {
		if p, err := Parse(whole[:n]); err == nil {
			t.Fatalf("%d bytes of %d: %+v", n, len(whole), p)
		}
	}
	if _, err := Parse([]byte(strings.Repeat("x", 500))); err == nil {
		t.Error("no profile: no error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file("table", adobe, table(16, 2.2)))
	f.Add(file("sRGB", bt709, curveSRGB))
	f.Add(file("grey", nil, curv(461)))
	f.Add(file("linear", p3, curv()))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil || !p.Convertible() {
			return
		}
		p.Near()
		planes := [][]uint8{{0, 100, 255}, {0, 90, 255}, {1, 80, 255}}
		Convert(p, planes[:len(p.curves)])
	})
}

// TestText reads names of version 2, and of version 4, where the first of several languages counts.
func TestText(t *testing.T) {
	mluc := "mluc\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x0cenUS\x00\x00\x00\x06\x00\x00\x00\x28deDE\x00\x00\x00\x02\x00\x00\x00\x2e\x00P\x003\x00!\x00X"
	for tag, want := range map[string]string{
		mluc:      "P3!",
		mluc[:40]: "",
		"desc\x00\x00\x00\x00\x00\x00\x00\x05abcd\x00more":  "abcd",
		"desc\x00\x00\x00\x00\x00\x00\x00\x06a\nb\xffc\x00": "abc",
		"desc\x00\x00\x00\x00\xff\xff\xff\xffab":            "ab",
		"":                                                  "",
	} {
		if got := text([]byte(tag)); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
	if got := printable(strings.Repeat("é", 100)); got != strings.Repeat("é", 60) {
		t.Errorf("a long name becomes %q", got)
	}
}
