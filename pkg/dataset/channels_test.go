package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/npy"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// array returns a .npy file of float32.
func array(t testing.TB, shape []int, values ...float32) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := npy.Encode(&file, shape, values); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// typed returns a .npy file of the type descr.
func typed(descr, shape string, elements ...byte) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", descr, shape)
	file := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return append(append(file, header...), elements...)
}

// ramp returns n numbers from start in steps of 1/1024, which float32 represents exactly.
func ramp(n int, start float32) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = start + float32(i)/1024
	}
	return v
}

// Arrays keep their numbers and their number of channels.
func TestArrays(t *testing.T) {
	root := t.TempDir()
	for i := range 6 {
		write(t, array(t, []int{4, 8, 10}, ramp(4*8*10, float32(i))...), root, fmt.Sprintf("%d.npy", i))
	}
	set := open(t, Options{Name: "folder", Root: root})
	if set.Channels != 4 || set.Report.Channels != 4 || set.Train.Len()+set.Validation.Len() != 6 {
		t.Fatalf("%d channels, %+v", set.Channels, set.Report)
	}
	if err := set.Scale.Check(4); err != nil {
		t.Error(err)
	}
	p := whole(t, set.Validation, 0)
	if start := p.Values[0]; p.C != 4 || p.H != 8 || p.W != 10 || !slices.Equal(p.Values, ramp(4*8*10, start)) {
		t.Errorf("the array is read as %d channels of %dx%d", p.C, p.W, p.H)
	}
	sample := make([]float32, 4*4*4)
	r := random.New(1)
	if err := set.Train.Sample(sample, 0, 4, &r); err != nil {
		t.Error(err)
	}
	for name, tc := range map[string]struct {
		file []byte
		want []float32
		c    int
	}{
		"rows and columns": {array(t, []int{1, 2}, -1, 3), []float32{-1, 3}, 1},
		"uint8":            {typed("|u1", "1, 2", 0, 51), []float32{0, 0.2}, 1},
		"uint16":           {typed("<u2", "2, 1, 1", 0xff, 0xff, 0x33, 0x33), []float32{1, 0.2}, 2},
		"float64":          {typed("<f8", "1, 1", binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.25))...), []float32{0.25}, 1},
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		write(t, tc.file, path)
		p, _, err := load(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := make([]float32, len(tc.want))
		if p.Float(got); !slices.Equal(got, tc.want) || p.C != tc.c {
			t.Errorf("%s: %v in %d channels, want %v", name, got, p.C, tc.want)
		}
	}
}

