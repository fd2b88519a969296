package crosscheck

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx"
	"multiscale/pkg/lists"
	"multiscale/pkg/random"
)

// imageRank is the rank of (N,C,H,W).
const imageRank = 4

// defaultShapes differ in batch size, height and width. Their sides suit networks that
// halve images up to three times. They are small, because gorgonnx takes minutes and
// gigabytes where other runtimes take seconds.
var defaultShapes = [][]int{{1, 3, 32, 32}, {2, 3, 24, 40}, {3, 3, 40, 16}}

// imageShapes checks that the requested shapes fit the leading input, or adapts the
// default shapes to it.
func imageShapes(m *onnx.Model, asked [][]int) ([][]int, error) {
	leading := leadingInput(m)
	if leading == nil && asked == nil {
		return [][]int{{}}, nil
	}
	if leading == nil {
		return nil, errors.New("the model has no input, and so no shapes to choose")
	}
	rank := len(leading.Dims)
	if leading.Dims == nil {
		rank = imageRank
	}
	for _, s := range asked {
		if err := checkShape(s); err != nil {
			return nil, err
		}
		if rank != imageRank {
			return nil, fmt.Errorf("shape %s does not fit input %q, which wants %s", formatShape(s), leading.Name, onnx.FormatDims(leading.Dims))
		}
	}
	if asked == nil {
		for _, s := range defaultShapes {
			s = slices.Clone(s)
			if d := leading.Dims; rank == imageRank && d != nil && !d[1].Known() && d[3].Known() && d[3].Size <= maxChannels {
				s = []int{s[0], s[2], s[3], s[1]} // (N,H,W,C)
			}
			if rank != imageRank { // the batch size, then lengths
				s = slices.Concat(s[:1], slices.Repeat(s[2:], rank))[:rank]
			}
			for i, d := range leading.Dims {
				if d.Known() {
					s[i] = int(d.Size)
				}
			}
			if !slices.ContainsFunc(asked, func(o []int) bool { return slices.Equal(o, s) }) {
				asked = append(asked, s)
			}
		}
	}
	for _, s := range asked {
		for i, d := range leading.Dims {
			if d.Known() && int64(s[i]) != d.Size {
				return nil, fmt.Errorf("shape %s does not fit input %q, which wants %s", formatShape(s), leading.Name, onnx.FormatDims(leading.Dims))
			}
		}
		if err := checkSize(s, 0); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// maxChannels is the largest length of a fixed last axis that counts as channels (N,H,W,C).
const maxChannels = 4

// maxPixels bounds the number of elements of a shape.
const maxPixels = 1 << 28

func checkShape(s []int) error {
	if err := checkSize(s, 1); err != nil {
		return err
	}
	if len(s) != imageRank {
		return fmt.Errorf("shape %s is not one of images, as in 1x3x32x32", formatShape(s))
	}
	return nil
}

func checkSize(s []int, smallest int) error {
	n := 1
	for _, d := range s {
		if d < smallest || d > maxPixels {
			return fmt.Errorf("shape %s is not valid", formatShape(s))
		}
		if n *= d; n > maxPixels {
			return fmt.Errorf("shape %s is too large", formatShape(s))
		}
	}
	return nil
}

// leadingInput returns the input to which the shapes of a check refer: the first of rank 4 or of unknown rank, else the
// first input, or nil if there is none.
func leadingInput(m *onnx.Model) *onnx.ValueInfo {
	feeds := m.Graph.Feeds()
	if len(feeds) == 0 {
		return nil
	}
	for _, in := range feeds {
		if len(in.Dims) == imageRank || in.Dims == nil {
			return in
		}
	}
	return feeds[0]
}

// randomInputs draws images from N(0,1), other inputs of rank below 4 from U(0,1), and integers for integer types. They
// depend only on seed, name and shape. shape is the shape of the leading input; other inputs get the sizes of its named
// dimensions and of its batch.
func randomInputs(m *onnx.Model, shape []int, seed uint64) (map[string]onnx.Value, error) {
	leading := leadingInput(m)
	sizes := map[string]int{} // of symbolic dimensions
	if leading != nil {
		for i, d := range leading.Dims {
			if d.Name != "" {
				sizes[d.Name] = shape[i]
			}
		}
	}
	inputs := map[string]onnx.Value{}
	for _, in := range m.Graph.Feeds() {
		v := onnx.Value{Shape: shape}
		if in != leading {
			v.Shape = []int{}
			for i, d := range in.Dims {
				size, ok := sizes[d.Name]
				switch {
				case d.Known():
					size = int(d.Size)
				case d.Name != "" && ok:
				case i < len(shape):
					size = shape[i]
				default:
					size = 1
				}
				if d.Name != "" {
					sizes[d.Name] = size
				}
				v.Shape = append(v.Shape, size)
			}
		}
		if err := checkSize(v.Shape, 0); err != nil {
			return nil, fmt.Errorf("input %q: %w", in.Name, err)
		}
		path := lists.Of(v.Shape, func(d int) uint64 { return uint64(d) })
		v.Data = make([]float32, lists.Product(v.Shape))
		fill(v, in.Type, len(v.Shape) == 1 || in != leading && len(v.Shape) < imageRank, random.New(seed).Child("crosscheck/"+in.Name, path...))
		inputs[in.Name] = v
	}
	return inputs, onnx.CheckInputs(m.Graph.Feeds(), inputs)
}

// fill draws numbers that a type can represent. Bytes are drawn as pixels from 0 to 255. Other integers are 0 or 1,
// because most models use them as positions, axes or truth values.
func fill(v onnx.Value, d onnx.DataType, uniform bool, stream random.Stream) {
	whole := float32(2)
	switch d {
	case onnx.Uint8:
		whole = 256
	case onnx.Float32, onnx.Float64, onnx.Float16, onnx.BFloat16:
		whole = 0
	}
	if whole > 0 || uniform {
		stream.Uniforms(v.Data)
	} else {
		stream.Normals(v.Data)
	}
	for i, x := range v.Data {
		switch {
		case whole > 0:
			v.Data[i] = float32(int(x * whole))
		case d == onnx.Float16:
			v.Data[i] = onnx.RoundFloat16(x)
		case d == onnx.BFloat16:
			v.Data[i] = onnx.RoundBFloat16(x)
		}
	}
}

// ParseShapes reads shapes as in "1x3x32x32,2x3x48x64".
func ParseShapes(s string) ([][]int, error) {
	var shapes [][]int
	for _, part := range strings.Split(s, ",") {
		var shape []int
		for _, d := range strings.Split(strings.TrimSpace(part), "x") {
			n, err := strconv.Atoi(d)
			if err != nil {
				return nil, fmt.Errorf("shape %q is not one of images, as in 1x3x32x32", part)
			}
			shape = append(shape, n)
		}
		if err := checkShape(shape); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(shapes, func(other []int) bool { return slices.Equal(other, shape) }) {
			return nil, fmt.Errorf("shape %s is given twice", part)
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

func formatShape(s []int) string {
	if len(s) == 0 {
		return "scalar"
	}
	return strings.Join(lists.Of(s, strconv.Itoa), "x")
}
