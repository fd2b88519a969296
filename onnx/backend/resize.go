package backend

import (
	"math"

	"gorgonia.org/tensor"
)

// resize scales the last one or two axes.
func resize(n *node) []result {
	mode := n.text("mode", "nearest")
	coordinates := n.text("coordinate_transformation_mode", "half_pixel")
	rounding := n.text("nearest_mode", "round_prefer_floor")
	n.ignore("cubic_coeff_a", "exclude_outside", "extrapolation_value")
	only(n, "antialias", int64(0))
	only(n, "keep_aspect_ratio_policy", "stretch")
	if !n.operands(1, 4) || !n.float(0, 1, 2) {
		return nil
	}
	x := n.in[0].shape
	shape, scales := n.resized(x)
	if n.err != nil {
		return nil
	}
	fixed := max(0, len(x)-2)
	for i, s := range scales {
		if i < fixed && (s != 1 || shape[i] != x[i]) {
			n.fail("only the last two axes can be resized (scales %v)", scales)
		}
	}
	source, ok := transformations[coordinates]
	if !ok {
		n.fail("coordinate_transformation_mode=%s is not supported", coordinates)
	}
	round, ok := roundings[rounding]
	if !ok {
		n.fail("nearest_mode=%s is not supported", rounding)
	}
	if mode != "nearest" && mode != "linear" {
		n.fail("mode=%s is not supported", mode)
	}
	if n.err != nil {
		return nil
	}
	// taps of one axis: which two pixels make a new one, and the second one's share.
	axis := func(i int) (taps []tap) {
		for o := range shape[i] {
			p := source(float64(o), scales[i], float64(x[i]), float64(shape[i]))
			if mode == "nearest" {
				k := min(max(int(round(p)), 0), x[i]-1)
				taps = append(taps, tap{k, k, 0})
				continue
			}
			p = min(max(p, 0), float64(x[i]-1))
			k := int(p)
			taps = append(taps, tap{k, min(k+1, x[i]-1), p - float64(k)})
		}
		return taps
	}
	height, width := 1, x[len(x)-1]
	rows, columns := []tap{{}}, axis(len(x)-1)
	if len(x) > 1 {
		height, rows = x[len(x)-2], axis(len(x)-2)
	}
	return single(tensor.Float32, shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		parallel(len(y)/len(columns), 4*len(columns), func(lo, hi int) {
			for r := lo; r < hi; r++ {
				plane := x[r/len(rows)*height*width:]
				v := rows[r%len(rows)]
				above, below := plane[v.first*width:], plane[v.second*width:]
				line := y[r*len(columns) : (r+1)*len(columns)]
				for i, h := range columns {
					a := float64(above[h.first])*(1-h.share) + float64(above[h.second])*h.share
					b := float64(below[h.first])*(1-h.share) + float64(below[h.second])*h.share
					line[i] = float32(a*(1-v.share) + b*v.share)
				}
			}
		})
	})
}

type tap struct {
	first, second int
	share         float64
}

// resized returns the new shape and the scale of each axis, from operand 2 (scales) or 3
// (sizes).
func (n *node) resized(x []int) (shape []int, scales []float64) {
	given, sizes := n.constantFloats(2), n.constant(3)
	if len(x) == 0 || (len(given) != len(x)) == (len(sizes) != len(x)) {
		n.fail("it wants one scale or one size for each axis of shape %v", x)
		return nil, nil
	}
	for i, d := range x {
		if len(given) > 0 {
			scale := float64(given[i])
			if !(scale > 0 && float64(d)*scale < maxElements) {
				n.fail("scale %v is not valid", scale)
				return nil, nil
			}
			shape, scales = append(shape, int(math.Floor(float64(d)*scale))), append(scales, scale)
		} else {
			shape, scales = append(shape, sizes[i]), append(scales, float64(sizes[i])/float64(d))
		}
		if shape[i] < 1 {
			n.fail("nothing is left of axis %d of shape %v", i, x)
		}
	}
	return shape, scales
}

// transformations find the source position of pixel o.
var transformations = map[string]func(o, scale, from, to float64) float64{
	"asymmetric": func(o, scale, _, _ float64) float64 { return o / scale },
	"half_pixel": func(o, scale, _, _ float64) float64 { return (o+0.5)/scale - 0.5 },
	"pytorch_half_pixel": func(o, scale, _, to float64) float64 {
		if to <= 1 {
			return 0
		}
		return (o+0.5)/scale - 0.5
	},
	"align_corners": func(o, _, from, to float64) float64 {
		if to <= 1 {
			return 0
		}
		return o * (from - 1) / (to - 1)
	},
}

var roundings = map[string]func(float64) float64{
	"floor":              math.Floor,
	"ceil":               math.Ceil,
	"round_prefer_floor": func(x float64) float64 { return math.Ceil(x - 0.5) },
	"round_prefer_ceil":  func(x float64) float64 { return math.Floor(x + 0.5) },
}
