package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chunk returns a chunk of a PNG file.
func chunk(name, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc(b[4:]))
}

// withChunks inserts chunks after the header of a PNG file.
func withChunks(t testing.TB, img image.Image, chunks ...[]byte) []byte {
	data := encodePNG(t, img)
	return slices.Concat(data[:33], slices.Concat(chunks...), data[33:])
}

func big32(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}

// exifOf returns EXIF data with an orientation.
func exifOf(orientation byte) string {
	return "MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
}

// TestTurn: after TIFF 6.0, page 36, orientation 1 to 8 of the picture
//
//	1 2 3
//	4 5 6
func TestTurn(t *testing.T) {
	for o, want := range []string{1: "123/456", 2: "321/654", 3: "654/321", 4: "456/123", 5: "14/25/36", 6: "41/52/63", 7: "63/52/41", 8: "36/25/14"} {
		if o == 0 {
			continue
		}
		img := image.NewGray(image.Rect(0, 0, 3, 2))
		copy(img.Pix, "123456")
		d, err := decode("turned.png", bytes.NewReader(withChunks(t, img, chunk("eXIf", exifOf(byte(o))))))
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for y := range d.H {
			rows = append(rows, string(d.Pix8[0][y*d.W:(y+1)*d.W]))
		}
		if got := strings.Join(rows, "/"); got != want {
			t.Errorf("orientation %d: %s, want %s", o, got, want)
		}
	}
}

func TestOrientationOf(t *testing.T) {
	for _, tc := range []struct {
		exif, xmp string
		want      int
	}{
		{"", "", 1},
		{exifOf(6), "", 6},
		{"Exif\x00\x00" + exifOf(3), "", 3},
		{exifOf(6), `tiff:Orientation="8"`, 6},
		{exifOf(0), `tiff:Orientation="8"`, 8},
		{"damaged", `<tiff:Orientation>5</tiff:Orientation>`, 5},
		{exifOf(9), `tiff:Orientation="9"`, 1},
	} {
		if got := orientationOf([]byte(tc.exif), []byte(tc.xmp)); got != tc.want {
			t.Errorf("%q, %q: %d, want %d", tc.exif, tc.xmp, got, tc.want)
		}
	}
}

// TestRawProfile reads EXIF data as hexadecimal digits, which ImageMagick wrote into PNG files before eXIf existed.
func TestRawProfile(t *testing.T) {
	digits := fmt.Sprintf("\nexif\n%8d\n%x\n", 32, "Exif\x00\x00"+exifOf(6))
	lines := digits[:30] + "\n" + digits[30:]
	packed := func(text string) string {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return "\x00" + b.String()
	}
	for _, tc := range []struct {
		name   string
		chunks []byte
		want   int
	}{
		{"plain", chunk("tEXt", "Raw profile type exif\x00"+lines), 6},
		{"packed", chunk("zTXt", "Raw profile type APP1\x00"+packed(lines)), 6},
		{"eXIf counts more", slices.Concat(chunk("eXIf", exifOf(8)), chunk("tEXt", "Raw profile type exif\x00"+lines)), 8},
		{"eXIf behind it", slices.Concat(chunk("tEXt", "Raw profile type exif\x00"+lines), chunk("eXIf", exifOf(8))), 8},
		{"another profile", chunk("tEXt", "Raw profile type iptc\x00"+lines), 1},
		{"no digits", chunk("tEXt", "Raw profile type exif\x00\nexif\n 3\nxyz"), 1},
		{"nothing", chunk("zTXt", "Raw profile type exif\x00"), 1},
	} {
		data := withChunks(t, quarters(2, 2), tc.chunks)
		about := readChunks(&source{"a.png", bytes.NewReader(data), int64(len(data))})
		if got := orientationOf(about.exif, nil); got != tc.want {
			t.Errorf("%s: orientation %d, want %d", tc.name, got, tc.want)
		}
	}
}

