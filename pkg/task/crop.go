package task

import (
	"multiscale/pkg/kernel/resample"
	"multiscale/pkg/mesh"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// crop sets at, sample i on its mesh, to a crop of sample, the pixels in [0,1] on the finest mesh. The
// whole image is degraded before it is cropped: a blur at the edge of the crop includes the pixels
// beside it, and noise and holes are those of the whole image.
func (d *drawing) crop(i int, at, sample mesh.Batch, r *random.Stream) error {
	sample.T = at.T
	d.Scale.Normalise(sample.Target)
	if d.Task.Paired() {
		d.Scale.Normalise(sample.Input)
	} else if err := d.degrade(i, d.Task.Degrade, sample, On(0, sample.Input)); err != nil {
		return err
	}
	// Sides and positions are multiples of the scale, so that input and target show the same part.
	scale, side := d.Task.Scale, at.Target.H
	size := side
	if d.request.Resized {
		size += scale * r.Intn((d.Side-side)/scale+1)
	}
	x, y := scale*r.Intn((d.Side-size)/scale+1), scale*r.Intn((d.Side-size)/scale+1)
	d.window(at.Target, sample.Target, x, y, size)
	d.window(at.Input, sample.Input, x/scale, y/scale, size/scale)
	return nil
}

// window writes the square with side size at (x,y) of from to the whole image to, resized if the sides
// differ.
func (d *drawing) window(to, from pixel.Images, x, y, size int) {
	cut := to
	if size != to.H {
		cut = pixel.NewImages(1, from.C, size, size)
	}
	for row := range from.C * size {
		start := (row/size*from.H+y+row%size)*from.W + x
		copy(cut.Data[row*size:][:size], from.Data[start:][:size])
	}
	if size == to.H {
		return
	}
	by := float64(size) / float64(to.H)
	if _, picks := d.Restriction.(mesh.Picker); picks {
		resample.NearestScaled(to.Data, cut.Data, to.C, size, size, to.H, to.W, by, by)
		return
	}
	resample.Bilinear(to.Data, cut.Data, to.C, size, size, to.H, to.W, by, by)
}
