package arm64

import (
	"strings"
	"testing"
)

// TestEncoding compares codes with those of LLVM's assembler for the instruction in the comment.
func TestEncoding(t *testing.T) {
	for _, tc := range []struct {
		write func(p *Program)
		want  string
	}{
		{func(p *Program) { p.Three("fadd", S4, 1, 2, 3) }, "0x4e23d441 // fadd v1.4s, v2.4s, v3.4s"},
		{func(p *Program) { p.Three("fmla", D2, 31, 0, 9) }, "0x4e69cc1f // fmla v31.2d, v0.2d, v9.2d"},
		{func(p *Program) { p.ByElement("fmla", 4, 5, 17, 3) }, "0x4fb118a4 // fmla v4.4s, v5.4s, v17.s[3]"},
		{func(p *Program) { p.Bitwise("bsl", 1, 2, 3) }, "0x6e631c41 // bsl v1.16b, v2.16b, v3.16b"},
		{func(p *Program) { p.Two("fcvtl2", 7, 8) }, "0x4e617907 // fcvtl2 v7.2d, v8.4s"},
		{func(p *Program) { p.Two("ushll.4s", 7, 8) }, "0x2f10a507 // ushll v7.4s, v8.4h, #0"},
		{func(p *Program) { p.ShiftLeft(1, 2, 23) }, "0x4f375441 // shl v1.4s, v2.4s, #23"},
		{func(p *Program) { p.DuplicateElement(D2, 1, 2, 1) }, "0x4e180441 // dup v1.2d, v2.d[1]"},
		{func(p *Program) { p.Load("q", 3, 4, 32) }, "0x3dc00883 // ldr q3, [x4, #32]"},
		{func(p *Program) { p.Load("q", 3, 4, 4) }, "0x3cc04083 // ldur q3, [x4, #4]"},
		{func(p *Program) { p.Store("s", 3, 4, 8) }, "0xbd000883 // str s3, [x4, #8]"},
		{func(p *Program) { p.LoadPair(1, 2, 3, 0) }, "0xad400861 // ldp q1, q2, [x3]"},
		{func(p *Program) { p.LoadAllNextBy(1, 2, 3) }, "0x4dc3c841 // ld1r { v1.4s }, [x2], x3"},
		{func(p *Program) { p.StoreElement(1, 3, 2) }, "0x4d009041 // st1 { v1.s }[3], [x2]"},
	} {
		p := new(Program)
		tc.write(p)
		if got := strings.TrimSpace(strings.TrimPrefix(p.text.String(), "\tWORD $")); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}

// TestArguments: parameters have the offsets of Go's stack frames.
func TestArguments(t *testing.T) {
	p := new(Program)
	p.Function("f", "is a test.", "y, x []float32, drop int16, a, b float32, n int", "sum float64", 0)
	for name, want := range map[string]int{"y": 0, "x": 24, "drop": 48, "a": 52, "b": 56, "n": 64, "sum": 72} {
		if got := p.arguments[name].offset; got != want {
			t.Errorf("%s at %d, want %d", name, got, want)
		}
	}
	if !strings.Contains(p.text.String(), "TEXT ·f(SB), NOSPLIT, $0-80") {
		t.Errorf("text %q", p.text.String())
	}
}
