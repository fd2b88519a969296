package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math"
	"os"
	"strings"

	"github.com/disintegration/imaging"

	"multiscale/pkg/durable"
	"multiscale/pkg/picture/icc"
	"multiscale/pkg/picture/tiff"
)

// About has the metadata of a file that SaveAs can write to another file.
type About struct {
	profile []byte      // ICC profile for RGB; nil if values are sRGB
	exif    *tiff.About // nil for none
	x, y    float64     // pixels per inch; 0 if unknown
}

// metresPerInch converts resolutions of PNG, which are per metre.
const metresPerInch = 0.0254

// directoryOf returns the first directory of EXIF data, or nil if it cannot be read.
func directoryOf(data []byte) *tiff.Directory {
	all, err := tiff.Directories(bytes.NewReader(bytes.TrimPrefix(data, []byte("Exif\x00\x00"))), 1)
	if err != nil {
		return nil
	}
	return all[0]
}

// ReadWith reads the picture at path as Read does, and its metadata. If profile is set and the
// file has an ICC profile for RGB, colours are not converted to sRGB: values are those of the
// file, and SaveAs writes the profile.
func ReadWith(path string, profile bool) (*Decoded, *About, error) {
	about := &About{}
	d, err := withFile(path, func(f *os.File) (*Decoded, error) {
		return decodeAs(path, f, func(r *raw) *Decoded {
			if profile && !r.Grey() && r.profile != nil {
				if p, err := icc.Parse(r.profile); err == nil && p.Space == "RGB" {
					about.profile, r.profile, r.space = r.profile, nil, nil
				}
			}
			if about.x, about.y = r.x, r.y; r.exif != nil {
				if about.x <= 0 || about.y <= 0 {
					about.x, about.y = r.exif.Resolution()
				}
				about.exif = r.exif.About()
			}
			if r.orientation >= 5 && r.orientation <= 8 {
				about.x, about.y = about.y, about.x
			}
			return r.finish()
		})
	})
	return d, about, err
}

// Holds returns what the format of a file name supports: the bits per sample, 8 or 16, and
// whether it has metadata (a profile, EXIF data and a resolution).
func Holds(name string) (bits int, about bool) {
	switch format, err := imaging.FormatFromFilename(name); {
	case err != nil:
		return 8, false
	case format == imaging.PNG, format == imaging.TIFF:
		return 16, true
	default:
		return 8, format == imaging.JPEG
	}
}

// Any reports whether there are any metadata.
func (a *About) Any() bool { return a.profile != nil || a.exif != nil || a.x > 0 && a.y > 0 }

// SaveAs writes an image, an *image.NRGBA or *image.NRGBA64, as Save does, with the metadata of
// about as far as the format supports them. The orientation of the EXIF data is set to upright,
// their size to that of the image. tooLong reports whether the EXIF data were omitted because
// they are too long for the format.
func SaveAs(path string, img image.Image, about *About) (tooLong bool, err error) {
	if err := CheckWritable(path, img.Bounds().Dx(), img.Bounds().Dy()); err != nil {
		return false, err
	}
	if _, holds := Holds(path); !holds {
		about = &About{}
	}
	if about.exif != nil {
		about.exif.Upright(img.Bounds().Dx(), img.Bounds().Dy(), about.profile == nil)
	}
	err = durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		tooLong, err = encodeAs(w, path, img, about)
		return err
	})
	return tooLong, err
}

