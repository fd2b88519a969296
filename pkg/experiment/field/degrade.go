package field

import (
	"fmt"

	"multiscale/pkg/harmonic"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// observe adds the setting's noise to pixels on [0,1].
func observe(x pixel.Images, s Setting, r random.Stream) *observation {
	z := make([]float32, len(x.Data))
	noise := r.Child("noise")
	noise.Normals(z)
	sigma := float32(s.Sigma / 255)
	for i, v := range z {
		x.Data[i] += float32(sigma * v)
	}
	return &observation{Images: x, Setting: s}
}

func whiten(from source, s Setting, r random.Stream) (*observation, error) {
	return observe(task.Normalised(from.clean, pixel.Unit), s, r), nil
}

// reduce halves a picture of even sides, unless the set has the reduced picture.
func reduce(from source, s Setting, _ random.Stream) (*observation, error) {
	half := from.low
	if half == nil {
		half = from.clean.Half()
	}
	return &observation{Images: task.Normalised(half, pixel.Unit), Setting: s}, nil
}

// enlarge is bicubic interpolation.
func enlarge(o *observation) pixel.Images {
	half := picture.Planar{C: o.C, H: o.H, W: o.W, Values: o.Data}
	return task.Normalised(half.Double(), pixel.Unit)
}

func blur(from source, s Setting, r random.Stream) (*observation, error) {
	x := task.Normalised(from.clean, pixel.Unit)
	y := pixel.NewImages(1, x.C, x.H, x.W)
	if err := task.Blur(s.Blur)(y, x, task.On(0, x), nil, nil); err != nil {
		return nil, err
	}
	return observe(y, s, r), nil
}

// soften blurs a picture that is mirrored at its borders.
func soften(from source, s Setting, r random.Stream) (*observation, error) {
	x := task.Normalised(from.clean, pixel.Unit)
	y := pixel.NewImages(1, x.C, x.H, x.W)
	if err := task.Defocus(s.Blur, s.Blur)(y, x, task.On(0, x), nil, &r); err != nil {
		return nil, err
	}
	return observe(y, s, r), nil
}

// cover hides boxes, as inpainting does in training. Missing pixels are middle grey, to which
// noise is added.
func cover(from source, s Setting, r random.Stream) (*observation, error) {
	clean := from.clean
	if clean.H < 3 || clean.W < 3 {
		return nil, fmt.Errorf("%dx%d pixels are too few for boxes", clean.W, clean.H)
	}
	shown := pixel.NewImages(1, 1, clean.H, clean.W)
	for i := range shown.Data {
		shown.Data[i] = 1
	}
	boxes := r.Child("boxes")
	if err := task.Inpainting().Degrade(shown, shown, task.On(0, shown), []float32{0}, &boxes); err != nil {
		return nil, err
	}
	x := task.Normalised(from.clean, pixel.Unit)
	missing := make([]bool, x.Plane())
	for i, v := range shown.Data {
		if missing[i] = v == 0; missing[i] {
			for c := range x.C {
				x.Data[c*x.Plane()+i] = 0.5
			}
		}
	}
	o := observe(x, s, r)
	o.missing = missing
	return o, nil
}

// filled is the harmonic fill of missing pixels.
func filled(o *observation) pixel.Images {
	y := pixel.Images{Shape: o.Shape, Data: append([]float32(nil), o.Data...)}
	harmonic.Fill(y, o.missing)
	return y
}
