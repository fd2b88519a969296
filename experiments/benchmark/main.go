// Command benchmark times training steps: forward, mean squared error,
// backward and Adam update, on random images.
//
//	go run ./experiments/benchmark [-only NETWORK] [-runs N] [-conv auto|direct|winograd] [-profile-cpu FILE]
//
// It prints one JSON object a case: network, batch, side (of the network's
// input), params, seconds_per_step (the best of the runs) and
// images_per_second.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime/pprof"
	"time"

	"multiscale/pkg/command"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// cases are the sizes that the yardstick of other frameworks uses, too.
var cases = []struct {
	network     network.Network
	batch, side int
}{
	{network.NewResNet(), 16, 16}, {network.NewResNet(), 16, 32}, {network.NewResNet(), 8, 64}, {network.NewResNet(), 4, 128},
	{network.NewUNet(), 16, 16}, {network.NewUNet(), 16, 32}, {network.NewUNet(), 8, 64}, {network.NewUNet(), 4, 128},
	{network.NewSRNet(), 8, 64}, {network.NewSRNet(), 4, 128}, {network.NewESPCN(), 8, 64},
}

// result is one line of the output.
type result struct {
	Network         string  `json:"network"`
	Batch           int     `json:"batch"`
	Side            int     `json:"side"`
	Params          int     `json:"params"`
	SecondsPerStep  float64 `json:"seconds_per_step"`
	ImagesPerSecond float64 `json:"images_per_second"`
}

func main() {
	command.Main("benchmark", func(ctx context.Context, args []string) error {
		only, runs, algorithm, profile := "", 5, "auto", ""
		f := command.NewFlags("benchmark", "times training steps of the paper's networks on random images")
		f.Choice(&only, "only", []string{"resnet", "unet", "srnet", "espcn"}, "only the cases of one network")
		f.Int(&runs, "runs", "N", 1, 1000, "5", "timed steps of each case, after one that is not counted; the best counts")
		f.Choice(&algorithm, "conv", conv.Algorithms(), "convolution algorithm")
		f.String(&profile, "profile-cpu", "FILE", "write a CPU profile for `go tool pprof`")
		if err := f.Parse(args); err != nil {
			return err
		}
		if profile != "" {
			file, err := os.Create(profile)
			if err != nil {
				return err
			}
			defer file.Close()
			if err := pprof.StartCPUProfile(file); err != nil {
				return err
			}
			defer pprof.StopCPUProfile()
		}
		by, err := conv.ParseAlgorithm(algorithm)
		if err != nil {
			return err
		}
		for _, c := range cases {
			if only != "" && c.network.Name() != only {
				continue
			}
			r, err := measure(ctx, c.network, c.batch, c.side, runs, by)
			if err != nil {
				return err
			}
			line, err := json.Marshal(r)
			if err != nil {
				return err
			}
			fmt.Println(string(line))
		}
		return nil
	})
}

// measure times training steps of one case.
func measure(ctx context.Context, n network.Network, batch, side, runs int, by conv.Algorithm) (result, error) {
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		return result{}, err
	}
	m := model.New(n, params, op.MSE)
	m.Convolution = by
	m.Memory = math.MaxInt64 // the whole batch at once, as the peers do
	r := random.New(1)
	target := side * n.Scale()
	b := mesh.Batch{Input: pixel.NewImages(batch, 3, side, side), Target: pixel.NewImages(batch, 3, target, target),
		T: make([]float32, batch), Samples: make([]uint64, batch)}
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	gradient := make([]float32, params.Len())
	adam := optimize.New(optimize.Adam{}, params.Groups(), 5e-4)
	best := math.Inf(1)
	for i := range runs + 1 {
		start := time.Now()
		if err := m.Gradients(ctx, [][]float32{gradient}, []mesh.Part{{Batch: b, Weight: 1, Key: uint64(i)}}, false); err != nil {
			return result{}, err
		}
		params.Update(func(values []float32) { err = adam.Step(values[:len(gradient)], gradient) })
		if err != nil {
			return result{}, err
		}
		if i > 0 {
			best = min(best, time.Since(start).Seconds())
		}
	}
	return result{n.Name(), batch, side, params.Len(), best, float64(batch) / best}, nil
}