// encodeAs encodes an image with its metadata in the format of name's extension.
func encodeAs(w io.Writer, name string, img image.Image, about *About) (tooLong bool, err error) {
	format, err := imaging.FormatFromFilename(name)
	if err != nil {
		return false, err
	}
	var exif []byte
	if about.exif != nil {
		limit := maxChunk
		if format == imaging.JPEG {
			limit = maxSegment - len(exifName)
		}
		exif = about.exif.EXIF(limit)
		tooLong = exif == nil
	}
	switch {
	case format == imaging.TIFF && about.Any():
		var file bytes.Buffer
		if err := imaging.Encode(&file, img, format); err != nil {
			return false, err
		}
		data, err := tiff.Describe(file.Bytes(), about.exif, about.profile, about.x, about.y)
		if err != nil {
			return false, err
		}
		_, err = w.Write(data)
		return false, err
	case format == imaging.PNG:
		w = &insertion{w: w, after: 8 + chunkFrame + 13, what: about.chunks(exif)} // after IHDR
	case format == imaging.JPEG:
		w = &insertion{w: w, after: 2, what: about.segments(exif)} // after the start marker
	}
	if n, ok := img.(*image.NRGBA); ok {
		return tooLong, Encode(w, name, n)
	}
	return tooLong, encode(w, img, format)
}

// insertion is a writer that inserts what behind the first after bytes.
type insertion struct {
	w     io.Writer
	after int
	what  []byte
}

func (i *insertion) Write(p []byte) (n int, err error) {
	if i.what != nil && i.after <= len(p) {
		if n, err = i.w.Write(p[:i.after]); err != nil {
			return n, err
		}
		if _, err = i.w.Write(i.what); err != nil {
			return n, err
		}
		i.what, p = nil, p[i.after:]
	}
	i.after -= len(p)
	m, err := i.w.Write(p)
	return n + m, err
}

const (
	maxSegment = 65_533 // bytes of a JPEG segment
	exifName   = "Exif\x00\x00"
	iccName    = "ICC_PROFILE\x00"
)

// segments returns the metadata as segments of a JPEG file.
func (a *About) segments(exif []byte) (all []byte) {
	segment := func(marker byte, body ...[]byte) {
		data := bytes.Join(body, nil)
		all = append(all, 0xff, marker)
		all = append(binary.BigEndian.AppendUint16(all, uint16(len(data)+2)), data...)
	}
	if a.x > 0 && a.y > 0 {
		dots := func(v float64) []byte { return binary.BigEndian.AppendUint16(nil, uint16(min(math.Round(v), 65_535))) }
		segment(0xe0, []byte("JFIF\x00\x01\x01\x01"), dots(a.x), dots(a.y), []byte{0, 0})
	}
	if exif != nil {
		segment(0xe1, []byte(exifName), exif)
	}
	const part = maxSegment - len(iccName) - 2
	for i, n := 0, (len(a.profile)+part-1)/part; i < n && n <= 255; i++ {
		segment(0xe2, []byte(iccName), []byte{byte(i + 1), byte(n)}, a.profile[i*part:min((i+1)*part, len(a.profile))])
	}
	return all
}

// chunks returns the metadata as chunks of a PNG file.
func (a *About) chunks(exif []byte) (all []byte) {
	chunk := func(name string, data []byte) {
		all = binary.BigEndian.AppendUint32(all, uint32(len(data)))
		body := append([]byte(name), data...)
		all = binary.BigEndian.AppendUint32(append(all, body...), crc32.ChecksumIEEE(body))
	}
	if a.profile != nil {
		var packed bytes.Buffer
		packed.WriteString("ICC profile\x00\x00")
		z := zlib.NewWriter(&packed)
		z.Write(a.profile) // cannot fail: it writes to memory
		z.Close()
		chunk("iCCP", packed.Bytes())
	}
	if a.x > 0 && a.y > 0 {
		dots := func(v float64) []byte {
			return binary.BigEndian.AppendUint32(nil, uint32(min(math.Round(v/metresPerInch), math.MaxInt32)))
		}
		chunk("pHYs", append(append(dots(a.x), dots(a.y)...), 1))
	}
	if exif != nil {
		chunk("eXIf", exif)
	}
	return all
}

// String lists the metadata, for messages.
func (a *About) String() string {
	var parts []string
	if a.profile != nil {
		parts = append(parts, "colour profile")
	}
	if a.exif != nil {
		parts = append(parts, "EXIF data")
	}
	if a.x > 0 && a.y > 0 {
		parts = append(parts, fmt.Sprintf("resolution of %.4g by %.4g pixels an inch", a.x, a.y))
	}
	return strings.Join(parts, ", ")
}
