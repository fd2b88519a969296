package model

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/lists"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
)

// named is a loss that has a name in text.
type named struct {
	name  string
	usual float64 // default of the loss's number; 0 for a loss without a number
	make  func(number float64, pixels pixel.Scale) Loss
}

// namedLosses are the losses that ParseLoss knows.
var namedLosses = []named{
	{"mse", 0, func(float64, pixel.Scale) Loss { return op.MSE }},
	{"l1", 0, func(float64, pixel.Scale) Loss { return op.L1 }},
	{"charbonnier", 1e-3, func(eps float64, _ pixel.Scale) Loss {
		return func(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.Charbonnier(y, target, eps) }
	}},
	{"huber", 0.1, func(delta float64, _ pixel.Scale) Loss {
		return func(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.Huber(y, target, delta) }
	}},
	{"ssim", 0, func(_ float64, pixels pixel.Scale) Loss {
		return func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
			y, err := denormalised(y, pixels)
			if err != nil {
				return nil, err
			}
			if target, err = denormalised(target, pixels); err != nil {
				return nil, err
			}
			return op.Dissimilarity(y, target)
		}
	}},
}

// denormalised returns x (N,C,H,W) with its values scaled to pixels in [0,1].
func denormalised(x *gorgonia.Node, pixels pixel.Scale) (*gorgonia.Node, error) {
	if x.Dims() != 4 {
		return nil, fmt.Errorf("ssim: %s has shape %v, want (N,C,H,W)", x.Name(), x.Shape())
	}
	factor, offset := make([]float32, x.Shape()[1]), make([]float32, x.Shape()[1])
	for c := range factor {
		mean, std := pixels.Channel(c)
		factor[c], offset[c] = float32(std), float32(mean)
	}
	return op.Affine(x, factor, offset)
}

// Losses returns the names of the losses that ParseLoss knows.
func Losses() []string { return lists.Of(namedLosses, func(l named) string { return l.name }) }

// maxTerms bounds the terms of a sum of losses.
const maxTerms = 16

// ParseLoss reads a loss of normalised tensors: a sum of Losses such as
//
//	charbonnier+0.2*ssim
//
// A term may have a factor before its name and a number after it: eps in charbonnier:0.001, delta in huber:0.1. These
// numbers are the defaults. ssim is one minus the structural similarity of pixels in [0,1]; pixels is the scale that
// normalised values are brought back with.
func ParseLoss(text string, pixels pixel.Scale) (Loss, error) {
	parsed, err := parseTerms(text)
	if err != nil {
		return nil, err
	}
	terms := lists.Of(parsed, func(p term) op.Weighted {
		return op.Weighted{Factor: float32(p.factor), Loss: p.make(p.number, pixels)}
	})
	if len(terms) == 1 && terms[0].Factor == 1 {
		return terms[0].Loss, nil
	}
	return func(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.WeightedSum(y, target, terms...) }, nil
}

// CanonicalLoss returns the canonical text of a loss that ParseLoss reads: huber:0.1 and 1*huber become huber.
func CanonicalLoss(text string) (string, error) {
	parsed, err := parseTerms(text)
	if err != nil {
		return "", err
	}
	parts := make([]string, len(parsed))
	for i, p := range parsed {
		if p.factor != 1 {
			parts[i] = short(p.factor) + "*"
		}
		parts[i] += p.name
		if p.number != p.usual {
			parts[i] += ":" + short(p.number)
		}
	}
	return strings.Join(parts, "+"), nil
}

// short is the shortest text of a number without a plus sign, which would separate terms.
func short(v float64) string {
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', -1, 64), "e+", "e")
}

// term is a summand of a loss.
type term struct {
	named
	factor, number float64
}

func parseTerms(text string) ([]term, error) {
	parts := strings.Split(text, "+")
	if len(parts) > maxTerms {
		return nil, fmt.Errorf("a sum of %d losses, at most %d are taken", len(parts), maxTerms)
	}
	terms := make([]term, len(parts))
	for i, part := range parts {
		factor, name, weighed := strings.Cut(part, "*")
		f := 1.0
		if !weighed {
			name = factor
		} else {
			var err error
			if f, err = positive(factor); err != nil {
				return nil, fmt.Errorf("loss %q: the factor %q is %w", part, factor, err)
			}
		}
		t, err := parseTerm(name)
		if err != nil {
			return nil, err
		}
		t.factor = f
		terms[i] = t
	}
	return terms, nil
}

// parseTerm reads name or name:number.
func parseTerm(text string) (term, error) {
	name, number, given := strings.Cut(text, ":")
	for _, l := range namedLosses {
		if l.name != name {
			continue
		}
		value := l.usual
		if given {
			if l.usual == 0 {
				return term{}, fmt.Errorf("loss %q: %s takes no number", text, name)
			}
			var err error
			if value, err = positive(number); err != nil {
				return term{}, fmt.Errorf("loss %q: %q is %w", text, number, err)
			}
		}
		return term{named: l, number: value}, nil
	}
	return term{}, fmt.Errorf("unknown loss %q: use %s, or a sum such as charbonnier+0.2*ssim", name, strings.Join(Losses(), ", "))
}

// positive reads a positive number that float32 can represent.
func positive(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= math.SmallestNonzeroFloat32 && v <= math.MaxFloat32) {
		return 0, fmt.Errorf("not a number above 0")
	}
	return v, nil
}
