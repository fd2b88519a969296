package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFiles: for files written by other programs (Pillow, tifffile), the pixels are
// exactly those that these programs read. A line of pixels.txt has width, height, bits,
// planes, a digest of the planes, and the notes.
func TestFiles(t *testing.T) {
	list, err := os.ReadFile("testdata/files/pixels.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		var name, want string
		var w, h, bits, n int
		if _, err := fmt.Sscan(line, &name, &w, &h, &bits, &n, &want); err != nil {
			t.Fatal(err)
		}
		_, notes, _ := strings.Cut(strings.TrimSpace(line), want)
		t.Run(name, func(t *testing.T) {
			d, err := Read(filepath.Join("testdata/files", name))
			if err != nil {
				t.Fatal(err)
			}
			if d.W != w || d.H != h || d.Bits() != bits || d.Grey() != (n < 3) {
				t.Fatalf("%dx%d pixels of %d bits, grey %v", d.W, d.H, d.Bits(), d.Grey())
			}
			if got := digest(d); got != want {
				t.Error("other pixels")
			}
			if got := strings.Join(d.Notes, "; "); got != strings.TrimSpace(notes) {
				t.Errorf("notes %q, want %q", got, notes)
			}
		})
	}
}

func digest(d *Decoded) string {
	all := sha256.New()
	for _, plane := range append(d.Pix8[:len(d.Pix8):len(d.Pix8)], d.Alpha8) {
		all.Write(plane)
	}
	for _, plane := range append(d.Pix16[:len(d.Pix16):len(d.Pix16)], d.Alpha16) {
		for _, v := range plane {
			all.Write(binary.BigEndian.AppendUint16(nil, v))
		}
	}
	return fmt.Sprintf("%x", all.Sum(nil))[:32]
}

