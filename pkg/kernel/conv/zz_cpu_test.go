package conv

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// best-of GFLOP per CPU second on one core
func best(flops float64, do func()) float64 {
	do()
	b := 0.0
	end := time.Now().Add(400 * time.Millisecond)
	for i := 0; i < 5 || time.Now().Before(end); i++ {
		if i > 200 {
			break
		}
		n := max(1, int(2e8/flops))
		t := time.Now()
		for range n {
			do()
		}
		if g := flops * float64(n) / float64(time.Since(t)); g > b {
			b = g
		}
		if time.Now().After(end.Add(2 * time.Second)) {
			break
		}
	}
	return b
}

func TestZZ(t *testing.T) {
	sel := os.Getenv("ZZ")
	if sel == "" {
		return
	}
	procs := 1
	if os.Getenv("ZZP") != "" {
		procs = 2
	}
	runtime.GOMAXPROCS(procs)
	for _, path := range []string{kernel.AVX512, kernel.AVX2, kernel.Portable} {
		if !strings.Contains(sel, path) {
			continue
		}
		kernels = lanes.For(path)
		if v := os.Getenv("ZZC"); v != "" {
			fmt.Sscan(v, &winogradChunks.smallest, &winogradChunks.largest, &winogradChunks.enough)
		}
		if v := os.Getenv("ZZD"); v != "" {
			fmt.Sscan(v, &directChunks.smallest, &directChunks.largest, &directChunks.enough)
		}
		for _, s := range benchmarks {
			if o := os.Getenv("ZZS"); o != "" && !strings.Contains(s.name(), o) {
				continue
			}
			r := rand.New(rand.NewPCG(1, 2))
			x, w, y := random(r, s.input().size()), random(r, s.O*s.C*s.taps()), random(r, s.output().size())
			gx, gw := make([]float32, len(x)), make([]float32, len(w))
			f := NewFilter(s.O, s.C, s.Kernel)
			f.Load(w)
			flops := 2 * float64(len(y)) * float64(s.C*s.taps())
			line := fmt.Sprintf("%-7s %-32s", path, s.name())
			for _, a := range []Algorithm{Direct, Winograd} {
				SetAlgorithm(a)
				if a == Winograd && !winograd(s) {
					continue
				}
				line += fmt.Sprintf(" | %-8s F %5.0f I %5.0f W %5.0f P %4.0fus", a,
					best(flops, func() { Forward(y, x, f, s, Epilogue{}) }),
					best(flops, func() { InputGradient(gx, y, f, s) }),
					best(flops, func() { WeightGradient(gw, nil, nil, y, x, s) }),
					func() float64 {
						u := use{winograd: a == Winograd, stride: s.Stride, padding: s.Padding, kernels: kernels}
						v := u
						v.gradient = true
						return 1000 / best(1e6, func() { f.Load(w); f.form(u); f.form(v) })
					}())
			}
			fmt.Println(line)
		}
	}
}
