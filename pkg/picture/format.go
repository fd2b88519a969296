package picture

import (
	"bytes"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/picture/unsupported"
)

// format is a supported file format.
type format struct {
	name string
	size func(*source) (w, h int, err error)
	read func(*source) (*raw, error)
}

var (
	formatPNG  = &format{"PNG", sizePNG, readPNG}
	formatJPEG = &format{"JPEG", sizeJPEG, readJPEG}
	formatGIF  = &format{"GIF", sizeGIF, readGIF}
	formatBMP  = &format{"BMP", sizeBMP, readBMP}
	formatTIFF = &format{"TIFF", sizeTIFF, readTIFF}
	formatWebP = &format{"WebP", sizeWebP, readWebP}
)

const readFormats = "PNG, JPEG, GIF, BMP, TIFF or WebP"

// endings are the file name extensions of supported formats.
var endings = []string{".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".tif", ".tiff", ".webp"}

// IsName reports whether a file name has the extension of a supported format: .png, .jpg,
// .jpeg, .jfif, .gif, .bmp, .tif, .tiff or .webp, in upper or lower case.
func IsName(name string) bool {
	return slices.Contains(endings, strings.ToLower(filepath.Ext(name)))
}

// unread are extensions of unsupported picture formats.
var unread = map[string]string{
	".avif": "AVIF", ".heic": "HEIC", ".heif": "HEIF", ".hif": "HEIF", ".jxl": "JPEG XL", ".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".jls": "JPEG-LS",
	".ppm": "PPM", ".pgm": "PGM", ".pbm": "PBM", ".pnm": "PNM", ".pfm": "PFM", ".tga": "TGA", ".pcx": "PCX", ".psd": "Photoshop", ".xcf": "GIMP", ".exr": "OpenEXR", ".hdr": "Radiance",
	".qoi": "QOI", ".ico": "ICO", ".dds": "DDS", ".svg": "SVG", ".fits": "FITS", ".dcm": "DICOM", ".dng": "camera raw", ".cr2": "camera raw", ".cr3": "camera raw", ".nef": "camera raw",
	".arw": "camera raw", ".orf": "camera raw", ".rw2": "camera raw", ".raf": "camera raw",
}

// Unread returns the name of the unsupported picture format that a file name's extension
// stands for, or "".
func Unread(name string) string { return unread[strings.ToLower(filepath.Ext(name))] }

// magic are the first bytes of unsupported formats.
var magic = []struct{ start, name string }{
	{"II\x2b\x00", "BigTIFF"}, {"MM\x00\x2b", "BigTIFF"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL ", "JPEG XL"},
	{"\x00\x00\x00\x0cjP  ", "JPEG 2000"}, {"\xff\x4f\xff\x51", "JPEG 2000"},
	{"8BPS", "Photoshop (PSD)"}, {"gimp xcf", "GIMP (XCF)"}, {"\x76\x2f\x31\x01", "OpenEXR"}, {"#?RADIANCE", "Radiance HDR"}, {"#?RGBE", "Radiance HDR"},
	{"qoif", "QOI"}, {"farbfeld", "farbfeld"}, {"\x00\x00\x02\x00\x00\x00\x00\x00", "TGA"}, {"\x00\x00\x03\x00\x00\x00\x00\x00", "TGA"}, {"\x00\x00\x0a\x00\x00\x00\x00\x00", "TGA"}, {"\x00\x00\x01\x00", "ICO"}, {"\x00\x00\x02\x00", "CUR"}, {"icns", "ICNS"}, {"DDS ", "DDS"}, {"SIMPLE  =", "FITS"}, {"\x0a\x05\x01", "PCX"},
	{"BPG\xfb", "BPG"}, {"\x8aMNG", "MNG"}, {"\x8bJNG", "JNG"}, {"FLIF", "FLIF"}, {"%PDF", "PDF"}, {"%!PS", "PostScript"}, {"II\xbc", "JPEG XR"},
	{"FUJIFILMCCD-RAW", "a camera's raw file (RAF)"}, {"IIRO", "a camera's raw file (ORF)"}, {"MMOR", "a camera's raw file (ORF)"}, {"IIU\x00", "a camera's raw file (RW2)"}, {"FOVb", "a camera's raw file (X3F)"}, {"\x00MRM", "a camera's raw file (MRW)"}, {"II\x1a\x00\x00\x00HEAP", "a camera's raw file (CRW)"},
	{"\x01\xda", "SGI"}, {"\x59\xa6\x6a\x95", "Sun raster"}, {"/* XPM", "XPM"}, {"#define ", "XBM"}, {"SDPX", "DPX"}, {"XPDS", "DPX"}, {"\x80\x2a\x5f\xd7", "Cineon"}, {"id=ImageMagick", "MIFF"}, {"AT&TFORM", "DjVu"}, {"\xd7\xcd\xc6\x9a", "WMF"},
	{"\x1a\x45\xdf\xa3", "a Matroska video"}, {"\x93NUMPY", "a NumPy array"}, {"\x89HDF", "HDF5"},
}

// archives are the first bytes of archives.
var archives = []struct{ start, name string }{
	{"PK\x03\x04", "zip"}, {"\x1f\x8b", "gzip"}, {"BZh", "bzip2"}, {"\xfd7zXZ\x00", "xz"}, {"\x28\xb5\x2f\xfd", "Zstandard"}, {"7z\xbc\xaf", "7z"}, {"Rar!", "rar"},
}

// brands name the formats of files made of boxes (ISO/IEC 14496-12).
var brands = map[string]string{
	"avif": "AVIF", "avis": "AVIF", "heic": "HEIC", "heix": "HEIC", "heim": "HEIC", "heis": "HEIC", "hevc": "HEIC", "hevx": "HEIC",
	"mif1": "HEIF", "msf1": "HEIF", "mif2": "HEIF", "crx ": "a camera's raw file (CR3)", "jxl ": "JPEG XL",
}

// recognise finds the format from the first bytes of the file, 512 unless the file is
// shorter. The error says what the file is instead.
func recognise(head []byte, size int64) (*format, error) {
	has := func(start string) bool { return bytes.HasPrefix(head, []byte(start)) }
	switch {
	case size == 0:
		return nil, mistaken("the file is empty; get it anew")
	case has("\x89PNG\r\n\x1a\n"):
		if len(head) >= 16 && string(head[12:16]) == "CgBI" {
			return nil, unsupported.Kind("PNG as Apple's tools rewrite it for apps (CgBI)")
		}
		return formatPNG, nil
	case has("\xff\xd8\xff"):
		return formatJPEG, nil
	case has("GIF87a"), has("GIF89a"):
		return formatGIF, nil
	case has("BM"):
		return formatBMP, nil
	case has("II*\x00"), has("MM\x00*"):
		return formatTIFF, nil
	case has("RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return formatWebP, nil
	case has("RIFF") && len(head) < 12:
		return nil, io.ErrUnexpectedEOF
	case has("RIFF"):
		return nil, unsupported.Kind("a sound or video file (RIFF)")
	case has("\x89PNG"):
		return nil, mistaken("a PNG file damaged by a transfer as text; get it anew")
	case has("version https://git-lfs"):
		return nil, mistaken("a Git LFS pointer, not the picture; run: git lfs pull")
	case has("/annex/objects/"), has("../.git/annex/"), has(".git/annex/"):
		return nil, mistaken("a git-annex pointer, not the picture; run: git annex get")
	case has("\x00\x05\x16\x07"):
		return nil, mistaken("what macOS keeps beside a file, not the picture; remove it")
	case len(bytes.Trim(head, "\x00")) == 0:
		return nil, mistaken("it begins with nothing but zeros, as a copy that was not finished; get it anew")
	}
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		return nil, boxes(head)
	}
	for _, m := range magic {
		if has(m.start) {
			return nil, unsupported.Kind(m.name)
		}
	}
	for _, a := range archives {
		if has(a.start) {
			return nil, mistaken("an archive (" + a.name + "), not a picture; unpack it")
		}
	}
	if len(head) > 132 && string(head[128:132]) == "DICM" {
		return nil, unsupported.Kind("DICOM")
	}
	return nil, text(head)
}

// boxes names a file made of boxes by its brands.
func boxes(head []byte) error {
	end := min(int(binary.BigEndian.Uint32(head)), len(head))
	name := brands[string(head[8:12])]
	for at := 16; at+4 <= end && (name == "" || name == "HEIF"); at += 4 { // mif1 comes with more specific brands
		if b := brands[string(head[at:at+4])]; b != "" {
			name = b
		}
	}
	if name == "" {
		return unsupported.Kind("a video file (MP4 or QuickTime)")
	}
	return unsupported.Kind(name)
}

// text returns the error for text files and for files that are not recognised.
func text(head []byte) error {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) { // UTF-16
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	words := strings.ToLower(strings.TrimLeft(string(head), "\ufeff \t\r\n"))
	for _, t := range []struct{ start, name string }{
		{"<svg", "SVG"}, {"p1", "PBM"}, {"p2", "PGM"}, {"p3", "PPM"}, {"p4", "PBM"}, {"p5", "PGM"}, {"p6", "PPM"}, {"p7", "PAM"}, {"pf", "PFM"},
	} {
		if rest, ok := strings.CutPrefix(words, t.start); ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n>#")) {
			return unsupported.Kind(t.name)
		}
	}
	switch {
	case strings.HasPrefix(words, "<?xml") && strings.Contains(words, "<svg"):
		return unsupported.Kind("SVG")
	case strings.HasPrefix(words, "<") && webPage(words):
		return mistaken("a web page (HTML), not the picture; get the picture itself")
	case strings.HasPrefix(words, "<"), strings.HasPrefix(words, "{"), strings.HasPrefix(words, "["):
		return mistaken("text (XML or JSON), perhaps the answer of a server, not a picture; get the picture itself")
	}
	return mistaken("not a " + readFormats + " picture; remove it or convert it")
}

// webPage reports whether a text contains a tag from the beginning of a web page.
func webPage(words string) bool {
	marks := []string{"<!doctype html", "<html", "<head", "<title", "<meta", "<script", "<body", "<div", "<h1"}
	return slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(words, mark) })
}

// mistaken is the error for a file that is no picture. It says what to do.
type mistaken string

func (m mistaken) Error() string { return string(m) }
