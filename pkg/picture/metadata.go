package picture

import (
	"bytes"
	"regexp"

	"multiscale/pkg/picture/tiff"
)

// orientationOf returns the orientation in the EXIF data, else that in the XMP data, else 1.
// Metadata that cannot be read are no error: the pixels can be read without them.
func orientationOf(exif, xmp []byte) int {
	if d := directoryOf(exif); d != nil {
		if o := d.Number(tiff.Orientation, 0); o >= 1 && o <= 8 {
			return o
		}
	}
	if m := orientationXMP.FindSubmatch(xmp); m != nil {
		return int(m[1][0] - '0')
	}
	return 1
}

// adobeRGB reports whether EXIF data declare the colours to be Adobe RGB as the camera file
// system standard (DCF 2.0) specifies, without an ICC profile.
func adobeRGB(exif []byte) bool {
	all, err := tiff.Directories(bytes.NewReader(exif), 1)
	if err != nil {
		return false
	}
	camera := all[0].Sub(34665) // the directory of EXIF's own tags
	if camera == nil || camera.Number(40961, 0) != 65535 {
		return false // ColorSpace is sRGB or missing
	}
	interoperability := camera.Sub(40965)
	if interoperability == nil {
		return false
	}
	index, err := interoperability.Bytes(1, 4)
	return err == nil && string(index) == "R03\x00"
}

// orientationXMP matches the property as an XML attribute and as an element.
var orientationXMP = regexp.MustCompile(`tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]`)
