package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"multiscale/onnx"
	"multiscale/onnx/export"
	"multiscale/pkg/checkpoint"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/train"
)

// waves is a sampler of waves of random direction in noise. The task is to find the waves.
type waves struct{ seed uint64 }

// Draw implements mge.Sampler. Sample i of a batch is a function of the seed, the iteration,
// the level and i.
func (w waves) Draw(request mesh.Request) (fine, coarser mesh.Batch, err error) {
	const side = 16
	from, to := request.Range()
	b := mesh.Batch{Input: pixel.NewImages(to-from, 1, side, side), Target: pixel.NewImages(to-from, 1, side, side)}
	for i := from; i < to; i++ {
		r := random.New(w.seed, uint64(request.Iteration), uint64(request.Level), uint64(i))
		x, y := r.Intn(3), r.Intn(3)
		noisy, clean := b.Input.Slice(i-from, i-from+1).Data, b.Target.Slice(i-from, i-from+1).Data
		r.Normals(noisy)
		for p := range clean {
			clean[p] = float32((x*(p%side) + y*(p/side)) % 8 / 4)
			noisy[p] += clean[p]
		}
		b.Samples = append(b.Samples, uint64(i))
	}
	fine = mesh.RestrictBatch(mesh.Average, b, request.Level)
	if request.Coarse {
		coarser = mesh.RestrictBatch(mesh.Average, fine, 1)
	}
	return fine, coarser, nil
}

// session is a training run with validation, history and checkpoints.
type session struct {
	model   *model.Model
	trainer *train.Trainer
	store   checkpoint.Store
	fixed   mesh.Batch // for validation
	history []byte     // a CSV table
}

// newSession prepares a training run with files in dir. It continues from the newest checkpoint
// there, if any.
func newSession(dir string) (*session, error) {
	n := network.ResNet{Out: 1, Hidden: 8, Blocks: 1}
	params, err := network.Parameters(n, 1, 1) // one channel, seed 1
	if err != nil {
		return nil, err
	}
	plan, err := mge.FullMultiscale.Plan(mge.Work{Batches: mge.Doubling(4, 2), Stages: []int{40, 20, 10}})
	if err != nil {
		return nil, err
	}
	s := &session{model: model.New(n, params, op.MSE), store: checkpoint.Store{Dir: dir}}
	if s.fixed, _, err = (waves{seed: 2}).Draw(mesh.Request{Size: 16}); err != nil {
		return nil, err
	}
	s.trainer = &train.Trainer{
		Plan:        plan,
		Source:      &mge.Estimator{Model: s.model, Sampler: waves{seed: 1}, Seed: 1},
		Params:      params,
		Optimizer:   optimize.New(optimize.AdamW{WeightDecay: 0.01}, params.Groups(), 0),
		Schedule:    optimize.Cosine{Initial: 1e-2, Final: 1e-5, Steps: plan.Iterations()},
		Adjustments: []train.Adjustment{train.Clip(1)},
		Hooks:       []train.Hook{s.record, s.validate, s.save},
	}
	loaded, err := s.store.Load()
	if errors.Is(err, checkpoint.ErrNone) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.history = loaded.Bytes["history"]
	return s, s.trainer.Restore(loaded.Snapshot)
}

// record is the hook that appends to the history.
func (s *session) record(_ context.Context, step train.Step) error {
	s.history = fmt.Appendf(s.history, "%d,%d,%g,%g\n", step.StageNumber+1, step.Iteration, step.WorkUnits, step.Estimate.Loss)
	return nil
}

// validate is the hook that measures the network on the finest mesh at the end of each
// stage.
func (s *session) validate(ctx context.Context, step train.Step) error {
	if !step.StageEnd {
		return nil
	}
	y := make([]float32, len(s.fixed.Target.Data))
	if err := s.model.Apply(ctx, y, s.fixed.Input, nil); err != nil {
		return err
	}
	sum := 0.0
	for i, v := range y {
		d := float64(v - s.fixed.Target.Data[i])
		sum += d * d
	}
	fmt.Printf("stage %d, iteration %d, %v work units: MSE %.1f\n", step.StageNumber+1, step.Iteration, step.WorkUnits, sum/float64(len(y)))
	return nil
}

// save is the hook that writes a checkpoint every ten iterations. The program's own state, here
// the history, is a separate section.
func (s *session) save(_ context.Context, step train.Step) error {
	if step.Iteration%10 != 0 {
		return nil
	}
	snapshot := checkpoint.Snapshot{Bytes: map[string][]byte{"history": s.history}}
	if err := s.trainer.Save(&snapshot); err != nil {
		return err
	}
	_, err := s.store.Save(snapshot)
	return err
}

// export writes the network as an ONNX file.
func (s *session) export(path string) error {
	m, err := export.Network(s.model.Network, 1, s.model.Params, export.Options{Name: "waves"})
	if err != nil {
		return err
	}
	return m.WriteFile(path)
}

// Training with history, validation, checkpoints and export, without the commands. A run is
// interrupted, and another one continues it.
func Example_checkpoints() {
	dir, err := os.MkdirTemp("", "training")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	first, err := newSession(dir)
	if err != nil {
		log.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(context.Background())
	first.trainer.Hooks = append(first.trainer.Hooks, func(_ context.Context, step train.Step) error {
		if step.Iteration == 45 {
			interrupt()
		}
		return nil
	})
	fmt.Println(first.trainer.Run(ctx))

	second, err := newSession(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("again from iteration", second.trainer.Iteration)
	if err := second.trainer.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "waves.onnx")
	if err := second.export(path); err != nil {
		log.Fatal(err)
	}
	m, err := onnx.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Count(second.history, []byte("\n")), "rows of history,", len(m.Graph.Nodes), "operations in", filepath.Base(path))
	// Output:
	// stage 1, iteration 40, 40 work units: MSE 0.3
	// stage 2, iteration 46: level 1: context canceled
	// again from iteration 40
	// stage 2, iteration 60, 110 work units: MSE 0.2
	// stage 3, iteration 70, 195 work units: MSE 0.2
	// 70 rows of history, 17 operations in waves.onnx
}
