package mge_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/share"
)

// drawn is a sampler of batches that were drawn beforehand, on both meshes of each level's term.
type drawn map[int][2]mesh.Batch

func (d drawn) Draw(r mesh.Request) (fine, coarser mesh.Batch, err error) {
	from, to := r.Range()
	fine, coarser = d[r.Level][0].Slice(from, to), d[r.Level][1]
	if r.Coarse {
		coarser = coarser.Slice(from, to)
	}
	return fine, coarser, nil
}

// BenchmarkStage measures training steps of the cpu profile: single-scale, and the stages of
// Full-Multiscale from coarse to fine, each with whole batches and with eight shares. If the time were
// proportional to the work units, best-ms/WU would be the same for all stages.
func BenchmarkStage(b *testing.B) {
	work := mge.Work{Batches: mge.Doubling(16, 3), Iterations: 1, Stages: []int{1, 1, 1, 1}}
	for _, n := range []network.Network{network.NewUNet(), network.NewResNet()} {
		for _, strategy := range []mge.Strategy{mge.Single, mge.FullMultiscale} {
			plan, err := strategy.Plan(work)
			if err != nil {
				b.Fatal(err)
			}
			for i, stage := range plan.Stages {
				for _, shares := range []int{1, 8} {
					b.Run(fmt.Sprintf("%s/%s/%d/shares=%d", n.Name(), strategy.Name, i+1, shares), func(b *testing.B) {
						benchmarkStage(b, n, stage, shares)
					})
				}
			}
		}
	}
}

func benchmarkStage(b *testing.B, n network.Network, stage mge.Stage, shares int) {
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		b.Fatal(err)
	}
	batches := make(drawn)
	for i, size := range stage.Batches {
		level := stage.Finest + i
		fine := randomBatch(size, mesh.Side(64, level))
		fine.Samples = make([]uint64, size)
		batches[level] = [2]mesh.Batch{fine, mesh.RestrictBatch(mesh.Nearest, fine, 1)}
	}
	e := mge.Estimator{Model: model.New(n, params, op.MSE), Sampler: batches, Sum: share.Sum{Shares: shares}}
	gradient := make([]float32, params.Len())
	adam := optimize.New(optimize.Adam{}, params.Groups(), 5e-4)
	step := func(i int) {
		if _, err := e.Gradient(b.Context(), gradient, i, stage); err != nil {
			b.Fatal(err)
		}
		params.Update(func(values []float32) {
			if err := adam.Step(values, gradient); err != nil {
				b.Fatal(err)
			}
		})
	}
	step(0)
	step(1)
	b.ReportAllocs()
	best := time.Duration(math.MaxInt64) // the minimum is robust against other load
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		step(i)
		best = min(best, time.Since(start))
	}
	b.ReportMetric(best.Seconds()*1e3/stage.WorkUnits(), "best-ms/WU")
}
