package optimize

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// rounding bounds the error of float32 updates against float64 ones.
const rounding = 5e-7

// parameter is a value with a gradient, as Gorgonia's solvers take them.
type parameter struct {
	value, grad gorgonia.Value
	err         error
}

func (p parameter) Value() gorgonia.Value         { return p.value }
func (p parameter) Grad() (gorgonia.Value, error) { return p.grad, p.err }

func newParameter(p, g []float32) parameter {
	return parameter{value: dense(p), grad: dense(g)}
}

func dense(x []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)), tensor.WithBacking(x))
}

// gradient has scales from 1e-9 to 10, so that the place of epsilon matters,
// and a 0 that stays 0.
func gradient(step, n int) []float32 {
	g := make([]float32, n)
	for i := 1; i < n; i++ {
		g[i] = float32(math.Pow(10, float64(i%11-9)) * math.Sin(float64(step*n+i)))
	}
	return g
}

func TestAdam(t *testing.T) {
	const n, steps, beta1, beta2, eps = 40, 20, 0.9, 0.999, 1e-8
	schedule := Cosine{Initial: 5e-4, Final: 1e-6, Steps: steps}
	p, q := make([]float32, n), make([]float32, 7)
	p64, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range p {
		p[i] = float32(math.Cos(float64(i)))
		p64[i] = float64(p[i])
	}
	adam := NewAdam(AdamOptions{})
	for step := range steps {
		g := gradient(step, n)
		rate := schedule.LearningRate(step)
		adam.SetLearningRate(rate)
		if err := adam.Step([]gorgonia.ValueGrad{newParameter(p, g), newParameter(q, gradient(step, 7))}); err != nil {
			t.Fatal(err)
		}
		for i, d := range g {
			d := float64(d)
			m64[i] = beta1*m64[i] + (1-beta1)*d
			v64[i] = beta2*v64[i] + (1-beta2)*d*d
			k := float64(step + 1)
			p64[i] -= rate * m64[i] / (1 - math.Pow(beta1, k)) / (math.Sqrt(v64[i]/(1-math.Pow(beta2, k))) + eps)
			if d := math.Abs(float64(p[i]) - p64[i]); d > rounding {
				t.Fatalf("step %d, element %d: %v, want %v", step, i, p[i], p64[i])
			}
		}
	}
	if adam.Steps() != steps || adam.Name() != "adam" {
		t.Errorf("%d steps of %s", adam.Steps(), adam.Name())
	}
	state := adam.State()
	if len(state) != 4 || len(state[0]) != n || len(state[1]) != 7 || len(state[2]) != n {
		t.Fatalf("the state is not the first moments, then the second: %d slices", len(state))
	}
	for i := range n {
		if math.Abs(float64(state[0][i])-m64[i]) > rounding || math.Abs(float64(state[2][i])-v64[i]) > rounding*10 {
			t.Errorf("moments %v and %v, want %v and %v", state[0][i], state[2][i], m64[i], v64[i])
		}
	}
}

