package restore

import (
	"math"

	"multiscale/pkg/picture"
)

// noiseOf estimates the standard deviation of white noise in a channel of a
// picture, on [0,255], from the median absolute value of its second differences
// along both axes,
//
//	 1 -2  1
//	-2  4 -2
//	 1 -2  1
//
// which smooth areas and straight edges along the axes leave at zero, and which for noise
// of deviation s have the deviation 6s (Immerkaer 1996; the median instead of
// his mean is after Donoho and Johnstone 1994: details of the picture are outliers to
// it). Pixels at black and white, where noise has been clipped, and transparent ones do
// not count, and those that hole has, where it is not nil. Of 16-bit samples the
// upper byte is taken. A picture without others has the estimate 0.
func noiseOf(p *picture.Decoded, channel int, hole []bool) float64 {
	const largest = 8 * 255
	var counts [largest + 1]int64
	total := int64(0)
	w, h := p.W, p.H
	var lines [3][]uint8 // of which the last is row y+1
	for y := range h {
		above, row := lines[1], lines[2]
		below := lines[0]
		if p.Pix8 != nil {
			below = p.Pix8[channel%len(p.Pix8)][y*w:][:w]
		} else {
			if below == nil {
				below = make([]uint8, w)
			}
			for x, v := range p.Pix16[channel%len(p.Pix16)][y*w:][:w] {
				below[x] = uint8(v >> 8)
			}
		}
		lines = [3][]uint8{above, row, below}
		if y < 2 {
			continue
		}
		for x := 1; x < w-1; x++ {
			i := (y-1)*w + x
			if v := row[x]; v == 0 || v == 255 || hole != nil && hole[i] || p.Alpha8 != nil && p.Alpha8[i] == 0 || p.Alpha16 != nil && p.Alpha16[i] == 0 {
				continue
			}
			at := func(line []uint8) int { return int(line[x-1]) - 2*int(line[x]) + int(line[x+1]) }
			d := at(above) - 2*at(row) + at(below)
			counts[max(d, -d)]++
			total++
		}
	}
	if total == 0 {
		return 0
	}
	// The median within its class, whose values are rounded from all around.
	below := int64(0)
	median := 0.0
	for v, n := range counts {
		if 2*(below+n) >= total {
			inside := (float64(float64(total)/2) - float64(below)) / float64(n)
			if v == 0 { // -1/2 to 1/2, folded
				median = inside / 2
			} else {
				median = float64(v) - 0.5 + inside
			}
			break
		}
		below += n
	}
	const (
		normal  = 0.6744897501960817 // median absolute value of N(0,1)
		gain    = 6                  // root of the sum of squares of the mask
		rounded = 1.0 / 12           // variance of rounding to whole numbers
	)
	s := median / normal / gain
	return math.Sqrt(max(0, float64(s*s)-rounded))
}
