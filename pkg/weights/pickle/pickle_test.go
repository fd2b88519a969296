package pickle_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"multiscale/pkg/weights/pickle"
)

// host knows the class lib.Pair, which returns its arguments, and persistent identifiers, which it returns marked.
func host() pickle.Host {
	return pickle.Host{
		Global: func(module, name string) (any, error) {
			if module+"."+name != "lib.Pair" {
				return nil, fmt.Errorf("%s is not known", pickle.Brief(module+"."+name))
			}
			return pickle.Func(func(args pickle.Tuple) (any, error) { return args, nil }), nil
		},
		Persistent: func(id any) (any, error) {
			if id == nil {
				return nil, errors.New("no identifier")
			}
			return pickle.Tuple{"persistent", id}, nil
		},
	}
}

// TestValues reads values with every supported operation.
func TestValues(t *testing.T) {
	i := func(v ...any) pickle.Tuple { return append(pickle.Tuple{}, v...) }
	l := func(v ...any) *pickle.List { return &pickle.List{Items: v} }
	for _, c := range []struct {
		program string
		want    any
	}{
		{"\x80\x02N.", nil},
		{"\x80\x05\x95\x02\x00\x00\x00\x00\x00\x00\x00\x88.", true},
		{"\x89.", false},
		{"J\xfe\xff\xff\xff.", int64(-2)},
		{"K\xff.", int64(255)},
		{"M\x01\x02.", int64(513)},
		{"\x8a\x00.", int64(0)},
		{"\x8a\x01\x80.", int64(-128)},
		{"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", int64(1<<63 - 1)},
		{"\x8b\x02\x00\x00\x00\x00\x01.", int64(256)},
		{"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", new(big.Int).Lsh(big.NewInt(1), 64)},
		{"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\xff.", new(big.Int).Lsh(big.NewInt(-1), 64)},
		{"G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		{"X\x02\x00\x00\x00\xc3\xa9.", "é"},
		{"\x8c\x01a.", "a"},
		{"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "a"},
		{"U\x01a.", "a"},
		{"T\x01\x00\x00\x00\xff.", []byte{255}},
		{"B\x01\x00\x00\x00a.", []byte("a")},
		{"C\x00.", []byte{}},
		{"\x8e\x01\x00\x00\x00\x00\x00\x00\x00a.", []byte("a")},
		{"\x96\x01\x00\x00\x00\x00\x00\x00\x00a.", []byte("a")},
		{").", i()},
		{"K\x01\x85.", i(int64(1))},
		{"NN\x86.", i(nil, nil)},
		{"NN\x88\x87.", i(nil, nil, true)},
		{"(NNNNt.", i(nil, nil, nil, nil)},
		{"].", l()},
		{"(K\x01K\x02l.", l(int64(1), int64(2))},
		{"]K\x01a(K\x02K\x03e.", l(int64(1), int64(2), int64(3))},
		{"\x8f(K\x01\x90.", l(int64(1))},
		{"(K\x01\x91.", l(int64(1))},
		{"(\x88Nd.", &pickle.Dict{Entries: []pickle.Entry{{Key: true}}}},
		{"}\x88Ns(\x89\x88u.", &pickle.Dict{Entries: []pickle.Entry{{Key: true}, {Key: false, Value: true}}}},
		{"(NN0t.", i(nil)},
		{"N(NN1.", nil},
		{"N(0.", nil},
		{"N2\x86.", i(nil, nil)},
		{"clib\nPair\nN\x85R.", i(nil)},
		{"\x8c\x03lib\x8c\x04Pair\x93N\x85\x81.", i(nil)},
		{"clib\nPair\nN\x85}\x92.", i(nil)},
		{"N}b.", nil},
		{"\x88Q.", i("persistent", true)},
		{"\x88q\x05h\x05\x86.", i(true, true)},
		{"\x88r\x05\x00\x00\x01j\x05\x00\x00\x01\x86.", i(true, true)},
		{"(\x88\x94\x89\x94h\x01h\x00t.", i(true, false, false, true)},
	} {
		got, n, err := pickle.Read([]byte(c.program+"rest"), host())
		if err != nil || n != len(c.program) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %#v of %d bytes (%v), want %#v of %d", c.program, got, n, err, c.want, len(c.program))
		}
	}
}

// TestHostile: programs that try to run code, fill the memory or confuse the machine are errors.
func TestHostile(t *testing.T) {
	huge := "\xff\xff\xff\xff\xff\xff\xff\x7f"
	for name, c := range map[string]struct{ program, want string }{
		"calls a command":             {"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", "os.system is not known"},
		"calls by names on the stack": {"\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", "builtins.eval is not known"},
		"makes an instance":           {"(S'true'\nios\nsystem\n.", "operation 'S'"},
		"makes an instance (INST)":    {"(ios\nsystem\n.", "operation 'i'"},
		"makes an object (OBJ)":       {"(clib\nPair\no.", "operation 'o'"},
		"calls by registry":           {"\x82\x01.", "operation '\\u0082'"},
		"wants a buffer":              {"\x97.", "operation"},
		"calls a text":                {"X\x01\x00\x00\x00a)R.", "calls the text a"},
		"calls without tuple":         {"clib\nPair\nNR.", "None instead of a tuple"},
		"names a class by numbers":    {"NN\x93.", "named by None and None"},
		"class without end":           {"c" + strings.Repeat("x", 1000), "without end"},
		"text of 4 GB":                {"X\xff\xff\xff\xffa.", "cut short: 4294967295 bytes"},
		"text of 8 EB":                {"\x8d" + huge + "a.", "cut short"},
		"bytes of 8 EB":               {"\x8e" + huge + "a.", "cut short"},
		"frame of 8 EB":               {"\x95" + huge + "N.", "cut short"},
		"number of 4 GB":              {"\x8b\xff\xff\xff\xffa.", "cut short"},
		"number of 300 bytes":         {"\x8b\x2c\x01\x00\x00" + strings.Repeat("a", 300) + ".", "a number of 300 bytes"},
		"text not UTF-8":              {"\x8c\x01\xff.", "UTF-8"},
		"protocol 0":                  {"I1\n.", "operation 'I'"},
		"protocol 1":                  {"\x80\x01N.", "protocol 1"},
		"protocol 9":                  {"\x80\x09N.", "protocol 9"},
		"recalls what it never kept":  {"h\x07.", "value 7"},
		"keeps nothing":               {"q\x07.", "empty stack"},
		"empty stack":                 {"\x85.", "empty stack"},
		"below a mark":                {"NN(\x86.", "empty stack"},
		"no mark":                     {"Nt.", "never made"},
		"nothing left":                {".", "0 values"},
		"two left":                    {"NN.", "2 values"},
		"a mark left":                 {"N(.", "1 values"},
		"appends to a number":         {"K\x01Na.", "appends to an integer"},
		"sets items of a list":        {"]NNs.", "sets items of a list"},
		"half an item":                {"}(Nu.", "key without value"},
		"half an item of a new one":   {"(Nd.", "key without value"},
		"no identifier":               {"NQ.", "no identifier"},
		"no end":                      {"N", "cut short"},
		"nothing":                     {"", "cut short"},
		"too long":                    {"\x8d" + "\x00\x00\x00\x02\x00\x00\x00\x00" + strings.Repeat("a", 1<<25) + ".", "too long"},
		"too many steps":              {strings.Repeat("N0", 1<<21), "more than 2097152 steps"},
	} {
		t.Run(name, func(t *testing.T) {
			v, _, err := pickle.Read([]byte(c.program), host())
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
				t.Errorf("%v, %v; want %q", pickle.Kind(v), err, c.want)
			}
		})
	}
}

