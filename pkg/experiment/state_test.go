package experiment

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/metric"
)

// TestHistoryOfAnyNumbers: a checkpoint keeps all numbers: the PSNR of equal pictures is infinite, and measures
// may be NaN.
func TestHistoryOfAnyNumbers(t *testing.T) {
	rows := history{
		{Stage: 1, Side: 16, TrainLoss: math.NaN(), GradientNorm: math.NaN(), Validation: metric.Values{"psnr": math.Inf(1), "mse": 0, "ssim": math.NaN(), "other": math.Inf(-1)}},
		{Stage: 1, Side: 16, Iteration: 1, TrainLoss: 0.1, GradientNorm: 3},
	}
	data, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var got history
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprint([]runfolder.History(rows)); fmt.Sprint([]runfolder.History(got)) != want {
		t.Errorf("%v, want %s; stored as %s", got, want, data)
	}
	if err := json.Unmarshal([]byte(`[{"Validation":{"psnr":"much"}}]`), &got); err == nil {
		t.Error("a word is no error")
	}
}

// TestProbesOfAnyNumbers: a checkpoint keeps the errors of a network that diverges.
func TestProbesOfAnyNumbers(t *testing.T) {
	want := []exact{0.25, exact(math.NaN()), exact(math.Inf(1))}
	data, err := json.Marshal(state{Probes: want})
	if err != nil {
		t.Fatal(err)
	}
	var got state
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Probes) != fmt.Sprint(want) {
		t.Errorf("%v, want %v; stored as %s", got.Probes, want, data)
	}
	if err := json.Unmarshal([]byte(`{"Probes":["much"]}`), &got); err == nil {
		t.Error("a word is no error")
	}
}
