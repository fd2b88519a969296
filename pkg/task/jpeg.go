package task

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"sync"

	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// JPEG compresses and decodes images. The quality is drawn from low to high, within 1 to 100, for
// each image and is the same on all meshes. RGB images are stored with subsampled colour; in other
// images each channel is stored as a grey picture. scale must be the task's Scaling, because files
// have pixels and not normalised values.
//
// Package image/jpeg encodes. The decoder is that of pictures in data sets.
func JPEG(scale pixel.Scale, low, high int) Degrade {
	return func(input, clean pixel.Images, _ Grid, _ []float32, r *random.Stream) error {
		if low < 1 || high > 100 || low > high {
			return fmt.Errorf("JPEG of quality %d to %d, want 1 to 100", low, high)
		}
		if err := scale.Check(clean.C); err != nil {
			return fmt.Errorf("JPEG: %w", err)
		}
		quality := low + r.Intn(high-low+1)
		p := pixels(clean, scale)
		if p.C == 3 {
			colour := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
			for i := range p.W * p.H {
				c := colour.Pix[4*i:][:4]
				for k := range p.C {
					c[k] = p.Pix[k*p.W*p.H+i]
				}
				c[3] = 255
			}
			if err := compress(p.Pix, colour, quality); err != nil {
				return err
			}
		} else {
			for k := range p.C {
				plane := p.Pix[k*p.W*p.H:][:p.W*p.H]
				grey := &image.Gray{Pix: plane, Stride: p.W, Rect: image.Rect(0, 0, p.W, p.H)}
				if err := compress(plane, grey, quality); err != nil {
					return err
				}
			}
		}
		p.Float(input.Data)
		scale.Normalise(input)
		return nil
	}
}

// pixels returns a normalised image as 8-bit pixels.
func pixels(x pixel.Images, scale pixel.Scale) *picture.Planar {
	p := picture.New(x.C, x.W, x.H)
	row := make([]float32, x.W)
	for i := range x.C * x.H {
		mean, std := scale.Channel(i / x.H)
		for k, v := range x.Data[i*x.W:][:x.W] {
			row[k] = float32(mean) + float32(float32(std)*v)
		}
		p.Put(i/x.H, i%x.H, row)
	}
	return p
}

// compress writes the picture to a JPEG file in memory and decodes it to planes.
func compress(planes []uint8, img image.Image, quality int) error {
	file := files.Get().(*bytes.Buffer)
	defer files.Put(file)
	file.Reset()
	if err := jpeg.Encode(file, img, &jpeg.Options{Quality: quality}); err != nil {
		return fmt.Errorf("JPEG: %w", err)
	}
	p, err := picture.Decode("JPEG", bytes.NewReader(file.Bytes()))
	if err != nil {
		return err
	}
	copy(planes, p.Pix) // for a grey picture, the first of three equal channels
	return nil
}

// files keeps memory for JPEG files.
var files = sync.Pool{New: func() any { return new(bytes.Buffer) }}