// TestBombs: values that share parts or contain themselves take little memory, and nested ones no stack.
func TestBombs(t *testing.T) {
	for name, program := range map[string]string{
		"doubling":    "N\x94" + strings.Repeat("2\x86", 1000) + ".",
		"itself":      "]q\x00h\x00a.",
		"itself (2)":  "}q\x00h\x00h\x00s.",
		"nested":      strings.Repeat("(", 1000) + strings.Repeat("t", 1000) + ".",
		"nested (2)":  "N" + strings.Repeat("\x85", 200_000) + ".",
		"nested (3)":  strings.Repeat("]", 100_000) + strings.Repeat("a", 99_999) + ".",
		"far indices": "N" + strings.Repeat("r\xff\xff\xff\xff", 1000) + ".",
	} {
		if v, _, err := pickle.Read([]byte(program), host()); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if k := pickle.Kind(v); len(k) > 100 {
			t.Errorf("%s: %s", name, k)
		}
	}
}

// TestMemory: a step takes at most 256 bytes, so a program of MaxSteps takes at most 512 MiB.
func TestMemory(t *testing.T) {
	const steps, limit = pickle.MaxSteps / 8, 256 * pickle.MaxSteps / 8
	for name, program := range map[string][]byte{
		"dictionaries": bytes.Repeat([]byte("}"), steps),
		"lists kept":   bytes.Repeat([]byte("]\x94"), steps/2),
		"marks":        bytes.Repeat([]byte("("), steps),
		"calls":        append([]byte("clib\nPair\nq\x00)q\x01"), bytes.Repeat([]byte("h\x00h\x01R"), steps/3)...),
		"items":        append([]byte("}"), bytes.Repeat([]byte("K\x01NsN0"), steps/5)...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, _, err := pickle.Read(program, host()); err == nil {
			t.Errorf("%s: no error", name)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > limit {
			t.Errorf("%s: %d bytes are allocated, at most %d are wanted", name, n, limit)
		}
	}
}

func TestGet(t *testing.T) {
	d := &pickle.Dict{Entries: []pickle.Entry{{Key: "a", Value: 1}, {Key: pickle.Tuple{}, Value: 2}, {Key: "a", Value: 3}}}
	if v, ok := d.Get("a"); !ok || v != 3 {
		t.Errorf("%v, %v; the last value counts", v, ok)
	}
	if v, ok := d.Get("b"); ok {
		t.Errorf("%v", v)
	}
}

func TestBrief(t *testing.T) {
	for text, want := range map[string]string{
		"conv.weight": "conv.weight", "": `""`, "a b": `"a b"`, "a\nb": `"a\nb"`, "\x1b[2J": `"\x1b[2J"`,
		strings.Repeat("x", 150): strings.Repeat("x", 100) + "...",
	} {
		if got := pickle.Brief(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"\x80\x02}q\x00(X\x01\x00\x00\x00aclib\nPair\nq\x01(K\x01K\x02\x86tRq\x02X\x01\x00\x00\x00bh\x02u.",
		"\x80\x04\x95\x12\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94]\x94u.", "\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.",
		"(NN0t1.", "\x88Q\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01\x86.",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, n, err := pickle.Read(data, host())
		switch {
		case err == nil && (n < 1 || n > len(data) || data[n-1] != '.'):
			t.Errorf("a pickle of %d of %d bytes", n, len(data))
		case err != nil && (n != 0 || v != nil || len(err.Error()) > 400):
			t.Errorf("%d bytes, value %s, error %v", n, pickle.Kind(v), err)
		}
	})
}