// TestKindsNotRead: the error for an unsupported format names the format.
func TestKindsNotRead(t *testing.T) {
	tiffOf := func(tag, value byte) string {
		data := readFile(t, "tiff-strips.tif")
		at := bytes.Index(data, []byte{tag, 1, 3, 0, 1, 0, 0, 0})
		if at < 0 {
			t.Fatalf("no tag %d", 256+int(tag))
		}
		data[at+8], data[at+9] = value, 0
		return string(data)
	}
	bmp := string(encoded(t, FromImage(quarters(8, 8)), "a.bmp"))
	for _, tc := range []struct{ name, data, words string }{
		{"a.avif", "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1", "AVIF"},
		{"b.avif", "\x00\x00\x00\x20ftypmif1\x00\x00\x00\x00mif1avifmiaf\x00\x00\x00\x00", "AVIF"},
		{"a.heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"},
		{"b.heic", "\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "HEIC"},
		{"heic.jpg", "\x00\x00\x00\x18ftypheix\x00\x00\x00\x00mif1heix", "HEIC"},
		{"a.cr3", "\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "CR3"},
		{"a.mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x01isomavc1", "video"},
		{"a.jxl", "\xff\x0a\x00\x10", "JPEG XL"},
		{"b.jxl", "\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"},
		{"a.jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"},
		{"a.psd", "8BPS\x00\x01", "Photoshop"},
		{"a.ppm", "P6\n2 2\n255\n", "PPM"},
		{"a.pgm", "P5 2 2 255 ", "PGM"},
		{"a.svg", "<?xml version=\"1.0\"?>\n<svg xmlns=", "SVG"},
		{"a.exr", "\x76\x2f\x31\x01\x02", "OpenEXR"},
		{"a.cr2", "II*\x00\x10\x00\x00\x00CR\x02\x00", "CR2"},
		{"big.tif", string(readFile(t, "unsupported-big.tif")), "BigTIFF"},
		{"zstd.tif", string(readFile(t, "unsupported-zstd.tif")), "Zstandard"},
		{"float.tif", string(readFile(t, "unsupported-float.tif")), "floating-point"},
		{"old.tif", tiffOf(3, 6), "JPEG compression of the old kind"},
		{"lzma.tif", tiffOf(3, 0x21), "compression 33"},
		{"lab.tif", tiffOf(6, 8), "CIELab"},
		{"a.tga", "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x08\x00\x18\x00", "TGA"},
		{"a.crw", "II\x1a\x00\x00\x00HEAPCCDR", "CRW"},
		{"a.sgi", "\x01\xda\x01\x01\x00\x03", "SGI"},
		{"a.xpm", "/* XPM */\nstatic char", "XPM"},
		{"a.xbm", "#define a_width 8\n", "XBM"},
		{"a.ras", "\x59\xa6\x6a\x95", "Sun raster"},
		{"a.cur", "\x00\x00\x02\x00\x01\x00\x20\x20\x00\x00", "CUR"},
		{"huffman.bmp", bmp[:28] + "\x01\x00\x03" + bmp[31:], "Huffman"},
		{"png.bmp", bmp[:30] + "\x05" + bmp[31:], "PNG inside"},
	} {
		for _, call := range []func(string) error{
			func(path string) error { _, err := Open(path); return err },
			func(path string) error { _, _, err := Size(path); return err },
		} {
			path := write(t, tc.name, []byte(tc.data))
			err := call(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+": not supported: ") || !strings.Contains(err.Error(), tc.words) ||
				!strings.HasSuffix(err.Error(), "convert it to PNG") || !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
	}
}

// TestNoPictures: the error for other files says what they are.
func TestNoPictures(t *testing.T) {
	for _, tc := range []struct{ data, words string }{
		{"", "the file is empty"},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n", "Git LFS pointer"},
		{"/annex/objects/SHA256E-s7--00.jpg\n", "git-annex"},
		{"<!DOCTYPE html>\n<html>", "web page"},
		{"\n\ufeff<HTML lang=en>", "web page"},
		{"\xef\xbb\xbf<html>", "web page"},
		{"<?xml version='1.0'?><Error><Code>AccessDenied", "XML"},
		{"<!-- saved -->\n<!doctype html>", "web page"},
		{"<script>location = '/login'</script>", "web page"},
		{"<title>Not found</title>", "web page"},
		{"\xff\xfe<\x00!\x00d\x00o\x00c\x00t\x00y\x00p\x00e\x00 \x00h\x00t\x00m\x00l\x00>\x00", "web page"},
		{"<Error><Code>AccessDenied</Code></Error>", "XML"},
		{`{"error": "not found"}`, "JSON"},
		{`[{"error": "not found"}]`, "JSON"},
		{strings.Repeat("\x00", 3000), "zeros"},
		{"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "macOS"},
		{"\x89PNG\n\x1a\n\x00\x00", "transfer as text"},
		{"RIFF", "cut short"},
		{"PK\x03\x04\x14\x00", "an archive (zip), not a picture; unpack it"},
		{"\x1f\x8b\x08", "gzip"},
		{"hello", "not a PNG"},
	} {
		path := write(t, "a.jpg", []byte(tc.data))
		_, err := Open(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), "damaged picture") {
			t.Errorf("%q: %v", tc.data[:min(20, len(tc.data))], err)
		}
	}
}

// TestPNGWithoutEnd: a file that lacks only its end marker is read, with a note; one that lacks pixels
// is an error.
func TestPNGWithoutEnd(t *testing.T) {
	file := encodePNG(t, quarters(9, 5))
	const end = 12 // bytes of IEND
	whole, err := Read(write(t, "whole.png", file))
	if err != nil || len(whole.Notes) != 0 {
		t.Fatalf("%v, %+v", err, whole)
	}
	for missing := 1; missing <= end; missing++ {
		d, err := Read(write(t, "noend.png", file[:len(file)-missing]))
		if err != nil || digest(d) != digest(whole) || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "the end marker is missing") {
			t.Errorf("%d bytes missing: %v, %+v", missing, err, d)
		}
	}
	if _, err := Read(write(t, "cut.png", file[:len(file)-end-6])); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("a file that is cut in its pixels: %v", err)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/files", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
