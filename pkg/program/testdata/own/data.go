package main

import (
	"fmt"

	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// gradients is a data set of pictures with four channels, computed on demand.
var gradients = dataset.Format{Name: "gradients", BuiltIn: true, Open: func(o dataset.Options) (*dataset.Set, error) {
	return &dataset.Set{
		Channels: 4, Scale: pixel.Signed, Digest: fmt.Sprintf("gradients of side %d, version 1", 2*o.Side),
		Train:      dataset.NewGallery(ramps{64, 2 * o.Side}, dataset.Crop, o),
		Validation: dataset.NewGallery(ramps{16, 2 * o.Side}, dataset.Crop, o),
	}, nil
}}

type ramps struct{ n, side int }

func (r ramps) Len() int          { return r.n }
func (r ramps) Name(i int) string { return fmt.Sprintf("gradient %d of %d", i, r.n) }
func (r ramps) Load(i int) (*picture.Planar, error) {
	p := &picture.Planar{C: 4, H: r.side, W: r.side, Values: make([]float32, 4*r.side*r.side)}
	for k := range p.Values {
		p.Values[k] = float32((k/r.side%r.side*(i+1)+k%r.side*(r.n-i))%(2*r.side)) / float32(2*r.side)
	}
	return p, nil
}