// TestPNGColours reads the colour spaces of PNG files, in their order of precedence.
func TestPNGColours(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	img.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 255})
	same, p3, linear := [3]uint8{200, 100, 50}, [3]uint8{215, 93, 31}, [3]uint8{229, 168, 122}
	gamma := chunk("gAMA", big32(45455))
	ofP3 := chunk("cHRM", big32(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
	of709 := chunk("cHRM", big32(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
	var damaged bytes.Buffer
	z := zlib.NewWriter(&damaged)
	z.Write(make([]byte, 200))
	z.Close()
	for _, tc := range []struct {
		name   string
		chunks []byte
		want   [3]uint8
		note   string
	}{
		{"nothing", nil, same, ""},
		{"gamma of sRGB", gamma, same, ""},
		{"gamma and primaries of sRGB", slices.Concat(gamma, of709), same, ""},
		{"linear", chunk("gAMA", big32(100000)), linear, "gamma"},
		{"primaries of P3", slices.Concat(gamma, ofP3), p3, "primaries"},
		{"sRGB counts more", slices.Concat(chunk("sRGB", "\x00"), chunk("gAMA", big32(100000)), ofP3), same, ""},
		{"code points of P3", chunk("cICP", "\x0c\x0d\x00\x01"), p3, "code points"},
		{"code points count more", slices.Concat(chunk("cICP", "\x01\x0d\x00\x01"), chunk("gAMA", big32(100000))), same, ""},
		{"code points of PQ", chunk("cICP", "\x09\x10\x00\x01"), same, "taken for sRGB"},
		{"impossible primaries", slices.Concat(gamma, chunk("cHRM", big32(0, 0, 0, 0, 0, 0, 0, 0))), same, ""},
		{"a damaged profile", chunk("iCCP", "name\x00\x00"+damaged.String()), same, "damaged"},
	} {
		d, err := decode("a.png", bytes.NewReader(withChunks(t, img, tc.chunks)))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if got := at(d.Planar(), 0, 0); !near(got, tc.want, 1) || got != tc.want && tc.want == same {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
		if notes := strings.Join(d.Notes, "; "); !strings.Contains(notes, tc.note) || tc.note == "" && notes != "" {
			t.Errorf("%s: notes %q, want %q", tc.name, notes, tc.note)
		}
	}
}

// TestDepth: 16-bit samples, and grey with alpha, are read without loss.
func TestDepth(t *testing.T) {
	rect := image.Rect(0, 0, 2, 1)
	deep, grey := image.NewNRGBA64(rect), image.NewGray16(rect)
	deep.SetNRGBA64(1, 0, color.NRGBA64{0x0102, 0x0304, 0x0506, 0x0708})
	grey.SetGray16(1, 0, color.Gray16{0xabcd})
	d, err := decode("a.png", bytes.NewReader(encodePNG(t, deep)))
	if err != nil || d.Bits() != 16 || d.Grey() {
		t.Fatalf("%v, %+v", err, d)
	}
	if got := fmt.Sprintf("%x %x %x %x", d.Pix16[0][1], d.Pix16[1][1], d.Pix16[2][1], d.Alpha16[1]); got != "102 304 506 708" {
		t.Error(got)
	}
	d, err = decode("a.png", bytes.NewReader(encodePNG(t, grey)))
	if err != nil || !d.Grey() || d.Pix16[0][1] != 0xabcd || d.Alpha16 != nil {
		t.Errorf("%v, %+v", err, d)
	}
}

// TestPartialGIF: a first frame that is smaller than the picture is placed at its position,
// and the rest is transparent.
func TestPartialGIF(t *testing.T) {
	palette := color.Palette{color.Black, color.NRGBA{200, 10, 20, 255}}
	frame := image.NewPaletted(image.Rect(1, 2, 3, 4), palette)
	for i := range frame.Pix {
		frame.Pix[i] = 1
	}
	var b bytes.Buffer
	g := &gif.GIF{Image: []*image.Paletted{frame, frame, frame}, Delay: []int{1, 1, 1}, Config: image.Config{Width: 5, Height: 6, ColorModel: palette}}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	d, err := decode("a.gif", bytes.NewReader(b.Bytes()))
	if err != nil || d.W != 5 || d.H != 6 {
		t.Fatalf("%v, %+v", err, d)
	}
	if len(d.Notes) != 1 || d.Notes[0] != "the first of 3 frames is taken" {
		t.Errorf("notes %q", d.Notes)
	}
	for i, a := range d.Alpha8 {
		x, y := i%5, i/5
		if inside := x >= 1 && x < 3 && y >= 2 && y < 4; inside != (a == 255) || inside != (d.Pix8[0][i] == 200) {
			t.Errorf("pixel (%d,%d): %d, alpha %d", x, y, d.Pix8[0][i], a)
		}
	}
}

// TestLargeFrameGIF: a first frame beyond the size in the header enlarges the picture.
func TestLargeFrameGIF(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 7, 5), color.Palette{color.NRGBA{1, 2, 3, 255}, color.White})
	img.SetColorIndex(6, 4, 1)
	var b bytes.Buffer
	if err := gif.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	for _, header := range [][4]byte{{0, 0, 0, 0}, {3, 0, 9, 0}} {
		data := bytes.Clone(b.Bytes())
		copy(data[6:], header[:])
		wantH := max(5, int(header[2]))
		path := write(t, "a.gif", data)
		w, h, err := Size(path)
		if err != nil || w != 7 || h != wantH {
			t.Errorf("%v: size %dx%d, %v", header, w, h, err)
		}
		d, err := Read(path)
		if err != nil || d.W != 7 || d.H != wantH || d.Pix8[0][4*7+6] != 255 {
			t.Errorf("%v: %+v, %v", header, d, err)
		}
	}
}

// FuzzMetadata: reading arbitrary metadata never panics.
func FuzzMetadata(f *testing.F) {
	for _, name := range []string{"png-frames.png", "png-turned.png", "gif-frames.gif", "webp-frames.webp", "webp-turned.webp", "jpeg-xmp-exif.jpg"} {
		f.Add(readFile(f, name))
	}
	f.Add([]byte(exifOf(6)))
	f.Add([]byte(`tiff:Orientation="8"`))
	img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	f.Add(withChunks(f, img, chunk("cICP", "\x0c\x0d\x00\x01"), chunk("gAMA", big32(100000)), chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00tiff:Orientation=\"3\"")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientationOf(data, data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		adobeRGB(data)
		c := readChunks(&source{"fuzz", bytes.NewReader(data), int64(len(data))})
		r := &raw{Decoded: Decoded{W: 1, H: 1, Pix8: [][]uint8{{1}, {2}, {3}}}, profile: c.profile}
		c.colours(r)
		r.convert()
		frames := 0
		walkGIF(data, func(image.Rectangle) bool { frames++; return true })
		if frames > len(data) {
			t.Errorf("%d frames", frames)
		}
		if len(data) > 12 {
			if w, err := parseWebP(data); err == nil && len(w.picture) > 2*len(data)+64 {
				t.Errorf("%d bytes of picture", len(w.picture))
			}
		}
	})
}

// TestAdobeRGB: EXIF data can declare Adobe RGB in a file without a profile.
func TestAdobeRGB(t *testing.T) {
	// Three directories: the first points to EXIF's, which points to that of interoperability.
	entry := func(tag, kind uint16, count uint32, value string) string {
		b := binary.BigEndian.AppendUint16(nil, tag)
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, kind), count)
		return string(b) + value
	}
	exifWith := func(space, index string) []byte {
		return []byte("MM\x00\x2a\x00\x00\x00\x08" +
			"\x00\x01" + entry(34665, 4, 1, big32(26)) + big32(0) +
			"\x00\x02" + entry(40961, 3, 1, space+"\x00\x00") + entry(40965, 4, 1, big32(56)) + big32(0) +
			"\x00\x01" + entry(1, 2, 4, index) + big32(0))
	}
	if !adobeRGB(exifWith("\xff\xff", "R03\x00")) {
		t.Error("Adobe RGB is not seen")
	}
	if adobeRGB(exifWith("\xff\xff", "R98\x00")) || adobeRGB(exifWith("\x00\x01", "R03\x00")) || adobeRGB([]byte(exifOf(1))) || adobeRGB(nil) {
		t.Error("Adobe RGB is seen where it is not")
	}
	img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range img.Pix {
		img.Pix[i] = []uint8{200, 100, 50, 255}[i%4]
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	body := "Exif\x00\x00" + string(exifWith("\xff\xff", "R03\x00"))
	segment := append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2)), body...)
	d, err := decode("a.jpg", bytes.NewReader(slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])))
	if err != nil {
		t.Fatal(err)
	}
	if got := at(d.Planar(), 8, 8); !near(got, [3]uint8{227, 100, 42}, 3) || len(d.Notes) != 1 { // JPEG's losses
		t.Errorf("%v, notes %q", got, d.Notes)
	}
}

