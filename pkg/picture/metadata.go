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

// orientationXMP matches the property as an attribute and as an element.
var orientationXMP = regexp.MustCompile(`tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]`)
