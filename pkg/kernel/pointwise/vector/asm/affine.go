package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// affine has the loops of a normalisation over rows instead of pixels.
func affine() {
	affineGroups()
	weighGroups()
	repeat()
	addPairs()
}

func affineGroups() {
	kernel("affineGroups", "(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64)",
		"writes for every row of groups the mean, gamma*rstd and beta - rest*gamma*rstd, computed in float64.")
	mean, scale, shift, gamma, beta := pointer("mean"), pointer("scale"), pointer("shift"), pointer("gamma"), pointer("beta")
	means, deviations := pointer("means"), pointer("deviations")
	eachGroup("means", false, func(channel Register) func(n int) {
		m, r, rest := XMM(), YMM(), YMM()
		VBROADCASTSS(Mem{Base: means}, m)
		VBROADCASTSD(Mem{Base: deviations}, r)
		VBROADCASTSD(Mem{Base: deviations, Disp: 8}, rest)
		ADDQ(U8(4), means)
		ADDQ(U8(16), deviations)
		return func(n int) {
			g, b, left, x, y := YMM(), YMM(), YMM(), XMM(), XMM()
			from := func(p Register) Mem { return Mem{Base: p, Index: channel, Scale: 4} }
			if n == 4 {
				VCVTPS2PD(from(gamma), g)
				VCVTPS2PD(from(beta), b)
				VMULPD(g, rest, left)
				VMULPD(r, left, left)
				VMULPD(r, g, g)
				VSUBPD(left, b, b)
				VCVTPD2PSY(g, x)
				VCVTPD2PSY(b, y)
				VMOVUPS(m, Mem{Base: mean})
				VMOVUPS(x, Mem{Base: scale})
				VMOVUPS(y, Mem{Base: shift})
			} else {
				VXORPD(g, g, g)
				VXORPD(b, b, b)
				VCVTSS2SD(from(gamma), g.AsX(), g.AsX())
				VCVTSS2SD(from(beta), b.AsX(), b.AsX())
				VMULSD(g.AsX(), rest.AsX(), left.AsX())
				VMULSD(r.AsX(), left.AsX(), left.AsX())
				VMULSD(r.AsX(), g.AsX(), g.AsX())
				VSUBSD(left.AsX(), b.AsX(), b.AsX())
				VCVTSD2SS(g.AsX(), g.AsX(), x)
				VCVTSD2SS(b.AsX(), b.AsX(), y)
				VMOVSS(m, Mem{Base: mean})
				VMOVSS(x, Mem{Base: scale})
				VMOVSS(y, Mem{Base: shift})
			}
			advance([]Register{mean, scale, shift}, 4*n)
		}
	}, nil)
	finish()
}

func weighGroups() {
	kernel("weighGroups", "(totals, sums []float64, gamma []float32, first, rows int)",
		"adds up pairs of sums of the rows of groups, each times its gamma.")
	totals, sums, gamma := pointer("totals"), pointer("sums"), pointer("gamma")
	total := XMM()
	eachGroup("totals", true, func(channel Register) func(n int) {
		VXORPD(total, total, total)
		return func(n int) {
			for i := range n {
				g := XMM()
				VXORPD(g, g, g)
				VCVTSS2SD(Mem{Base: gamma, Index: channel, Scale: 4, Disp: 4 * i}, g, g)
				VMOVDDUP(g, g)
				VMULPD(Mem{Base: sums, Disp: 16 * i}, g, g)
				VADDPD(g, total, total)
			}
			advance([]Register{sums}, 16*n)
		}
	}, func() {
		VMOVUPD(total, Mem{Base: totals})
		ADDQ(U8(16), totals)
	})
	finish()
}

// eachGroup loops over the rows of groups. The argument groupsOf has one element per group, or
// a pair of them. For each group, begin writes the code before its rows and returns a function
// that writes the code for n rows, beginning with that of channel; end writes the code after
// the rows. The last channel is followed by channel 0.
func eachGroup(groupsOf string, pairs bool, begin func(channel Register) func(n int), end func()) {
	channel, channels, groups, rows := integer("first"), length("gamma"), length(groupsOf), integer("rows")
	if pairs {
		SHRQ(U8(1), groups)
	}
	next, same := label("group"), label("same")
	left := GP64()
	Label(next)
	do := begin(channel)
	MOVQ(rows, left)
	fours(left, func(n int) {
		do(n)
		ADDQ(U8(n), channel)
	})
	if end != nil {
		end()
	}
	CMPQ(channel, channels)
	JL(LabelRef(same))
	XORQ(channel, channel)
	Label(same)
	DECQ(groups)
	JNZ(LabelRef(next))
}

// fours repeats do until left is 0: for n = 4 as long as possible, then for n = 1.
func fours(left Register, do func(n int)) {
	four, one, done := label("four"), label("one"), label("done")
	Label(four)
	CMPQ(left, U8(4))
	JL(LabelRef(one))
	do(4)
	SUBQ(U8(4), left)
	JMP(LabelRef(four))
	Label(one)
	TESTQ(left, left)
	JZ(LabelRef(done))
	do(1)
	DECQ(left)
	JMP(LabelRef(one))
	Label(done)
}

func repeat() {
	kernel("repeat", "(y, x []float32, times int)", "writes every element of x several times.")
	y, x, n, times := pointer("y"), pointer("x"), length("x"), integer("times")
	element, left, v := label("element"), GP64(), XMM()
	Label(element)
	VBROADCASTSS(Mem{Base: x}, v)
	ADDQ(U8(4), x)
	MOVQ(times, left)
	fours(left, func(n int) {
		if n == 4 {
			VMOVUPS(v, Mem{Base: y})
		} else {
			VMOVSS(v, Mem{Base: y})
		}
		advance([]Register{y}, 4*n)
	})
	DECQ(n)
	JNZ(LabelRef(element))
	finish()
}

func addPairs() {
	kernel("addPairs", "(total, sums []float64, stride int, factors []float32, step, samples int)",
		"adds up the pairs of all samples, the second of each times its factor; there is at least one pair and sample.")
	total, sums, pairs := pointer("total"), pointer("sums"), length("total")
	stride, factors, step := integer("stride"), pointer("factors"), integer("step")
	SHRQ(U8(1), pairs)
	SHLQ(U8(3), stride)
	SHLQ(U8(2), step)
	one, ones := GP64(), XMM()
	MOVQ(U64(0x3ff0000000000000), one)
	MOVQ(one, ones)
	pair, sample, last := label("pair"), label("sample"), label("last")
	// weighed returns the current pair of the current sample, times its factor.
	from, by := GP64(), GP64()
	weighed := func() VecVirtual {
		v, f := XMM(), XMM()
		VCVTSS2SD(Mem{Base: by}, ones, f)
		VUNPCKLPD(f, ones, f)
		VMULPD(Mem{Base: from}, f, v)
		return v
	}
	Label(pair)
	n := integer("samples")
	MOVQ(sums, from)
	MOVQ(factors, by)
	sum := weighed()
	Label(sample)
	DECQ(n)
	JZ(LabelRef(last))
	ADDQ(stride, from)
	ADDQ(step, by)
	VADDPD(weighed(), sum, sum)
	JMP(LabelRef(sample))
	Label(last)
	VMOVUPD(sum, Mem{Base: total})
	ADDQ(U8(16), sums)
	ADDQ(U8(16), total)
	DECQ(pairs)
	JNZ(LabelRef(pair))
	finish()
}
