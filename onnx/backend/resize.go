package backend

import (
	"math"
	"slices"

	"multiscale/pkg/lists"
)

// resizing has the parameters of a Resize or Upsample node.
type resizing struct {
	mode                  string // nearest, linear, cubic
	coordinates, rounding string
	coefficient           float64 // of the cubic kernel
	excludeOutside        bool    // pixels outside have weight 0; the other weights are scaled to sum 1
	antialias             bool    // widen the kernel if an axis shrinks
	extrapolation         float64 // value outside, with tf_crop_and_resize
	shape                 []int
	scales                []float64
	from, to              []float64 // for each axis, the region to crop to
}

// resize is the Resize operation: it interpolates along one axis after the other.
func resize(n *node) []result {
	r := resizing{
		mode:           n.text("mode", "nearest"),
		coordinates:    n.text("coordinate_transformation_mode", "half_pixel"),
		rounding:       n.text("nearest_mode", "round_prefer_floor"),
		coefficient:    float64(n.number("cubic_coeff_a", -0.75)),
		excludeOutside: n.integer("exclude_outside", 0) != 0,
		antialias:      n.integer("antialias", 0) != 0,
		extrapolation:  float64(n.number("extrapolation_value", 0)),
	}
	policy := n.text("keep_aspect_ratio_policy", "stretch")
	given := n.integers("axes")
	if n.opset < 11 {
		return n.upsampled(r)
	}
	n.operands(1, 4)
	n.float(0, 1, 2)
	x := n.in[0].shape
	axes := lists.Indices(len(x))
	if given != nil {
		axes, _ = n.axes(len(n.in), len(x))
	}
	scales, sizes := n.constantFloats(2), n.constant(3)
	if len(x) == 0 || (len(scales) != len(axes)) == (len(sizes) != len(axes)) {
		n.fail("it wants one scale or one size for each axis of shape %v", x)
	}
	r.identity(x)
	if len(sizes) > 0 {
		n.toSizes(&r, x, axes, sizes, policy)
	} else {
		n.toScales(&r, x, axes, scales)
	}
	if r.coordinates == cropping {
		region := n.constantFloats(1)
		if len(region) != 2*len(axes) {
			n.fail("%s wants a region of %d numbers", cropping, 2*len(axes))
		}
		for i, a := range axes {
			r.from[a], r.to[a] = float64(region[i]), float64(region[len(axes)+i])
		}
	}
	return n.interpolated(r)
}

// upsample is the Upsample operation, which opset 10 replaced by Resize. Up to opset 8, scales are an attribute.
func upsample(n *node) []result {
	return n.upsampled(resizing{mode: n.text("mode", "nearest")})
}

// upsampled computes a resizing with operands x and scales. The standard does not define the positions of its
// pixels; these are ONNX Runtime's.
func (n *node) upsampled(r resizing) []result {
	r.coordinates, r.rounding = "asymmetric", "floor_or_ceil"
	if r.mode == "bilinear" {
		r.mode = "linear"
	}
	scales := attribute[[]float32](n, "scales", nil)
	n.floatOperands(1, 2)
	if n.has(1) {
		scales = n.constantFloats(1)
	}
	x := n.in[0].shape
	if len(scales) != len(x) {
		n.fail("it wants one scale for each axis of shape %v", x)
	}
	r.identity(x)
	n.toScales(&r, x, lists.Indices(len(x)), scales)
	return n.interpolated(r)
}

// identity sets the parameters of a resizing that changes nothing.
func (r *resizing) identity(x []int) {
	r.shape, r.scales = slices.Clone(x), make([]float64, len(x))
	r.from, r.to = make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		r.scales[i], r.to[i] = 1, 1
	}
}

func (n *node) toScales(r *resizing, x, axes []int, scales []float32) {
	for i, a := range axes {
		scale := float64(scales[i])
		if !(scale > 0 && float64(x[a])*scale < maxElements) {
			n.fail("scale %v is not valid", scale)
		}
		r.shape[a], r.scales[a] = int(math.Floor(float64(x[a])*scale)), scale
	}
}

