package model_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/graph"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
)

// TestDetectAnomaly: the error names a parameter that is NaN, and the parameter of an operation
// that overflows. Without an anomaly, detection does not change the bits of the gradient.
func TestDetectAnomaly(t *testing.T) {
	n := network.ResNet{Out: 3, Hidden: 8, Blocks: 2, Time: true}
	plain, watched := newModel(t, n), newModel(t, n)
	watched.DetectAnomaly = true
	b := batch(2, 8, 5)
	want, got := make([]float32, plain.Params.Len()), make([]float32, plain.Params.Len())
	if _, err := plain.AddGradient(t.Context(), want, b, 9); err != nil {
		t.Fatal(err)
	}
	if _, err := watched.AddGradient(t.Context(), got, b, 9); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("number %d of the gradient is %v with -detect-anomaly and %v without", i, got[i], want[i])
		}
	}
	params := watched.Params.Params()
	p := params[slices.IndexFunc(params, func(p *param.Param) bool { return strings.HasPrefix(p.Name, "blocks.1.") && len(p.Shape) == 4 })]
	for _, tc := range []struct {
		value float32
		words string
	}{
		{float32(math.NaN()), "is in " + p.Name + ", from the start"},
		{math.MaxFloat32, "near " + p.Name},
	} {
		old := slices.Clone(watched.Params.Values())
		watched.Params.Update(func(values []float32) {
			for i := range p.Slice(values) {
				p.Slice(values)[i] = tc.value
			}
		})
		_, err := watched.AddGradient(t.Context(), got, b, 9)
		var anomaly *graph.Anomaly
		if !errors.As(err, &anomaly) || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%s holds %v: error %v, want %q", p.Name, tc.value, err, tc.words)
		}
		if err := watched.Params.Load(old); err != nil {
			t.Fatal(err)
		}
	}
}
