package optimize

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/param"
)

// rounding bounds the error of float32 updates against float64 ones.
const rounding = 5e-7

// gradient has scales from 1e-9 to 10, so that the place of epsilon matters, and an element that
// is always 0.
func gradient(step, n int) []float32 {
	g := make([]float32, n)
	for i := 1; i < n; i++ {
		g[i] = float32(math.Pow(10, float64(i%11-9)) * math.Sin(float64(step*n+i)))
	}
	return g
}

// groups returns a weight of n values, a bias of 7, and a frozen weight of 5.
func groups(n int) []param.Group {
	return []param.Group{
		{Name: "w", From: 0, To: n, Decays: true},
		{Name: "b", From: n, To: n + 7},
		{Name: "f", From: n + 7, To: n + 12, Decays: true, Frozen: true},
	}
}

// exact does the step of a rule in float64.
type exact func(p, m, v *float64, g, rate float64, step int, decays bool)

func exactAdam(decay float64) exact { return exactAdamOf(0.9, 0.999, decay) }

func exactAdamOf(beta1, beta2, decay float64) exact {
	const eps = 1e-8
	return func(p, m, v *float64, g, rate float64, step int, decays bool) {
		if decays {
			*p *= 1 - rate*decay
		}
		*m = beta1**m + (1-beta1)*g
		*v = beta2**v + (1-beta2)*g*g
		k := float64(step)
		*p -= rate * *m / (1 - math.Pow(beta1, k)) / (math.Sqrt(*v/(1-math.Pow(beta2, k))) + eps)
	}
}

func exactSGD(momentum, decay float64, nesterov bool) exact {
	return func(p, m, _ *float64, g, rate float64, _ int, decays bool) {
		if decays {
			g += decay * *p
		}
		*m = momentum**m + g
		if nesterov {
			*p -= rate * (g + momentum**m)
		} else {
			*p -= rate * *m
		}
	}
}

// TestRules compares values and moments with float64, for a group with weight decay, one
// without, and a frozen one.
func TestRules(t *testing.T) {
	const n, steps = 40, 20
	schedule := Cosine{Initial: 5e-4, Final: 1e-6, Steps: steps}
	for name, tc := range map[string]struct {
		rule  Rule
		exact exact
	}{
		"adam":         {Adam{}, exactAdam(0)},
		"adamw":        {AdamW{WeightDecay: 0.1}, exactAdam(0.1)},
		"sgd":          {SGD{Momentum: 0.9}, exactSGD(0.9, 0, false)},
		"sgd, decay":   {SGD{Momentum: 0.9, WeightDecay: 0.1}, exactSGD(0.9, 0.1, false)},
		"sgd, all":     {SGD{Momentum: 0.9, WeightDecay: 0.1, Nesterov: true}, exactSGD(0.9, 0.1, true)},
		"sgd, neither": {SGD{}, exactSGD(0, 0, false)},
		"adam, zeros":  {NewAdam(0, 0, 1e-8), exactAdamOf(0, 0, 0)},
		"adamw, other": {AdamW{Adam: NewAdam(0.5, 0.9, 1e-8), WeightDecay: 0.1}, exactAdamOf(0.5, 0.9, 0.1)},
		"sgd, damped": {SGD{Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.1}, func(p, m, _ *float64, g, rate float64, step int, decays bool) {
			if decays {
				g += 0.1 * *p
			}
			if step > 1 {
				*m = 0.9**m + 0.7*g
			} else {
				*m = g
			}
			*p -= rate * *m
		}},
	} {
		groups := groups(n)
		all := groups[2].To
		p := make([]float32, all)
		p64, m64, v64 := make([]float64, all), make([]float64, all), make([]float64, all)
		for i := range p {
			p[i] = float32(math.Cos(float64(i)))
			p64[i] = float64(p[i])
		}
		before := slices.Clone(p)
		o := New(tc.rule, groups, 0)
		for step := range steps {
			g := gradient(step, all)
			o.SetLearningRate(schedule.LearningRate(step))
			if err := o.Step(p, g); err != nil {
				t.Fatal(err)
			}
			for i := range groups[1].To {
				tc.exact(&p64[i], &m64[i], &v64[i], float64(g[i]), schedule.LearningRate(step), step+1, i < n)
				if d := math.Abs(float64(p[i]) - p64[i]); d > rounding {
					t.Fatalf("%s: step %d, element %d: %v, want %v", name, step, i, p[i], p64[i])
				}
			}
		}
		if from := groups[2].From; !slices.Equal(p[from:], before[from:]) {
			t.Errorf("%s: the frozen values are %v, were %v", name, p[from:], before[from:])
		}
		for k, want := range [][]float64{m64, v64}[:tc.rule.Moments()] {
			for i, got := range o.State()[k] {
				if math.Abs(float64(got)-want[i]) > 10*rounding*max(1, math.Abs(want[i])) {
					t.Errorf("%s: moment %d of element %d is %v, want %v", name, k, i, got, want[i])
				}
			}
		}
		if o.Steps() != steps || o.Name() != tc.rule.Name() {
			t.Errorf("%s: %d steps of %s", name, o.Steps(), o.Name())
		}
	}
}

