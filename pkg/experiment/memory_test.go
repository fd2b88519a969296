package experiment

import (
	"io"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/layer"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// normalised is a network with a batch normalisation.
type normalised struct{ network.Plain }

func (normalised) Name() string { return "normalised" }

func (normalised) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	h := b.BatchNorm("bn", b.Conv("open", x, layer.Conv{Out: 16, Kernel: 3, NoBias: true}))
	return b.Conv("close", b.Activate(h, layer.SiLU), layer.Conv{Out: x.Shape()[1], Kernel: 3})
}

// opened is an experiment of settings with its data, model and plans.
func opened(t *testing.T, known catalog.Catalog, v setting.Values) (*Experiment, *model.Model, []mge.Plan) {
	t.Helper()
	c, err := setting.Parse(known, v)
	if err != nil {
		t.Fatal(err)
	}
	e, err := newExperiment(known, c.Task, c, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.progress.Close() })
	if err := e.open(t.Context(), dataset.DecodeSmall); err != nil {
		t.Fatal(err)
	}
	m, err := e.newModel(1)
	if err != nil {
		t.Fatal(err)
	}
	plans, err := e.plans()
	if err != nil {
		t.Fatal(err)
	}
	return e, m, plans
}

// TestPredictedActivations: a step takes the predicted memory. It is within the budget if batches can be divided; if the
// network normalises over batches, it may exceed the budget.
func TestPredictedActivations(t *testing.T) {
	known, err := catalog.Standard().With(catalog.Catalog{Networks: []network.Network{normalised{}}})
	if err != nil {
		t.Fatal(err)
	}
	const budget = setting.MinMemory
	for name, whole := range map[string]bool{"normalised": true, "resnet:hidden=16": false} {
		e, m, plans := opened(t, known, setting.Values{"task": "denoising", "network": name, "side": "64", "levels": "1", "batch": "16", "memory": "16MiB", "strategy": "mge"})
		need, err := e.memory(m, plans)
		if err != nil {
			t.Fatal(err)
		}
		if m.WholeBatches() != whole || need.activations > budget != whole {
			t.Errorf("%s: whole batches %v, %d bytes", name, m.WholeBatches(), need.activations)
		}
		m.Memory = 1 << 40 // the arena would otherwise be of the budget's size at once
		if !whole {
			m.Memory = budget
			e.arena.Reserve(need.activations)
		}
		estimator := e.estimator(m, e.sampler(1), 1)
		if _, err := estimator.Gradient(t.Context(), make([]float32, m.Params.Len()), 0, plans[0].Stages[0]); err != nil {
			t.Fatal(err)
		}
		if got := e.arena.Bytes(); got != need.activations {
			t.Errorf("%s: a step takes %d bytes, predicted are %d", name, got, need.activations)
		}
	}
}

// TestPredictedValidation: a validation with more pictures than a batch fits into the memory that is reserved for
// activations. Its pictures are counted, and so are the decoded pictures of training.
func TestPredictedValidation(t *testing.T) {
	const n, side = 24, 16
	c, err := setting.Parse(catalog.Standard(), setting.Values{"task": "denoising", "network": "dncnn", "side": "16", "levels": "0", "batch": "1",
		"iterations": "1", "strategy": "single", "validation-pictures": "24"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := newExperiment(catalog.Standard(), c.Task, c, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer e.progress.Close()
	if err := e.open(t.Context(), dataset.DecodeSmall); err != nil {
		t.Fatal(err)
	}
	m, err := e.newModel(1)
	if err != nil {
		t.Fatal(err)
	}
	plans, err := e.plans()
	if err != nil {
		t.Fatal(err)
	}
	need, err := e.memory(m, plans)
	if err != nil {
		t.Fatal(err)
	}
	e.arena.Reserve(need.activations)
	v, err := task.NewValidation(c.Task, e.set, side, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Measure(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := e.arena.Bytes(); got != (need.activations+3)/4*4 {
		t.Errorf("a validation takes %d bytes, predicted are %d", got, need.activations)
	}
	mean, err := pictureBytes(e.set.Validation)
	if err != nil {
		t.Fatal(err)
	}
	// Input, target, answer and the pixels of two; one picture that is drawn, and those that are cut up.
	if want := 5*4*3*n*side*side + int64((n+1)*mean); need.pictures < want-8 || need.pictures > want {
		t.Errorf("pictures take %d bytes, want %d", need.pictures, want)
	}
}