// TestOrientationInTIFF: the tag has the orientation or, if it is missing, the XMP data.
func TestOrientationInTIFF(t *testing.T) {
	const xmp = `<x tiff:Orientation="6"/>`
	for _, tc := range []struct {
		name string
		tag  uint32 // 0: none
		xmp  string
		h    int // of the upright picture, which is 2x1 in the file
	}{
		{"none", 0, "", 1}, {"tag", 6, "", 2}, {"XMP", 0, xmp, 2}, {"both", 1, xmp, 1},
	} {
		pixels, entries := 8+len(tc.xmp), [][4]uint32{{256, 3, 1, 2}, {257, 3, 1, 1}, {258, 3, 1, 8}, {262, 3, 1, 1}}
		entries = append(entries, [4]uint32{273, 4, 1, uint32(pixels)})
		if tc.tag > 0 {
			entries = append(entries, [4]uint32{274, 3, 1, tc.tag})
		}
		entries = append(entries, [4]uint32{277, 3, 1, 1}, [4]uint32{278, 3, 1, 1}, [4]uint32{279, 4, 1, 2})
		if tc.xmp != "" {
			entries = append(entries, [4]uint32{700, 1, uint32(len(tc.xmp)), 8})
		}
		le := binary.LittleEndian
		data := le.AppendUint32([]byte("II\x2a\x00"), uint32(pixels+2))
		data = append(append(data, tc.xmp...), 10, 20)
		data = le.AppendUint16(data, uint16(len(entries)))
		for _, e := range entries {
			data = le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(data, uint16(e[0])), uint16(e[1])), e[2]), e[3])
		}
		path := filepath.Join(t.TempDir(), "a.tif")
		if err := os.WriteFile(path, append(data, 0, 0, 0, 0), 0o666); err != nil {
			t.Fatal(err)
		}
		p, err := Open(path)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if p.H != tc.h {
			t.Errorf("%s: %dx%d", tc.name, p.W, p.H)
		}
	}
}