// TestRestore: an optimizer that is restored after three steps continues with the same bytes,
// also on another number of cores.
func TestRestore(t *testing.T) {
	const n = 50_000 // more than one chunk
	for _, rule := range []Rule{Adam{}, AdamW{WeightDecay: 0.1}, SGD{Momentum: 0.9, Nesterov: true}} {
		groups := groups(n)
		p := make([]float32, groups[2].To)
		q := slices.Clone(p)
		one, two := New(rule, groups, 0.01), New(rule, groups, 0.01)
		for step := range 6 {
			if step == 3 {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
				// In pieces, one for each group, as state may be stored.
				var pieces [][]float32
				for _, moment := range two.State() {
					for _, g := range groups {
						pieces = append(pieces, moment[g.From:g.To])
					}
				}
				steps := two.Steps()
				two = New(rule, groups, 0.01)
				if err := two.Restore(steps, pieces); err != nil {
					t.Fatal(err)
				}
			}
			g := gradient(step, len(p))
			for o, x := range map[*Optimizer][]float32{one: p, two: q} {
				if err := o.Step(x, g); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !slices.Equal(p, q) || two.Steps() != 6 {
			t.Errorf("%s: other values after %d steps", two.Name(), two.Steps())
		}
		if err := two.Restore(0, nil); err != nil || two.Steps() != 0 || slices.Max(two.State()[0]) != 0 {
			t.Errorf("%s: no state: %v", two.Name(), err)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(o *Optimizer) error
		says string
	}{
		"short state":    {func(o *Optimizer) error { return o.Restore(1, [][]float32{{1}, {1, 2}}) }, "3 numbers, want 2 for each of 14"},
		"no state":       {func(o *Optimizer) error { return o.Restore(1, nil) }, "0 numbers"},
		"negative steps": {func(o *Optimizer) error { return o.Restore(-1, nil) }, "-1 steps"},
		"other values":   {func(o *Optimizer) error { return o.Step(make([]float32, 2), make([]float32, 14)) }, "2 values"},
		"other gradient": {func(o *Optimizer) error { return o.Step(make([]float32, 14), make([]float32, 2)) }, "gradient of 2"},
		"nothing at all": {func(o *Optimizer) error { return o.Step(nil, nil) }, "the groups have 14"},
		"unknown method": {func(*Optimizer) error { _, err := Standard().Find("lion"); return err }, "use one of adam, adamw, sgd"},
		"adam that decays": {func(*Optimizer) error {
			m, err := Standard().Find("adam")
			if err != nil {
				return err
			}
			_, err = m.New(Settings{WeightDecay: 0.1})
			return err
		}, "use adamw"},
	} {
		o := New(Adam{}, groups(2), 1)
		if err := c.do(o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
		if o.Steps() != 0 {
			t.Errorf("%s: %d steps", name, o.Steps())
		}
	}
}

// TestMethods: each method makes the rule of its name, with its default weight decay.
func TestMethods(t *testing.T) {
	for _, m := range Standard() {
		rule, err := m.New(Settings{WeightDecay: m.WeightDecay})
		if err != nil || rule.Name() != m.Name {
			t.Errorf("%s: %v, error %v", m.Name, rule, err)
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
	for _, name := range Schedules() {
		s, err := NewSchedule(name, 0.5, 30)
		if err != nil || s.LearningRate(0) != 0.5 {
			t.Errorf("%s begins at %v, error %v", name, s.LearningRate(0), err)
		}
	}
	if _, err := NewSchedule("linear", 1, 1); err == nil || !strings.Contains(err.Error(), "use one of cosine, constant, step") {
		t.Errorf("an unknown schedule: %v", err)
	}
}

func BenchmarkAdam(b *testing.B) {
	const n = 2537187 // of the UNet
	p, g := gradient(1, n), gradient(2, n)
	adam := New(Adam{}, []param.Group{{To: n}}, 1e-3)
	b.SetBytes(7 * 4 * n)
	b.ReportAllocs()
	for b.Loop() {
		if err := adam.Step(p, g); err != nil {
			b.Fatal(err)
		}
	}
}
