package session

import (
	"math"
	"slices"

	"multiscale/onnx"
	"multiscale/pkg/lists"
)

// Unlimited is the Reach of a model whose pixels may depend on the whole picture, for example by
// normalisation or attention, or for which no bound is known.
const Unlimited = -1

// sight describes the receptive field of a value that depends on the picture.
type sight struct {
	reach float64 // pixels of the picture in each direction
	scale float64 // pixels of the value per pixel of the picture
}

var everything = sight{reach: math.Inf(1), scale: 1}

// Reaches follows a picture through a graph. For every value that depends on the picture, by name, it returns the largest
// distance, in pixels of the picture, of pixels on which a pixel of the value depends, or Unlimited. Operations on
// neighbourhoods add to the reach; an unknown operation makes it unlimited.
func Reaches(g *onnx.Graph, image string) map[string]int {
	constants := lists.By(g.Initializers, func(t *onnx.Tensor) string { return t.Name })
	seen := map[string]sight{image: {0, 1}}
	for _, n := range g.Nodes {
		var operands []sight
		uneven := false
		for _, in := range n.Inputs {
			if s, ok := seen[in]; ok {
				operands = append(operands, s)
			} else if c := constants[in]; c != nil && !evenlySpread(c) {
				uneven = true
			}
		}
		if len(operands) == 0 {
			continue // depends on t and weights only
		}
		s := nodeSight(n, operands, uneven, constants)
		for _, out := range n.Outputs {
			seen[out] = s
		}
	}
	reaches := make(map[string]int, len(seen))
	for name, s := range seen {
		reaches[name] = Unlimited
		if !math.IsInf(s.reach, 1) {
			reaches[name] = int(math.Ceil(s.reach))
		}
	}
	return reaches
}

// reach returns the reach of a result of a graph. It is Unlimited if the result does not depend on the picture.
func reach(g *onnx.Graph, image, result string) int {
	if r, ok := Reaches(g, image)[result]; ok {
		return r
	}
	return Unlimited
}

// evenlySpread reports whether a constant has the same value for all pixels of (N,C,H,W).
func evenlySpread(t *onnx.Tensor) bool {
	for i, d := range t.Dims {
		if d != 1 && len(t.Dims)-i <= 2 {
			return false
		}
	}
	return true
}

// pointwise are the operations in which a pixel depends only on the same pixel of the operands.
var pointwise = []string{
	"Abs", "Add", "BatchNormalization", "Cast", "Ceil", "Clip", "Cos", "Div", "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish",
	"Identity", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mish", "Mul", "Neg", "PRelu", "Pow", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign",
	"Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tanh",
}

// nodeSight returns the sight of a node's results. uneven means that a constant operand is not the same for
// all pixels, if the operation uses it pixel by pixel.
func nodeSight(n *onnx.Node, operands []sight, uneven bool, constants map[string]*onnx.Tensor) sight {
	s := operands[0]
	for _, o := range operands[1:] {
		if o.scale != s.scale {
			return everything
		}
		s.reach = max(s.reach, o.reach)
	}
	a := attributes(n)
	switch {
	case slices.Contains(pointwise, n.Op):
		// Statistics of a batch depend on all pixels.
		if a.integer("training_mode", 0) != 0 || uneven && n.Op != "BatchNormalization" {
			return everything
		}
		return s
	case n.Op == "Concat" || n.Op == "Split" || n.Op == "Gather":
		if a.integer("axis", 0) != 1 {
			return everything
		}
		return s
	case n.Op == "ReduceMean" && slices.Equal(a.integers("axes"), []int64{1}) && a.integer("keepdims", 1) == 1:
		return s
	case n.Op == "Conv", n.Op == "AveragePool", n.Op == "MaxPool" && len(n.Outputs) == 1: // a second output has positions from the corner
		return s.through(a)
	case n.Op == "SpaceToDepth":
		block := float64(a.integer("blocksize", 1))
		s.reach += (block - 1) / s.scale
		s.scale /= block
		return s
	case n.Op == "DepthToSpace":
		s.scale *= float64(a.integer("blocksize", 1))
		return s
	case n.Op == "ConvTranspose":
		return s.spread(a)
	case n.Op == "Resize":
		return s.resized(n, a, constants)
	}
	return everything
}

// through returns the sight after a convolution or pooling.
func (s sight) through(a attributeSet) sight {
	kernel, pads := a.integers("kernel_shape"), a.integers("pads")
	strides, dilations := a.integers("strides"), a.integers("dilations")
	if len(kernel) != 2 || a["auto_pad"] != nil && a["auto_pad"] != "NOTSET" || a.integer("ceil_mode", 0) != 0 {
		return everything
	}
	at := func(list []int64, i int, preset int64) int64 {
		if i < len(list) {
			return list[i]
		}
		return preset
	}
	stride := at(strides, 0, 1)
	if stride < 1 || at(strides, 1, 1) != stride {
		return everything
	}
	widest := int64(0)
	for i, k := range kernel {
		before := at(pads, i, 0)
		after := (k-1)*at(dilations, i, 1) - before
		widest = max(widest, before, after)
	}
	s.reach += float64(widest) / s.scale
	s.scale /= float64(stride)
	return s
}

// spread returns the sight after a transposed convolution.
func (s sight) spread(a attributeSet) sight {
	kernel, strides, dilations := a.integers("kernel_shape"), a.integers("strides"), a.integers("dilations")
	if len(kernel) != 2 || len(strides) != 2 || strides[0] != strides[1] || strides[0] < 1 {
		return everything
	}
	if dilations == nil {
		dilations = []int64{1, 1}
	}
	widest := max((kernel[0]-1)*dilations[0], (kernel[1]-1)*dilations[1])
	s.reach += math.Ceil(float64(widest)/float64(strides[0])) / s.scale
	s.scale *= float64(strides[0])
	return s
}

// resized returns the sight after an interpolation.
func (s sight) resized(n *onnx.Node, a attributeSet, constants map[string]*onnx.Tensor) sight {
	width := map[any]float64{"nearest": 1, "linear": 1, "cubic": 2}[a["mode"]]
	if _, given := a["mode"]; !given {
		width = 1
	}
	coordinates, _ := a["coordinate_transformation_mode"].(string)
	// With other coordinates, positions depend on the picture's size. Antialiasing widens the kernel.
	even := slices.Contains([]string{"", "half_pixel", "asymmetric", "pytorch_half_pixel"}, coordinates)
	if len(n.Inputs) != 3 || width == 0 || !even || a.integer("antialias", 0) != 0 || a["axes"] != nil {
		return everything
	}
	t := constants[n.Inputs[2]]
	if t == nil {
		return everything
	}
	f, err := t.Floats()
	if err != nil || len(f) != 4 || f[0] != 1 || f[1] != 1 || f[2] != f[3] || !(f[2] > 0) {
		return everything
	}
	s.reach += width / s.scale
	s.scale *= float64(f[2])
	return s
}

type attributeSet map[string]any

func attributes(n *onnx.Node) attributeSet {
	set := attributeSet{}
	for _, a := range n.Attributes {
		set[a.Name] = a.Value
	}
	return set
}

func (a attributeSet) integer(name string, preset int64) int64 {
	if v, ok := a[name].(int64); ok {
		return v
	}
	return preset
}

func (a attributeSet) integers(name string) []int64 {
	v, _ := a[name].([]int64)
	return v
}
