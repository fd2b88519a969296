package backend

import (
	"math"
	"slices"
)

// gridSample samples images with 2 or 3 spatial dimensions at the positions in operand 1, which are in [-1,1].
func gridSample(n *node) []result {
	mode, padding := n.text("mode", "linear"), n.text("padding_mode", "zeros")
	corners := n.integer("align_corners", 0) != 0
	n.floatOperands(2, 2)
	x, grid := n.in[0].shape, n.in[1].shape
	rank := len(x) - 2
	if rank < 2 || rank > spatial || len(grid) != len(x) || grid[len(grid)-1] != rank || grid[0] != x[0] {
		n.fail("a grid of shape %v does not fit images of shape %v", grid, x)
	}
	kernel, reach := triangle, 1
	switch {
	case mode == "nearest":
		kernel = nil
	case (mode == "cubic" || mode == "bicubic") && rank == 2:
		kernel, reach = keys(-0.75), 2
	case mode != "linear" && mode != "bilinear":
		n.fail("mode=%s is not supported in %d dimensions", mode, rank)
	}
	if !slices.Contains([]string{"zeros", "border", "reflection"}, padding) {
		n.fail("padding_mode=%s is not supported", padding)
	}
	size, moves := x[2:], strides(x[2:])
	plane, points := count(size), count(grid[1:len(grid)-1])
	return n.like(slices.Concat(x[:2], grid[1:len(grid)-1]), func(out any, in []any) {
		y, images, places := floats(out), floats(in[0]), floats(in[1])
		parallel(x[0]*points, x[1]*4*rank, func(lo, hi int) {
			taps := make([][]tap, rank)
			for i := lo; i < hi; i++ {
				for a := range rank { // the grid has the coordinates in reverse order of the axes
					p := unnormalised(float64(places[i*rank+rank-1-a]), size[a], corners)
					taps[a] = sampled(taps[a][:0], p, size[a], kernel, reach, padding, corners)
				}
				for c := range x[1] {
					image := images[(i/points*x[1]+c)*plane:][:plane]
					y[(i/points*x[1]+c)*points+i%points] = float32(interpolate(image, taps, moves))
				}
			}
		})
	})
}

// unnormalised converts a position in [-1,1] to a position in pixels. With corners, -1 and 1 are the centres of the
// outermost pixels, else their outer edges.
func unnormalised(p float64, length int, corners bool) float64 {
	if corners {
		return (p + 1) / 2 * float64(length-1)
	}
	return ((p+1)*float64(length) - 1) / 2
}

// sampled appends the taps of one axis at position p. kernel is nil for the nearest pixel.
func sampled(taps []tap, p float64, length int, kernel func(float64) float64, reach int, padding string, corners bool) []tap {
	// For the nearest pixel and the linear kernel, padding applies to the position. For the cubic kernel it applies only to
	// each pixel, below.
	if reach == 1 || kernel == nil {
		p = inside(p, length, padding, corners)
	}
	if kernel == nil {
		k := math.RoundToEven(p)
		if padding == "zeros" && !(k >= 0 && k < float64(length)) {
			return taps
		}
		return append(taps, tap{clampIndex(k, length), 1})
	}
	first := math.Floor(p) - float64(reach-1)
	for i := range 2 * reach {
		k := first + float64(i)
		share := kernel(math.Abs(p - k))
		at := inside(k, length, padding, corners)
		if share == 0 || padding == "zeros" && !(at >= 0 && at < float64(length)) {
			continue
		}
		taps = append(taps, tap{clampIndex(math.Round(at), length), share})
	}
	return taps
}

// inside moves a position into the image by the padding mode.
func inside(p float64, length int, padding string, corners bool) float64 {
	switch padding {
	case "border":
		return min(max(p, 0), float64(length-1))
	case "reflection":
		low, high := -0.5, float64(length)-0.5
		if corners {
			low, high = 0, float64(length-1)
		}
		span := high - low
		if span == 0 {
			return 0
		}
		r := math.Abs(math.Mod(p-low, 2*span))
		if r > span {
			r = 2*span - r
		}
		return min(max(low+r, 0), float64(length-1))
	}
	return p
}

// interpolate returns the weighted sum of the pixels at all combinations of taps.
func interpolate(image []float32, taps [][]tap, moves []int) float64 {
	if len(taps) == 0 {
		return float64(image[0])
	}
	sum := 0.0
	for _, t := range taps[0] {
		sum += t.share * interpolate(image[t.index*moves[0]:], taps[1:], moves[1:])
	}
	return sum
}