// toSizes sets the sizes or, by the policy, the common scale for which they are bounds.
func (n *node) toSizes(r *resizing, x, axes, sizes []int, policy string) {
	common := 0.0
	for i, a := range axes {
		if x[a] < 1 || sizes[i] < 1 || sizes[i] > maxElements {
			n.fail("sizes %v are not valid for shape %v", sizes, x)
		}
		r.shape[a], r.scales[a] = sizes[i], float64(sizes[i])/float64(x[a])
		switch {
		case i == 0:
			common = r.scales[a]
		case policy == "not_larger":
			common = min(common, r.scales[a])
		case policy == "not_smaller":
			common = max(common, r.scales[a])
		}
	}
	switch policy {
	case "stretch":
		return
	case "not_larger", "not_smaller":
		for _, a := range axes {
			r.scales[a], r.shape[a] = common, int(math.Floor(common*float64(x[a])+0.5))
		}
	default:
		n.fail("keep_aspect_ratio_policy=%s is not supported", policy)
	}
}

const cropping = "tf_crop_and_resize"

// tap is the weight of one pixel of an axis in a new pixel.
type tap struct {
	index int
	share float64
}

// interpolated computes a resizing.
func (n *node) interpolated(r resizing) []result {
	x := n.in[0].shape
	for i, d := range r.shape {
		if d < 1 {
			n.fail("%d pixels are left of axis %d of shape %v", d, i, x)
		}
		if d != x[i] && d > maxAxis {
			n.fail("an axis of %d pixels is %w", d, ErrTooLarge)
		}
	}
	if _, ok := transformations[r.coordinates]; !ok {
		n.fail("coordinate_transformation_mode=%s is not supported", r.coordinates)
	}
	if _, ok := roundings[r.rounding]; !ok && r.rounding != "floor_or_ceil" {
		n.fail("nearest_mode=%s is not supported", r.rounding)
	}
	if !slices.Contains([]string{"nearest", "linear", "cubic"}, r.mode) {
		n.fail("mode=%s is not supported", r.mode)
	}
	if _, err := size(r.shape); err != nil {
		n.fail("%w", err)
	}
	for i, d := range x {
		if exact := r.scales[i] * float64(d); r.coordinates == "align_corners" && math.Abs(exact-float64(r.shape[i])) > 1e-3 {
			// ONNX's specification uses the new length, its tests use the product of length and scale.
			n.fail("align_corners with scale %v of length %d is not supported: the new length is not whole", r.scales[i], d)
		}
	}
	// The axes before the first one that changes are a batch of planes.
	changes := func(i int) bool { return r.shape[i] != x[i] || r.scales[i] != 1 || r.coordinates == cropping }
	first := 0
	for first < len(x)-1 && !changes(first) {
		first++
	}
	taps := make([][][]tap, len(x))
	between := slices.Clone(x[first:])
	for i := len(x) - 1; i >= first; i-- {
		if changes(i) {
			between[i-first] = r.shape[i]
		}
		if elements, err := size(between); err != nil || elements > maxPlane {
			n.fail("a plane of %v pixels is %w", between, ErrTooLarge)
		}
		if changes(i) {
			taps[i] = r.axis(i, x[i])
		}
	}
	outside := r.outside(x)
	inner, outer := x[first:], count(x[:first])
	return n.like(r.shape, func(out any, in []any) {
		y, x := floats(out), floats(in[0])
		area, plane := len(y)/outer, count(inner)
		parallel(outer, 4*max(area, plane), func(lo, hi int) {
			for o := lo; o < hi; o++ {
				values := make([]float64, plane)
				for i, v := range x[o*plane : (o+1)*plane] {
					values[i] = float64(v)
				}
				shape := slices.Clone(inner)
				for a := len(inner) - 1; a >= 0; a-- {
					if taps[first+a] != nil {
						values = along(values, shape, a, taps[first+a])
						shape[a] = r.shape[first+a]
					}
				}
				for i, v := range values {
					y[o*area+i] = float32(v)
				}
			}
		})
		if outside != nil {
			at := make([]int, len(r.shape))
			for i := range y {
				unravel(at, i, r.shape)
				for a, k := range at {
					if outside[a][k] {
						y[i] = float32(r.extrapolation)
					}
				}
			}
		}
	})
}

// along interpolates along one axis.
func along(values []float64, shape []int, axis int, taps [][]tap) []float64 {
	before, length, after := count(shape[:axis]), shape[axis], count(shape[axis+1:])
	out := make([]float64, before*len(taps)*after)
	for b := range before {
		for o, ts := range taps {
			dst := out[(b*len(taps)+o)*after:][:after]
			for _, t := range ts {
				for i, v := range values[(b*length+t.index)*after:][:after] {
					dst[i] += v * t.share
				}
			}
		}
	}
	return out
}

