package conv

import (
	"sync/atomic"

	"multiscale/pkg/kernel"
)

type Shape struct{ N, C, H, W, O, Kernel, Stride, Padding int }

func (s Shape) OutH() int { return (s.H+2*s.Padding-s.Kernel)/s.Stride + 1 }
func (s Shape) OutW() int { return (s.W+2*s.Padding-s.Kernel)/s.Stride + 1 }

type Filter struct {
	o, c, kernel int
	w            []float32
}

func NewFilter(o, c, kernel int) *Filter { return &Filter{o: o, c: c, kernel: kernel} }

func (f *Filter) Load(w []float32) { f.w = w }

type Epilogue struct {
	Bias     []float32 // (O)
	Shift    []float32 // (N,O): per-sample, per-channel (an embedding of t)
	Residual []float32 // (N,O,OutH,OutW)
}

type Algorithm uint8

const (
	Auto Algorithm = iota
	Direct
	Winograd
)

var algorithm atomic.Uint32

func SetAlgorithm(a Algorithm) { algorithm.Store(uint32(a)) }

type jobFunc func(int)

func (f jobFunc) Do(i int) { f(i) }

// taps calls f for every row segment: output row oh from ow in [lo,hi), input row ih, first input column.
func (s Shape) rows(u, v int, f func(oh, lo, hi, ih, iw int)) {
	oh, ow := s.OutH(), s.OutW()
	lo := max(0, (s.Padding-v+s.Stride-1)/s.Stride)
	hi := ow
	for hi > lo && (hi-1)*s.Stride+v-s.Padding >= s.W {
		hi--
	}
	for i := range oh {
		if ih := i*s.Stride + u - s.Padding; ih >= 0 && ih < s.H && lo < hi {
			f(i, lo, hi, ih, lo*s.Stride+v-s.Padding)
		}
	}
}

func Forward(y, x []float32, f *Filter, s Shape, e Epilogue) {
	out := s.OutH() * s.OutW()
	kernel.Run(s.N*s.O, jobFunc(func(no int) {
		n, o := no/s.O, no%s.O
		p := y[no*out : (no+1)*out]
		b := float32(0)
		if e.Bias != nil {
			b += e.Bias[o]
		}
		if e.Shift != nil {
			b += e.Shift[no]
		}
		for i := range p {
			p[i] = 0
		}
		for c := range s.C {
			q := x[(n*s.C+c)*s.H*s.W:]
			for u := range s.Kernel {
				for v := range s.Kernel {
					w := f.w[((o*s.C+c)*s.Kernel+u)*s.Kernel+v]
					s.rows(u, v, func(oh, lo, hi, ih, iw int) {
						src := q[ih*s.W+iw:]
						dst := p[oh*s.OutW()+lo : oh*s.OutW()+hi]
						for i := range dst {
							dst[i] += w * src[i*s.Stride]
						}
					})
				}
			}
		}
		for i := range p {
			p[i] += b
		}
		if e.Residual != nil {
			for i, r := range e.Residual[no*out : (no+1)*out] {
				p[i] += r
			}
		}
	}))
}

func InputGradient(gx, gy []float32, f *Filter, s Shape) {
	out := s.OutH() * s.OutW()
	kernel.Run(s.N*s.C, jobFunc(func(nc int) {
		n, c := nc/s.C, nc%s.C
		p := gx[nc*s.H*s.W : (nc+1)*s.H*s.W]
		for i := range p {
			p[i] = 0
		}
		for o := range s.O {
			q := gy[(n*s.O+o)*out:]
			for u := range s.Kernel {
				for v := range s.Kernel {
					w := f.w[((o*s.C+c)*s.Kernel+u)*s.Kernel+v]
					s.rows(u, v, func(oh, lo, hi, ih, iw int) {
						dst := p[ih*s.W+iw:]
						for i, g := range q[oh*s.OutW()+lo : oh*s.OutW()+hi] {
							dst[i*s.Stride] += w * g
						}
					})
				}
			}
		}
	}))
}

func WeightGradient(gw, gBias, gShift, gy, x []float32, s Shape) {
	out := s.OutH() * s.OutW()
	kernel.Run(s.O*s.C, jobFunc(func(oc int) {
		o, c := oc/s.C, oc%s.C
		for u := range s.Kernel {
			for v := range s.Kernel {
				sum := float64(0)
				for n := range s.N {
					q := x[(n*s.C+c)*s.H*s.W:]
					g := gy[(n*s.O+o)*out:]
					s.rows(u, v, func(oh, lo, hi, ih, iw int) {
						src := q[ih*s.W+iw:]
						var part float32
						for i, g := range g[oh*s.OutW()+lo : oh*s.OutW()+hi] {
							part += g * src[i*s.Stride]
						}
						sum += float64(part)
					})
				}
				gw[((o*s.C+c)*s.Kernel+u)*s.Kernel+v] = float32(sum)
			}
		}
	}))
	for o := range s.O {
		total := float64(0)
		for n := range s.N {
			sum := float64(0)
			for _, g := range gy[(n*s.O+o)*out : (n*s.O+o+1)*out] {
				sum += float64(g)
			}
			if gShift != nil {
				gShift[n*s.O+o] = float32(sum)
			}
			total += sum
		}
		if gBias != nil {
			gBias[o] = float32(total)
		}
	}
}
