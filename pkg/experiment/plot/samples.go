package plot

import (
	"multiscale/pkg/picture"
)

// Sample is one picture: degraded, restored and clean.
type Sample struct {
	Degraded *picture.Planar
	Restored []*picture.Planar // one for each network
	Clean    *picture.Planar
}

// leastSide is the smallest side, in pixels, of shown pictures: a picture of side 32
// is too small to judge.
const leastSide = 160

// Samples returns a sheet with a row for every sample: degraded, restored by each
// network under its name, clean. Small pictures are enlarged by a whole factor,
// without smoothing. If a degraded picture is smaller than the clean one, as in
// super-resolution, it is enlarged to that size by nearest neighbours.
func Samples(networks []string, samples []Sample) picture.Sheet {
	sheet := picture.Sheet{Columns: append(append([]string{"degraded"}, networks...), "clean"), Zoom: 1}
	for _, s := range samples {
		if side := max(s.Clean.W, s.Clean.H); side < leastSide {
			sheet.Zoom = max(sheet.Zoom, (leastSide+side-1)/side)
		}
		degraded := s.Degraded
		if degraded.W != s.Clean.W || degraded.H != s.Clean.H {
			degraded = degraded.Nearest(s.Clean.W, s.Clean.H)
		}
		sheet.Rows = append(sheet.Rows, append(append([]*picture.Planar{degraded}, s.Restored...), s.Clean))
	}
	return sheet
}
