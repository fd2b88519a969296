package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/picture/tiff"
)

// camera is EXIF data of a camera that was held upright: maker, orientation 6, the EXIF
// directory with sensitivity, maker note and size, and the GPS directory.
func camera(order binary.ByteOrder) []byte {
	put := func(b []byte, at int, entries ...[4]uint32) {
		order.PutUint16(b[at:], uint16(len(entries)))
		for i, e := range entries {
			p := b[at+2+12*i:]
			order.PutUint16(p, uint16(e[0]))
			order.PutUint16(p[2:], uint16(e[1]))
			order.PutUint32(p[4:], e[2])
			if e[1] == 3 && e[2] == 1 {
				order.PutUint16(p[8:], uint16(e[3]))
			} else {
				order.PutUint32(p[8:], e[3])
			}
		}
	}
	b := make([]byte, 260)
	copy(b, "II\x2a\x00")
	if order == binary.BigEndian {
		copy(b, "MM\x00\x2a")
	}
	order.PutUint32(b[4:], 8)
	put(b, 8, [4]uint32{271, 2, 6, 180}, [4]uint32{274, 3, 1, 6}, [4]uint32{282, 5, 1, 190}, [4]uint32{283, 5, 1, 198}, [4]uint32{34665, 4, 1, 90}, [4]uint32{34853, 4, 1, 150})
	put(b, 90, [4]uint32{34855, 3, 1, 800}, [4]uint32{37500, 7, 10, 210}, [4]uint32{40961, 3, 1, 65535}, [4]uint32{40962, 4, 1, 9})
	put(b, 150, [4]uint32{1, 2, 2, 0})
	copy(b[180:], "Maker\x00")
	for at, v := range map[int]uint32{190: 300, 194: 1, 198: 1445, 202: 10} {
		order.PutUint32(b[at:], v)
	}
	copy(b[210:], "own notes.")
	return b
}

// rgbProfile is a minimal ICC profile for RGB. It has no curves, so it is not convertible.
func rgbProfile() []byte {
	b := make([]byte, 132+70_000) // longer than a segment of JPEG
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	copy(b[12:], "mntrRGB XYZ ")
	copy(b[36:], "acsp")
	b[1000] = 7
	return b
}

// TestAbout copies profile, EXIF data and resolution from JPEG to PNG, JPEG and TIFF, and from
// each of them to the others. The picture and its orientation tag are upright.
func TestAbout(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 24, 16))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7 / 5)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		dir := t.TempDir()
		var plain bytes.Buffer
		if err := jpeg.Encode(&plain, img, nil); err != nil {
			t.Fatal(err)
		}
		segment := func(marker byte, body string) []byte {
			return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
		}
		p := string(rgbProfile())
		first := filepath.Join(dir, "camera.jpg")
		file := bytes.Join([][]byte{
			plain.Bytes()[:2], segment(0xe1, exifName+string(camera(order))),
			segment(0xe2, iccName+"\x01\x02"+p[:60_000]), segment(0xe2, iccName+"\x02\x02"+p[60_000:]), plain.Bytes()[2:],
		}, nil)
		if err := os.WriteFile(first, file, 0o666); err != nil {
			t.Fatal(err)
		}
		from := []string{first}
		for _, ending := range []string{"png", "jpg", "tif"} {
			for _, in := range from {
				d, about, err := ReadWith(in, true)
				if err != nil {
					t.Fatal(err)
				}
				if d.W != 16 || d.H != 24 || len(d.Notes) > 0 {
					t.Fatalf("%s: %dx%d, %v", in, d.W, d.H, d.Notes)
				}
				out := filepath.Join(dir, filepath.Base(in)+"."+ending)
				if tooLong, err := SaveAs(out, d.NRGBA(), about); err != nil || tooLong {
					t.Fatalf("%s: %t, %v", out, tooLong, err)
				}
				checkAbout(t, out)
				if ending != "jpg" {
					if again, err := Read(out); err != nil || !bytes.Equal(again.NRGBA().Pix, d.NRGBA().Pix) {
						t.Errorf("%s: other pixels, %v", out, err)
					}
				}
				from = append(from, out)
			}
		}
	}
}