// TestAgreesWithGorgonia runs Gorgonia's own Adam beside ours.
func TestAgreesWithGorgonia(t *testing.T) {
	const n = 33
	p, q := gradient(100, n), gradient(100, n)
	ours, theirs := NewAdam(AdamOptions{LearningRate: 1e-2}), gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-2))
	for step := range 5 {
		for solver, x := range map[gorgonia.Solver][]float32{ours: p, theirs: q} {
			if err := solver.Step([]gorgonia.ValueGrad{newParameter(x, gradient(step, n))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range p {
		if math.Abs(float64(p[i]-q[i])) > 5*rounding*max(1, math.Abs(float64(q[i]))) {
			t.Errorf("element %d: %v, Gorgonia's %v", i, p[i], q[i])
		}
	}
}

func TestSGD(t *testing.T) {
	p, q := []float32{1, 2}, []float64{1, 2}
	var velocity [2]float64
	sgd := NewSGD(0.1, 0.9)
	for range 4 {
		g := []float32{0.5, -1}
		if err := sgd.Step([]gorgonia.ValueGrad{newParameter(p, g)}); err != nil {
			t.Fatal(err)
		}
		for i := range q {
			velocity[i] = 0.9*velocity[i] + float64(g[i])
			q[i] -= 0.1 * velocity[i]
			if math.Abs(float64(p[i])-q[i]) > rounding {
				t.Errorf("%v, want %v", p[i], q[i])
			}
		}
	}
}

// TestRestore stops after three steps, goes on in another optimizer, and must
// arrive at the same bits.
func TestRestore(t *testing.T) {
	for _, create := range []func() Optimizer{
		func() Optimizer { return NewAdam(AdamOptions{LearningRate: 0.01}) },
		func() Optimizer { return NewSGD(0.01, 0.9) },
	} {
		const n = 20
		p, q := make([]float32, n), make([]float32, n)
		one, two := create(), create()
		for step := range 6 {
			if step == 3 {
				saved, steps := two.State(), two.Steps()
				two = create()
				if err := two.Restore(steps, saved); err != nil {
					t.Fatal(err)
				}
			}
			for o, x := range map[Optimizer][]float32{one: p, two: q} {
				if err := o.Step([]gorgonia.ValueGrad{newParameter(x, gradient(step, n))}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range p {
			if p[i] != q[i] {
				t.Fatalf("%s: element %d is %v, uninterrupted %v", one.Name(), i, q[i], p[i])
			}
		}
		if two.Steps() != 6 {
			t.Errorf("%s: %d steps", two.Name(), two.Steps())
		}
	}
}

// TestNoParameters: a step without parameters does nothing, also to those that follow.
func TestNoParameters(t *testing.T) {
	for _, o := range []Optimizer{NewAdam(AdamOptions{LearningRate: 0.01}), NewSGD(0.01, 0.9)} {
		p := []float32{1}
		for _, model := range [][]gorgonia.ValueGrad{nil, {newParameter(p, []float32{1})}} {
			if err := o.Step(model); err != nil {
				t.Fatal(err)
			}
		}
		if p[0] == 1 {
			t.Errorf("%s: the parameter was left alone", o.Name())
		}
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(a *Adam) error
		says string
	}{
		"odd state":      {func(a *Adam) error { return a.Restore(1, make([][]float32, 3)) }, "2 for each parameter"},
		"uneven state":   {func(a *Adam) error { return a.Restore(1, [][]float32{{1}, {1, 2}}) }, "length 2"},
		"negative steps": {func(a *Adam) error { return a.Restore(-1, nil) }, "-1 steps"},
		"other parameters": {func(a *Adam) error {
			_ = a.Restore(1, [][]float32{{1}, {1}})
			return a.Step([]gorgonia.ValueGrad{newParameter(make([]float32, 2), make([]float32, 2))})
		}, "its state 1"},
		"more parameters": {func(a *Adam) error {
			_ = a.Restore(1, [][]float32{{1}, {1}})
			return a.Step(make([]gorgonia.ValueGrad, 2))
		}, "2 parameters, but the state is for 1"},
		"gradient of another length": {func(a *Adam) error {
			return a.Step([]gorgonia.ValueGrad{newParameter(make([]float32, 2), make([]float32, 3))})
		}, "its gradient 3"},
		"float64": {func(a *Adam) error {
			x := tensor.New(tensor.WithBacking([]float64{1}))
			return a.Step([]gorgonia.ValueGrad{parameter{value: x, grad: x}})
		}, "float32"},
	} {
		err := c.do(NewAdam(AdamOptions{}))
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "adam: ") {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		schedule Schedule
		step     int
		want     float64
	}{
		{Constant(0.5), 7, 0.5},
		{Cosine{5e-4, 1e-6, 20}, 0, 5e-4},
		{Cosine{5e-4, 1e-6, 20}, 1, 0.0004969282409784868}, // PyTorch's CosineAnnealingLR
		{Cosine{5e-4, 1e-6, 20}, 10, 0.0002505},
		{Cosine{5e-4, 1e-6, 20}, 20, 1e-6},
		{Cosine{5e-4, 1e-6, 20}, 25, 1e-6},
		{StepDecay{1, 0.1, 10}, 9, 1},
		{StepDecay{1, 0.1, 10}, 10, 0.1},
		{StepDecay{1, 0.1, 10}, 29, 0.01},
		{StepDecay{1, 0.1, 0}, 29, 1},
	} {
		if got := c.schedule.LearningRate(c.step); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v at %d: %v, want %v", c.schedule, c.step, got, c.want)
		}
	}
}

func BenchmarkAdam(b *testing.B) {
	const n = 2537187 // of the UNet
	model := []gorgonia.ValueGrad{newParameter(gradient(1, n), gradient(2, n))}
	adam := NewAdam(AdamOptions{LearningRate: 1e-3})
	if err := adam.Step(model); err != nil { // makes the state
		b.Fatal(err)
	}
	b.SetBytes(7 * 4 * n)
	b.ReportAllocs()
	for b.Loop() {
		if err := adam.Step(model); err != nil {
			b.Fatal(err)
		}
	}
}
