package restore

import (
	"image"
	"math"
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
// not count. A picture without others has the estimate 0.
func noiseOf(p *image.NRGBA, channel int) float64 {
	const largest = 8 * 255
	var counts [largest + 1]int64
	total := int64(0)
	w, h := p.Rect.Dx(), p.Rect.Dy()
	for y := 1; y < h-1; y++ {
		above, row, below := p.Pix[(y-1)*p.Stride:], p.Pix[y*p.Stride:], p.Pix[(y+1)*p.Stride:]
		for x := 1; x < w-1; x++ {
			i := 4*x + channel
			if v := row[i]; v == 0 || v == 255 || row[4*x+3] == 0 {
				continue
			}
			at := func(line []uint8) int { return int(line[i-4]) - 2*int(line[i]) + int(line[i+4]) }
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
