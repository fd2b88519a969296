package picture

import (
	"bytes"
	"regexp"

	"multiscale/pkg/picture/tiff"
)

// orientationOf is the orientation that EXIF data give, or where they give none, XMP
// data; 1 otherwise. What cannot be read there must not keep the picture from being read.
func orientationOf(exif, xmp []byte) int {
	exif = bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
	if all, err := tiff.Directories(bytes.NewReader(exif), 1); err == nil {
		if o := all[0].Number(tiff.Orientation, 0); o >= 1 && o <= 8 {
			return o
		}
	}
	if m := orientationXMP.FindSubmatch(xmp); m != nil {
		return int(m[1][0] - '0')
	}
	return 1
}

// adobeRGB reports whether a camera says by the rules for file systems (DCF 2.0), which
// need no profile, that its colours are those of Adobe RGB.
func adobeRGB(exif []byte) bool {
	all, err := tiff.Directories(bytes.NewReader(exif), 1)
	if err != nil {
		return false
	}
	camera := all[0].Sub(34665) // the directory of EXIF's own tags
	if camera == nil || camera.Number(40961, 0) != 65535 {
		return false // ColorSpace is sRGB, or is not given
	}
	interoperability := camera.Sub(40965)
	if interoperability == nil {
		return false
	}
	index, err := interoperability.Bytes(1, 4)
	return err == nil && string(index) == "R03\x00"
}

// orientationXMP matches the property as an attribute and as an element.
var orientationXMP = regexp.MustCompile(`tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]`)