func TestArrayErrors(t *testing.T) {
	nan := float32(math.NaN())
	for name, tc := range map[string]struct {
		file  []byte
		words string
	}{
		"no array":       {[]byte("hello"), "not an .npy file"},
		"one dimension":  {array(t, []int{4}, 0, 0, 0, 0), "is no picture"},
		"channels last":  {array(t, []int{8, 8, 3}, make([]float32, 8*8*3)...), "looks like (rows, columns, channels)"},
		"no number":      {array(t, []int{1, 2}, 0, nan), "element 1 is NaN"},
		"too wide":       {array(t, []int{1, picture.MaxSide + 1}, make([]float32, picture.MaxSide+1)...), "more than"},
		"other channels": {array(t, []int{2, 2, 2}, make([]float32, 8)...), "2 channels, while"},
	} {
		root := t.TempDir()
		for i := range 3 {
			write(t, array(t, []int{2, 2}, float32(i), 1, 2, 3), root, fmt.Sprintf("%d.npy", i))
		}
		write(t, tc.file, root, "bad.npy")
		if _, err := Open(Options{Name: "folder", Root: root}); err == nil || !strings.Contains(err.Error(), tc.words) || !strings.HasPrefix(err.Error(), filepath.Join(root, "bad.npy")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGrey(t *testing.T) {
	root := t.TempDir()
	p := noise(8, 8, "p")
	save(t, p, root, "a.png")
	mono := image.NewGray(image.Rect(0, 0, 8, 8))
	deep := image.NewGray16(mono.Rect)
	for i := range mono.Pix {
		mono.Pix[i] = uint8(3 * i)
		deep.SetGray16(i%8, i/8, color.Gray16{Y: uint16(1000 * i)})
	}
	for name, img := range map[string]image.Image{"b.png": mono, "c.png": deep} {
		var file bytes.Buffer
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		write(t, file.Bytes(), root, name)
	}
	set := open(t, Options{Name: "folder", Root: root, Channels: 1})
	if set.Channels != 1 || !slices.Equal(set.Scale.Mean, []float64{0.5}) || !slices.Equal(set.Scale.Std, []float64{0.5}) {
		t.Errorf("%d channels, %+v", set.Channels, set.Scale)
	}
	for _, g := range []*Gallery{set.Train, set.Validation} {
		for i := range g.Len() {
			q := whole(t, g, i)
			if q.C != 1 {
				t.Fatalf("%s has %d channels", g.Name(i), q.C)
			}
			for k := range 64 {
				switch g.Name(i) {
				case "a.png": // tolerance: rounding to bytes, and the rounded weights
					want := 0.299*float64(p.Pix[k]) + 0.587*float64(p.Pix[64+k]) + 0.114*float64(p.Pix[128+k])
					if d := math.Abs(float64(q.Pix[k]) - want); d > 0.505 {
						t.Errorf("luma %d, want %v", q.Pix[k], want)
					}
				case "b.png":
					if q.Pix[k] != mono.Pix[k] {
						t.Errorf("grey %d, want %d", q.Pix[k], mono.Pix[k])
					}
				case "c.png":
					if want := float32(float64(1000*k) / 65535); q.Values[k] != want {
						t.Errorf("16-bit grey %v, want %v", q.Values[k], want)
					}
				}
			}
		}
	}
	if colours := open(t, Options{Name: "folder", Root: root}); colours.Channels != 3 || whole(t, colours.Train, 0).C != 3 {
		t.Errorf("%d channels without -channels", colours.Channels)
	}
	// Built-in and binary data sets, too.
	leaves := open(t, Options{Side: 8, Channels: 1})
	if q := whole(t, leaves.Train, 0); leaves.Channels != 1 || q.C != 1 {
		t.Errorf("grey dead leaves: %d and %d channels", leaves.Channels, q.C)
	}
	if _, err := Open(Options{Side: 8, Channels: 4}); err == nil || !strings.Contains(err.Error(), "4 channels are asked for") {
		t.Errorf("dead leaves of four channels: %v", err)
	}
	if _, err := Open(Options{Name: "folder", Root: root, Channels: 2}); err == nil || !strings.Contains(err.Error(), "3 channels cannot be brought to the 2") {
		t.Errorf("two channels of colours: %v", err)
	}
}

// The normalisation becomes grey by the same weights as the pixels.
func TestScaleOfChannels(t *testing.T) {
	s := pixel.Scale{Mean: []float64{0.25, 0.5, 1}, Std: []float64{0.2, 0.2, 0.2}}
	got := scaleOfChannels(s, 1)
	if want := 0.299*0.25 + 0.587*0.5 + 0.114; math.Abs(got.Mean[0]-want) > 1e-5 || len(got.Std) != 1 || got.Std[0] != 0.2 { // weights of 16 bits
		t.Errorf("%+v, want a mean of %v", got, want)
	}
	if err := scaleOfChannels(half, 5).Check(5); err != nil {
		t.Error(err)
	}
}

// The digest of pixels depends on shape and values, not on their representation.
func TestPixelDigest(t *testing.T) {
	p := noise(5, 4, "p")
	values := make([]float32, len(p.Pix))
	p.Float(values)
	deep := &picture.Planar{C: 3, H: 4, W: 5, Values: values}
	if pixelDigest(p, 0) != pixelDigest(deep, 0) {
		t.Error("bytes and numbers of equal value differ")
	}
	if pixelDigest(p, 0) == pixelDigest(p.Cut(0, 0, 4, 4), 0) || pixelDigest(p, 0) == pixelDigest(&picture.Planar{C: 3, H: 5, W: 4, Pix: p.Pix}, 0) {
		t.Error("the digest does not see the shape")
	}
	deep.Values = slices.Clone(values)
	deep.Values[7] += 1e-4
	if pixelDigest(p, 0) == pixelDigest(deep, 0) {
		t.Error("the digest does not see a number")
	}
}

func FuzzArray(f *testing.F) {
	f.Add(array(f, []int{2, 1, 3}, 0, 1, 2, 3, 4, 5))
	f.Add(typed("<u2", "1, 1", 1, 2))
	f.Add(typed("|u1", "9, 9, 3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.npy")
		write(t, data, path)
		p, _, err := load(path)
		switch {
		case err != nil && !strings.HasPrefix(err.Error(), path):
			t.Errorf("the error does not name the file: %v", err)
		case err == nil && p.C*p.H*p.W != len(p.Pix)+len(p.Values):
			t.Errorf("%d channels of %dx%d with %d values", p.C, p.W, p.H, len(p.Pix)+len(p.Values))
		}
	})
}

// Equal pixels have equal digests as bytes and as numbers, also after conversion to grey.
func TestPixelDigestOfGrey(t *testing.T) {
	bytes := noise(7, 5, "digest")
	numbers := &picture.Planar{C: bytes.C, H: bytes.H, W: bytes.W, Values: make([]float32, len(bytes.Pix))}
	bytes.Float(numbers.Values)
	for _, channels := range []int{0, 1, 3} {
		if pixelDigest(bytes, channels) != pixelDigest(numbers, channels) {
			t.Errorf("%d channels: digests differ", channels)
		}
	}
	if pixelDigest(bytes, 0) == pixelDigest(bytes, 1) {
		t.Error("grey has the digest of colours")
	}
}