// checkAbout checks that about has the metadata of camera and rgbProfile.
func checkAbout(t *testing.T, path string) {
	t.Helper()
	_, about, err := ReadWith(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(about.profile, rgbProfile()) {
		t.Errorf("%s: another profile of %d bytes", path, len(about.profile))
	}
	// Turned, 300 by 144.5 pixels an inch are 144.5 by 300; JFIF and PNG's metres round.
	if about.x < 144 || about.x > 145 || about.y < 299.9 || about.y > 300.1 {
		t.Errorf("%s: %v by %v pixels an inch", path, about.x, about.y)
	}
	if about.exif == nil {
		t.Fatalf("%s: no EXIF data", path)
	}
	d := directoryOf(about.exif.EXIF(1 << 20))
	if maker, err := d.Bytes(271, 99); err != nil || string(maker) != "Maker\x00" {
		t.Errorf("%s: maker %q, %v", path, maker, err)
	}
	sub := d.Sub(34665)
	if sub == nil || sub.Number(34855, 0) != 800 || sub.Number(40962, 0) != 16 || sub.Number(40963, 0) != 24 || sub.Number(40961, 0) != 65535 {
		t.Fatalf("%s: %+v", path, sub)
	}
	if notes, err := sub.Bytes(37500, 99); err != nil || string(notes) != "own notes." {
		t.Errorf("%s: notes %q, %v", path, notes, err)
	}
	if gps := d.Sub(34853); gps == nil {
		t.Errorf("%s: no place", path)
	}
	if o := d.Number(tiff.Orientation, 1); o != 1 {
		t.Errorf("%s: orientation %d", path, o)
	}
}

// TestAboutNone: without metadata, the bytes are those of Save. After conversion, EXIF data declare sRGB.
func TestAboutNone(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 5, 4))
	dir := t.TempDir()
	for _, ending := range []string{"png", "jpg", "tif", "bmp", "gif"} {
		a, plain := filepath.Join(dir, "a."+ending), bytes.Buffer{}
		if _, err := SaveAs(a, img, &About{}); err != nil {
			t.Fatal(err)
		}
		if err := Encode(&plain, a, img); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content(t, a), plain.Bytes()) {
			t.Errorf("%s: other bytes", ending)
		}
	}
	about := &About{exif: directoryOf(camera(binary.BigEndian)).About()}
	if _, err := SaveAs(filepath.Join(dir, "c.png"), img, about); err != nil {
		t.Fatal(err)
	}
	_, about, err := ReadWith(filepath.Join(dir, "c.png"), true)
	if err != nil {
		t.Fatal(err)
	}
	if s := directoryOf(about.exif.EXIF(1<<20)).Sub(34665).Number(40961, 0); s != 1 {
		t.Errorf("colour space %d, want that of sRGB", s)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestLongEXIF: if EXIF data are too long for JPEG, the maker note is omitted first.
func TestLongEXIF(t *testing.T) {
	long := append(camera(binary.LittleEndian), make([]byte, 70_000)...)
	binary.LittleEndian.PutUint32(long[90+2+12+4:], 70_000) // the notes
	about := &About{exif: directoryOf(long).About()}
	path := filepath.Join(t.TempDir(), "a.jpg")
	if tooLong, err := SaveAs(path, image.NewNRGBA(image.Rect(0, 0, 3, 3)), about); err != nil || tooLong {
		t.Fatal(tooLong, err)
	}
	_, about, err := ReadWith(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if sub := directoryOf(about.exif.EXIF(1 << 20)).Sub(34665); sub.Number(34855, 0) != 800 || sub.Number(40962, 0) != 3 {
		t.Error("more than the notes is lost")
	}
}

// TestSave16: PNG and TIFF keep 16-bit samples and metadata.
func TestSave16(t *testing.T) {
	img := image.NewNRGBA64(image.Rect(0, 0, 7, 5))
	for y := range 5 {
		for x := range 7 {
			img.SetNRGBA64(x, y, color.NRGBA64{uint16(9001 * x), uint16(12345 * y), 513, 65535})
		}
	}
	for _, ending := range []string{"png", "tif"} {
		path := filepath.Join(t.TempDir(), "a."+ending)
		if _, err := SaveAs(path, img, &About{x: 100, y: 50, profile: rgbProfile()}); err != nil {
			t.Fatal(err)
		}
		d, about, err := ReadWith(path, true)
		if err != nil || d.Bits() != 16 || d.Pix16[0][3] != 27003 || d.Pix16[1][14] != 24690 || d.Pix16[2][0] != 513 || d.Alpha16 != nil {
			t.Errorf("%s: %+v, %v", ending, d, err)
		}
		if !strings.HasPrefix(about.String(), "colour profile, resolution of 100 by 50") {
			t.Errorf("%s says %v", ending, about)
		}
	}
}

// FuzzAbout: EXIF data that were read can be written, and do not change thereby.
func FuzzAbout(f *testing.F) {
	f.Add(camera(binary.LittleEndian))
	f.Add(camera(binary.BigEndian))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := directoryOf(data)
		if d == nil {
			return
		}
		d.Resolution()
		a := d.About()
		if a == nil {
			return
		}
		a.Upright(3, 4, true)
		once := a.EXIF(1 << 24)
		again := directoryOf(once)
		if again == nil {
			t.Fatalf("%q cannot be read", once)
		}
		if twice := again.About(); twice == nil || again.Number(tiff.Orientation, 0) != 1 {
			t.Fatalf("%q says nothing", once)
		}
		var file bytes.Buffer
		if err := Encode(&file, "a.tif", image.NewNRGBA(image.Rect(0, 0, 2, 2))); err != nil {
			t.Fatal(err)
		}
		described, err := tiff.Describe(file.Bytes(), a, nil, 72, 72.5)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode("a.tif", bytes.NewReader(described)); err != nil {
			t.Fatal(err)
		}
	})
}
