// Command benchmark times training steps: forward, mean squared error,
// backward and Adam update, on random images.
//
//	go run ./experiments/benchmark [-only NETWORK] [-runs N] [-conv auto|direct|winograd] [-profile-cpu FILE]
//	go run ./experiments/benchmark -case NETWORK:BATCH:SIDE [-memory SIZE] ...
//
// It prints one JSON object a case: network, batch, side (of the network's input),
// params, seconds_per_step (the best of the runs) and images_per_second. With
// -case it measures this case only, and adds peak_rss_bytes of the process and
// gradient_sha256, the digest of the first step's gradient as little-endian
// float32.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"multiscale/pkg/command"
	"multiscale/pkg/experiment/limit"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// known returns the networks that -case accepts. By default, cases of the first four are measured.
func known() []network.Network {
	return []network.Network{network.NewResNet(), network.NewUNet(), network.NewSRNet(), network.NewESPCN(), network.NewNAFNet(), network.NewDnCNN()}
}

// size is one case; side is that of the network's input, in pixels.
type size struct {
	network     network.Network
	batch, side int
}

// standard has the default cases, the same as in the benchmarks of other frameworks.
var standard = []size{
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
	*extra
}

// extra has the fields that are only printed with -case.
type extra struct {
	PeakRSSBytes   int64  `json:"peak_rss_bytes"`
	GradientSHA256 string `json:"gradient_sha256"`
}

func main() {
	command.Main("benchmark", func(ctx context.Context, args []string) error {
		return command.Print(func(out io.Writer) error { return run(ctx, args, out) })
	})
}

// options say how cases are measured.
type options struct {
	runs      int
	algorithm conv.Algorithm
	memory    int64
}

func run(ctx context.Context, args []string, out io.Writer) error {
	only, algorithm, profile := "", "auto", ""
	o, cases, single := options{runs: 5, memory: math.MaxInt64}, standard, false
	f := command.NewFlags("benchmark", "times training steps of the paper's networks on random images")
	f.Choice(&only, "only", []string{"resnet", "unet", "srnet", "espcn"}, "only the cases of one network")
	f.Func("case", "NETWORK:BATCH:SIDE", "", "one case, such as unet:1:512, with its peak memory and a digest of its gradient; the network may have options", func(s string) error {
		c, err := parseCase(s)
		cases, single = []size{c}, true
		return err
	})
	f.Func("memory", "SIZE", "", "budget for activations, as in training; by default the whole batch is evaluated at once", func(s string) (err error) {
		if o.memory, err = command.ParseSize(s); err != nil || o.memory < 1 {
			return command.Wrong("memory", s, "not a size", "write it like 2GiB or 512MiB")
		}
		return nil
	})
	f.Int(&o.runs, "runs", "N", 1, 1000, "5", "timed steps of each case, after one that is not counted; the best counts")
	f.Choice(&algorithm, "conv", conv.Algorithms(), "convolution algorithm")
	f.String(&profile, "profile-cpu", "FILE", "write a CPU profile for `go tool pprof`")
	if err := f.Parse(args); err != nil {
		return err
	}
	if single && only != "" {
		return command.Wrong("only", only, "-case is one case", "leave one of them out")
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
	var err error
	if o.algorithm, err = conv.ParseAlgorithm(algorithm); err != nil {
		return err
	}
	for _, c := range cases {
		if only != "" && c.network.Name() != only {
			continue
		}
		r, err := measure(ctx, c, o)
		if err != nil {
			return err
		}
		if !single {
			r.extra = nil
		}
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(line))
	}
	return nil
}

// parseCase parses NETWORK:BATCH:SIDE. NETWORK may contain colons, because options follow one.
func parseCase(s string) (size, error) {
	const form = "write it as NETWORK:BATCH:SIDE, such as unet:1:512"
	fields := strings.Split(s, ":")
	if len(fields) < 3 {
		return size{}, command.Wrong("case", s, "not a case", form)
	}
	at := len(fields) - 2
	n, err := network.Find(known(), strings.Join(fields[:at], ":"))
	if err != nil {
		return size{}, command.Wrong("case", s, err.Error(), form)
	}
	batch, err := strconv.Atoi(fields[at])
	if err != nil || batch < 1 || batch > 1<<16 {
		return size{}, command.Wrong("case", s, "the batch is not a number from 1 to 65536", form)
	}
	side, err := strconv.Atoi(fields[at+1])
	if multiple := n.Multiple(); err != nil || side < multiple || side > 1<<14 || side%multiple != 0 {
		return size{}, command.Wrong("case", s, fmt.Sprintf("the side is not a multiple of %d up to 16384", multiple), form)
	}
	return size{n, batch, side}, nil
}

// measure times training steps of one case.
func measure(ctx context.Context, c size, o options) (result, error) {
	n := c.network
	params, err := network.Parameters(n, 3, 1)
	if err != nil {
		return result{}, err
	}
	m := model.New(n, params, op.MSE)
	m.Convolution, m.Memory = o.algorithm, o.memory // by default the whole batch at once, as in other frameworks
	if err := fits(m, c); err != nil {
		return result{}, err
	}
	r := random.New(1)
	target := c.side * n.Scale()
	b := mesh.Batch{Input: pixel.NewImages(c.batch, 3, c.side, c.side), Target: pixel.NewImages(c.batch, 3, target, target),
		T: make([]float32, c.batch), Samples: make([]uint64, c.batch)}
	r.Normals(b.Input.Data)
	r.Normals(b.Target.Data)
	r.Uniforms(b.T)
	gradient := make([]float32, params.Len())
	adam := optimize.New(optimize.Adam{}, params.Groups(), 5e-4)
	best, digest := math.Inf(1), ""
	for i := range o.runs + 1 {
		start := time.Now()
		if err := m.Gradients(ctx, [][]float32{gradient}, []mesh.Part{{Batch: b, Weight: 1, Key: uint64(i)}}, false); err != nil {
			return result{}, err
		}
		if i == 0 {
			digest = digestOf(gradient)
		}
		params.Update(func(values []float32) { err = adam.Step(values[:len(gradient)], gradient) })
		if err != nil {
			return result{}, err
		}
		if i > 0 {
			best = min(best, time.Since(start).Seconds())
		}
	}
	return result{network.Text(known(), n), c.batch, c.side, params.Len(), best, float64(c.batch) / best,
		&extra{limit.PeakRSS(), digest}}, nil
}

// fits returns an error if a case needs more memory than the process may use.
func fits(m *model.Model, c size) error {
	images, err := m.MicroBatch(3, c.side, c.side, true)
	if err != nil {
		return err
	}
	bytes, err := m.Bytes(min(images, c.batch), 3, c.side, c.side, true)
	if l, ok := limit.Lowest(); err == nil && ok && bytes > l.Bytes {
		return fmt.Errorf("%s:%d:%d needs %d MiB for its activations, %s allows %d; use a smaller -case or a -memory",
			network.Text(known(), c.network), c.batch, c.side, bytes>>20, l.Name, l.Bytes>>20)
	}
	return err
}

func digestOf(x []float32) string {
	h := sha256.New()
	var bytes [4]byte
	for _, v := range x {
		binary.LittleEndian.PutUint32(bytes[:], math.Float32bits(v))
		h.Write(bytes[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