// position returns the position of new pixel o of axis i among the axis's length pixels.
func (r *resizing) position(o, i, length int) float64 {
	return transformations[r.coordinates](float64(o), place{r.scales[i], float64(length), float64(r.shape[i]), r.from[i], r.to[i]})
}

// axis returns the taps of each new pixel of axis i.
func (r *resizing) axis(i, length int) [][]tap {
	taps := make([][]tap, r.shape[i])
	stretched := 1.0
	if r.antialias && r.scales[i] < 1 {
		stretched = r.scales[i]
	}
	for o := range taps {
		p := r.position(o, i, length)
		if r.mode == "nearest" {
			round := roundings[r.rounding]
			if r.rounding == "floor_or_ceil" {
				round = math.Floor
				if r.scales[i] < 1 {
					round = math.Ceil
				}
			}
			taps[o] = []tap{{clampIndex(round(p), length), 1}}
			continue
		}
		kernel, reach := triangle, 1.0
		if r.mode == "cubic" {
			kernel, reach = keys(r.coefficient), 2.0
		}
		reach /= stretched
		sum := 0.0
		for k := math.Ceil(p - reach); k <= p+reach; k++ {
			share := kernel(math.Abs(k-p) * stretched)
			if share == 0 || (r.excludeOutside && (k < 0 || k >= float64(length))) {
				continue
			}
			taps[o] = append(taps[o], tap{clampIndex(k, length), share})
			sum += share
		}
		if r.excludeOutside || stretched != 1 {
			for t := range taps[o] {
				taps[o][t].share /= sum
			}
		}
	}
	return taps
}

func clampIndex(k float64, length int) int { return int(min(max(k, 0), float64(length-1))) }

// outside returns for each axis which new pixels lie outside of operand 0, or nil if the mode does not extrapolate.
func (r *resizing) outside(x []int) [][]bool {
	if r.coordinates != cropping {
		return nil
	}
	outside := make([][]bool, len(x))
	for i, d := range x {
		for o := range r.shape[i] {
			p := r.position(o, i, d)
			outside[i] = append(outside[i], p < 0 || p > float64(d-1))
		}
	}
	return outside
}

func triangle(d float64) float64 { return max(0, 1-d) }

// keys returns the cubic convolution kernel of R. Keys (1981) with coefficient a.
func keys(a float64) func(d float64) float64 {
	return func(d float64) float64 {
		switch {
		case d <= 1:
			return ((a+2)*d-(a+3))*d*d + 1
		case d < 2:
			return ((a*d-5*a)*d+8*a)*d - 4*a
		}
		return 0
	}
}

// place has the parameters for the position of a pixel: scale, lengths of the axis before and after, and the region
// to crop to as fractions of the axis.
type place struct{ scale, length, to, first, last float64 }

// transformations return the source position of pixel o.
var transformations = map[string]func(o float64, p place) float64{
	"asymmetric": func(o float64, p place) float64 { return o / p.scale },
	"half_pixel": func(o float64, p place) float64 { return (o+0.5)/p.scale - 0.5 },
	"pytorch_half_pixel": func(o float64, p place) float64 {
		if p.to <= 1 {
			return 0
		}
		return (o+0.5)/p.scale - 0.5
	},
	"align_corners": func(o float64, p place) float64 {
		if p.to <= 1 {
			return 0
		}
		return o * (p.length - 1) / (p.to - 1)
	},
	"half_pixel_symmetric": func(o float64, p place) float64 {
		adjustment := p.to / (p.scale * p.length)
		return p.length/2*(1-adjustment) + (o+0.5)/p.scale - 0.5
	},
	"tf_half_pixel_for_nn": func(o float64, p place) float64 { return (o + 0.5) / p.scale },
	cropping: func(o float64, p place) float64 {
		if p.to <= 1 {
			return (p.first + p.last) * (p.length - 1) / 2
		}
		return p.first*(p.length-1) + o*(p.last-p.first)*(p.length-1)/(p.to-1)
	},
}

var roundings = map[string]func(float64) float64{
	"floor":              math.Floor,
	"ceil":               math.Ceil,
	"round_prefer_floor": func(x float64) float64 { return math.Ceil(x - 0.5) },
	"round_prefer_ceil":  func(x float64) float64 { return math.Floor(x + 0.5) },
}
