package crosscheck

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"multiscale/onnx"
	"multiscale/pkg/random"
)

// imageRank is the rank of (N,C,H,W).
const imageRank = 4

// defaultShapes differ in batch size, height and width; the sides suit networks that
// halve their images up to three times. They are small, for gorgonnx takes minutes
// and gigabytes where others take seconds.
var defaultShapes = [][]int{{1, 3, 32, 32}, {2, 3, 24, 40}, {3, 3, 40, 16}}

// imageShapes checks the asked shapes against the model's image input, or adapts
// the default ones to it.
func imageShapes(m *onnx.Model, asked [][]int) ([][]int, error) {
	image, err := imageInput(m)
	if err != nil {
		return nil, err
	}
	if asked == nil {
		var shapes [][]int
		for _, s := range defaultShapes {
			s = slices.Clone(s)
			for i, d := range image.Dims {
				if d.Known() {
					s[i] = int(d.Size)
				}
			}
			if !slices.ContainsFunc(shapes, func(o []int) bool { return slices.Equal(o, s) }) {
				shapes = append(shapes, s)
			}
		}
		asked = shapes
	}
	for _, s := range asked {
		if err := checkShape(s); err != nil {
			return nil, err
		}
		for i, d := range image.Dims {
			if d.Known() && int64(s[i]) != d.Size {
				return nil, fmt.Errorf("shape %s does not fit input %q, which wants %s", formatShape(s), image.Name, onnx.FormatDims(image.Dims))
			}
		}
	}
	return asked, nil
}

// maxPixels bounds a shape to what a check may sensibly ask for.
const maxPixels = 1 << 28

func checkShape(s []int) error {
	n := 1
	for _, d := range s {
		if d < 1 || d > maxPixels {
			return fmt.Errorf("shape %s is not valid", formatShape(s))
		}
		if n *= d; n > maxPixels {
			return fmt.Errorf("shape %s is too large", formatShape(s))
		}
	}
	if len(s) != imageRank {
		return fmt.Errorf("shape %s is not one of images, as in 1x3x32x32", formatShape(s))
	}
	return nil
}

// imageInput is the one input of rank 4; all others must be one number an image, or k.
func imageInput(m *onnx.Model) (image *onnx.ValueInfo, err error) {
	for _, in := range m.Graph.Feeds() {
		switch {
		case len(in.Dims) == imageRank && image == nil:
			image = in
		case len(in.Dims) == 2 && in.Dims[1].Known():
		case len(in.Dims) != 1:
			return nil, fmt.Errorf("input %q of shape %s is neither images (N,C,H,W) nor numbers (N) or (N,k)", in.Name, onnx.FormatDims(in.Dims))
		}
	}
	if image == nil {
		return nil, errors.New("the model has no input of images (N,C,H,W)")
	}
	return image, nil
}

// randomInputs draws images from N(0,1) and numbers from U(0,1). They depend on seed, name and
// shape only.
func randomInputs(m *onnx.Model, shape []int, seed uint64) (map[string]onnx.Value, error) {
	inputs := map[string]onnx.Value{}
	for _, in := range m.Graph.Feeds() {
		v := onnx.Value{Shape: shape}
		numbers := len(in.Dims) < imageRank
		if numbers {
			v.Shape = []int{shape[0]}
		}
		if len(in.Dims) == 2 {
			v.Shape = append(v.Shape, int(in.Dims[1].Size))
		}
		n := 1
		var path []uint64
		for _, d := range v.Shape {
			n *= d
			path = append(path, uint64(d))
		}
		v.Data = make([]float32, n)
		stream := random.New(seed).Child("crosscheck/"+in.Name, path...)
		if numbers {
			stream.Uniforms(v.Data)
		} else {
			stream.Normals(v.Data)
		}
		inputs[in.Name] = v
	}
	return inputs, onnx.CheckInputs(m.Graph.Feeds(), inputs)
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
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

func formatShape(s []int) string {
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = strconv.Itoa(d)
	}
	return strings.Join(parts, "x")
}
