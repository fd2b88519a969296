package optimize

import (
	"math"
	"slices"
	"testing"
)

// TestEMA compares an average with one in float64.
func TestEMA(t *testing.T) {
	const n, decay = 40_000, 0.9 // several chunks
	values, want := make([]float32, n), make([]float64, n)
	for i := range values {
		values[i] = float32(math.Sin(float64(i)))
		want[i] = float64(values[i])
	}
	ema := NewEMA(decay, values)
	for step := range 5 {
		for i := range values {
			values[i] += float32(step) * 0.1
			want[i] = decay*want[i] + (1-decay)*float64(values[i])
		}
		if err := ema.Update(values); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range ema.Values() {
		if math.Abs(float64(v)-want[i]) > rounding {
			t.Fatalf("element %d: %v, want %v", i, v, want[i])
		}
	}
	if n := testing.AllocsPerRun(10, func() { _ = ema.Update(values) }); n >= 1 {
		t.Errorf("an update allocates %v times", n)
	}
	// The average of a constant keeps its bits.
	frozen := NewEMA(0.999, values)
	for range 50 {
		if err := frozen.Update(values); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(frozen.Values(), values) {
		t.Error("an average of equal values is another value")
	}
	again := NewEMA(decay, make([]float32, n))
	if err := again.Restore(ema.Values()); err != nil || again.Values()[7] != ema.Values()[7] {
		t.Errorf("restored %v: %v", again.Values()[7], err)
	}
	if ema.Update(values[1:]) == nil || ema.Restore(values[1:]) == nil {
		t.Error("another number of values is taken")
	}
}

func TestWarmup(t *testing.T) {
	const steps, rate = 10, 0.5
	cosine := Cosine{Initial: rate, Final: 0.1, Steps: steps}
	if got, want := (Warmup{Then: cosine}).LearningRate(3), cosine.LearningRate(3); got != want {
		t.Errorf("without steps: %v, want %v", got, want)
	}
	w := Warmup{Rate: rate, Steps: 4, Then: cosine}
	for step, want := range map[int]float64{0: rate / 4, 1: rate / 2, 2: rate * 3 / 4, 3: rate, 4: cosine.LearningRate(1), 3 + steps: 0.1} {
		if got := w.LearningRate(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("step %d: %v, want %v", step, got, want)
		}
	}
}

func TestExtended(t *testing.T) {
	x := Extended{Schedule: Cosine{Initial: 0.5, Final: 0.1, Steps: 4}, Steps: 4, Rate: 0.2}
	for step, want := range map[int]float64{0: 0.5, 2: 0.3, 3: Cosine{0.5, 0.1, 4}.LearningRate(3), 4: 0.2, 9: 0.2} {
		if got := x.LearningRate(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("step %d: %v, want %v", step, got, want)
		}
	}
}
