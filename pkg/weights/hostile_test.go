package weights_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/weights"
)

// checkpoint makes a zip file of a pickle and other files, as PyTorch does.
func checkpoint(t testing.TB, program string, files ...string) []byte {
	t.Helper()
	return zipped(t, zip.Store, append([]string{"data.pkl", program}, files...)...)
}

// zipped makes a zip file with one folder. files are names and contents, alternating.
func zipped(t testing.TB, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name := files[i]
		if !strings.HasPrefix(name, "/") {
			name = "/" + name
		}
		header := &zip.FileHeader{Name: "archive" + name, Method: method}
		w, err := z.CreateHeader(header)
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Fragments of pickles.
const (
	rebuild = "ctorch._utils\n_rebuild_tensor_v2\n"
	floats  = "ctorch\nFloatStorage\n"
)

func text(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func integer(n int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func tuple(n ...int64) string {
	s := "("
	for _, v := range n {
		s += integer(v)
	}
	return s + "t"
}

// tensor is a pickled tensor over the storage "0" of n elements.
func tensor(n, offset int64, shape, strides string) string {
	return rebuild + "((" + text("storage") + floats + text("0") + text("cpu") + integer(n) + "tQ" + integer(offset) + shape + strides + "\x89NtR"
}

// dictionary is a pickle of a dictionary with the key "w".
func dictionary(value string) string { return "\x80\x02}" + text("w") + value + "s." }

// TestHostileCheckpoints: malicious and invalid checkpoints are errors.
func TestHostileCheckpoints(t *testing.T) {
	four := strings.Repeat("\x00", 16) // of float32
	good := dictionary(tensor(4, 0, tuple(2, 2), tuple(2, 1)))
	if _, err := weights.Decode(checkpoint(t, good, "data/0", four)); err != nil {
		t.Fatal(err)
	}
	shared := "\x80\x02}(" + text("a") + tensor(1<<17, 0, tuple(1<<17), tuple(1)) + "q\x05"
	for i := range 40 {
		shared += text(fmt.Sprint(i)) + "h\x05"
	}
	shared += "u."
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"runs a command":         {checkpoint(t, "\x80\x02cos\nsystem\n"+text("touch owned")+"\x85R."), "os.system"},
		"runs a command (posix)": {checkpoint(t, dictionary("cposix\nsystem\n"+text("touch owned")+"\x85R")), "posix.system"},
		"evaluates":              {checkpoint(t, dictionary("cbuiltins\neval\n"+text("1")+"\x85R")), "builtins.eval"},
		"gets an attribute":      {checkpoint(t, dictionary("cbuiltins\ngetattr\n(NNtR")), "builtins.getattr"},
		"loads again":            {checkpoint(t, dictionary("ctorch\nload\n"+text("x")+"\x85R")), "torch.load"},
		"loads bytes":            {checkpoint(t, dictionary("ctorch.storage\n_load_from_bytes\nC\x00\x85R")), "_load_from_bytes"},
		"sets a state":           {checkpoint(t, dictionary("csubprocess\nPopen\n)\x81}b")), "subprocess.Popen"},
		"a function of nothing":  {checkpoint(t, dictionary("ctorch._tensor\n_rebuild_from_type_v2\n)R")), "without arguments"},
		"nested functions":       {checkpoint(t, dictionary("ctorch._tensor\n_rebuild_from_type_v2\nq\x00(h\x00N(h\x00NNtNtR")), "a function of a function"},

		"storage missing":        {checkpoint(t, good), "holds no archive/data/0"},
		"storage cut":            {checkpoint(t, good, "data/0", four[:15]), "cut short"},
		"storage elsewhere":      {checkpoint(t, strings.Replace(good, text("0"), text("../../../etc/passwd"), 1), "data/0", four), "etc/passwd"},
		"storage of 8 EB":        {checkpoint(t, dictionary(tensor(1<<62, 0, tuple(2), tuple(1))), "data/0", four), "no class, key or size"},
		"storage of -1":          {checkpoint(t, dictionary(tensor(-1, 0, tuple(2), tuple(1))), "data/0", four), "no class, key or size"},
		"beyond the storage":     {checkpoint(t, dictionary(tensor(4, 1, tuple(2, 2), tuple(2, 1))), "data/0", four), "reaches beyond"},
		"offset":                 {checkpoint(t, dictionary(tensor(4, 5, tuple(1), tuple(1))), "data/0", four), "begins at element 5"},
		"negative offset":        {checkpoint(t, dictionary(tensor(4, -1, tuple(1), tuple(1))), "data/0", four), "begins at element -1"},
		"scalar beyond":          {checkpoint(t, dictionary(tensor(4, 4, ")", ")")), "data/0", four), "begins at element 4"},
		"huge stride":            {checkpoint(t, dictionary(tensor(4, 0, tuple(2, 2), tuple(1<<62, 1<<62))), "data/0", four), "reaches beyond"},
		"strides that wrap":      {checkpoint(t, dictionary(tensor(4, 0, tuple(5, 5), tuple(1<<62, 1<<62))), "data/0", four), "reaches beyond"},
		"negative stride":        {checkpoint(t, dictionary(tensor(4, 3, tuple(2), tuple(-1))), "data/0", four), "negative"},
		"negative side":          {checkpoint(t, dictionary(tensor(4, 0, tuple(-2, -2), tuple(2, 1))), "data/0", four), "negative side"},
		"2^62 elements":          {checkpoint(t, dictionary(tensor(4, 0, tuple(1<<31-1, 1<<31-1), tuple(0, 0))), "data/0", four), "elements"},
		"2^30 elements of one":   {checkpoint(t, dictionary(tensor(4, 0, tuple(1<<15, 1<<15), tuple(0, 0))), "data/0", four), "times the file"},
		"one storage many times": {checkpoint(t, shared, "data/0", strings.Repeat("\x00", 1<<19)), "times the file"},
		"many dimensions":        {checkpoint(t, dictionary(tensor(4, 0, tuple(make([]int64, 17)...), tuple(make([]int64, 17)...))), "data/0", four), "17 dimensions"},
		"too few strides":        {checkpoint(t, dictionary(tensor(4, 0, tuple(2, 2), tuple(1))), "data/0", four), "1 strides"},
		"side is a text":         {checkpoint(t, dictionary(tensor(4, 0, text("a")+"\x85", tuple(1))), "data/0", four), "a side or stride"},
		"no storage":             {checkpoint(t, dictionary(rebuild+"(NNNNtR")), "None, None, None and None"},
		"tensor of nothing":      {checkpoint(t, dictionary(rebuild+")R")), "without shape"},
		"another persistent":     {checkpoint(t, dictionary("NQ")), "want a storage"},
		"a lazy negation":        {checkpoint(t, dictionary(strings.Replace(tensor(4, 0, tuple(2), tuple(1)), "\x89NtR", "\x89N}"+text("neg")+"\x88stR", 1)), "data/0", four), "resolve_neg"},
		"two sizes":              {checkpoint(t, "\x80\x02}("+text("a")+tensor(4, 0, tuple(1), tuple(1))+text("b")+tensor(3, 0, tuple(1), tuple(1))+"u.", "data/0", four), "two ways"},

		"no pickle":               {zipped(t, zip.Store, "x", ""), "holds no data.pkl"},
		"two checkpoints":         {zipped(t, zip.Store, "data.pkl", good, "/../other/data.pkl", good), ""},
		"the same name twice":     {zipped(t, zip.Store, "data.pkl", good, "data.pkl", good), "twice"},
		"a bomb":                  {zipped(t, zip.Deflate, "data.pkl", good+strings.Repeat("N", 1<<20)), "compressed"},
		"a bomb as storage":       {bomb(t, good), "compressed"},
		"byte order":              {checkpoint(t, good, "data/0", four, "byteorder", "middle"), "byte order"},
		"pickle too long":         {checkpoint(t, "\x8d\x00\x00\x00\x02\x00\x00\x00\x00"+strings.Repeat("a", 1<<25)), "too long"},
		"page of a web server":    {[]byte("<!DOCTYPE html><html><body>Not found</body></html>"), "web page"},
		"page after a blank line": {[]byte("\r\n <!doctype HTML><html></html>"), "web page"},
		"pointer of Git LFS":      {[]byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "git lfs pull"},
		"nothing":                 {nil, "empty"},
		"tar":                     {append(make([]byte, 257), "ustar\x0000"...), "tar file"},
		"another pickle":          {[]byte("\x80\x02}."), "not a PyTorch checkpoint"},
		"another version":         {[]byte(legacyNumber + "\x80\x02K\x05."), "version of its format"},
		"legacy: a command":       {[]byte(legacyHead + "\x80\x02cos\nsystem\n" + text("touch owned") + "\x85R."), "os.system"},
		"legacy: storage of 8 EB": {[]byte(legacyHead + good + keyList + "\xff\xff\xff\xff\xff\xff\xff\x7f"), "elements, but 4 in the pickle"},
		"legacy: storage cut":     {[]byte(legacyHead + good + keyList + "\x04\x00\x00\x00\x00\x00\x00\x00" + four[1:]), "cut short"},
		"legacy: none listed":     {[]byte(legacyHead + good + "\x80\x02]."), "does not hold its storage"},
		"legacy: unknown listed":  {[]byte(legacyHead + "\x80\x02}." + keyList), "no tensor has"},
		"legacy: no list":         {[]byte(legacyHead + good + "\x80\x02N."), "list of its storages"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			f, err := weights.Decode(c.data)
			if name == "two checkpoints" { // the second is nested too deep and ignored; the first lacks its storage
				if err == nil || !strings.Contains(err.Error(), "data/0") {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatalf("read: %v", f.Names())
			}
			if s := err.Error(); !strings.Contains(s, c.want) || len(s) > 500 || strings.Contains(s, "\n") {
				t.Errorf("%s; want %q", s, c.want)
			}
			if _, err := os.Stat("owned"); err == nil {
				t.Error("the command was run")
			}
		})
	}
}

// TestBeside reads checkpoints that have other entries beside the weights w.
func TestBeside(t *testing.T) {
	part := func(key, value string) string { return text(key) + value }
	call := func(class string) string { return "c" + class + "\n(tR" }
	w := "}" + text("w") + tensor(4, 0, tuple(4), tuple(1)) + "s"
	zeros := "}" + text("w") + tensor(4, 0, tuple(4), tuple(0)) + "s"
	many := 300_000
	for name, c := range map[string]struct{ entries, part string }{
		"nothing":             {part("model", w), "model"},
		"EMA":                 {part("params", zeros) + part("params_ema", w), "params_ema"},
		"EMA as timm has it":  {part("state_dict", zeros) + part("state_dict_ema", w), "state_dict_ema"},
		"EMA, another order":  {part("ema_state_dict", w) + part("model_state_dict", zeros), "ema_state_dict"},
		"version of PyTorch":  {part("state_dict", w) + part("version", "ctorch.torch_version\nTorchVersion\n"+text("2.15.0")+"\x85\x81}b"), "state_dict"},
		"default dictionary":  {part("state_dict", w) + part("scores", "ccollections\ndefaultdict\nc__builtin__\nfloat\n\x85R"), "state_dict"},
		"complex, Python 2":   {part("state_dict", w) + part("z", call("__builtin__\ncomplex")), "state_dict"},
		"complex, Python 3":   {part("state_dict", w) + part("z", call("builtins\ncomplex")), "state_dict"},
		"a dictionary, often": {part("notes", "}q\x05("+strings.Repeat("K\x01N", many)+"u") + strings.Repeat(part("", "h\x05"), many) + part("best", w), "best"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := weights.Decode(checkpoint(t, "\x80\x02}("+c.entries+"u.", "data/0", "\x00\x00\x00\x00\x00\x00\x80\x3f"+strings.Repeat("\x00", 8)))
			if err != nil {
				t.Fatal(err)
			}
			if v, err := f.Tensors["w"].Floats(); err != nil || f.Part != c.part || !slices.Equal(v, []float32{0, 1, 0, 0}) {
				t.Errorf("part %q: %v, %v", f.Part, v, err)
			}
		})
	}
}

// The parts of a checkpoint without zip before its pickle, and the list of storages after it.
const (
	legacyNumber = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	legacyHead   = legacyNumber + "\x80\x02M\xe9\x03.\x80\x02}."
	keyList      = "\x80\x02]X\x01\x00\x00\x000a."
)

// bomb returns a checkpoint whose storage unpacks to 64 MiB.
func bomb(t testing.TB, program string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string][]byte{"archive/data.pkl": []byte(program), "archive/data/0": make([]byte, 1<<26)} {
		method := zip.Store
		if len(content) > 1<<20 {
			method = zip.Deflate
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLegacyParts reads storages that are parts of other storages, which old checkpoints have.
func TestLegacyParts(t *testing.T) {
	part := strings.Replace(tensor(4, 0, tuple(2), tuple(1)), integer(4)+"tQ", integer(4)+"("+text("v")+integer(1)+integer(3)+"ttQ", 1)
	block := "\x04\x00\x00\x00\x00\x00\x00\x00"
	for i := range 4 {
		block += string(binary.LittleEndian.AppendUint32(nil, uint32(0x3f800000+i<<23)))
	}
	for _, c := range []struct{ name, part, want string }{
		{"part", part, ""},
		{"part beyond", strings.Replace(part, integer(3), integer(4), 1), "reaches beyond it"},
		{"tensor beyond its part", strings.Replace(part, integer(3), integer(1), 1), "reaches beyond a storage of 1"},
	} {
		f, err := weights.Decode([]byte(legacyHead + dictionary(c.part) + keyList + block))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if v, err := f.Tensors["w"].Floats(); err != nil || len(v) != 2 || v[0] != 2 || v[1] != 4 {
			t.Errorf("%s: %v, %v", c.name, v, err)
		}
	}
}

// safetensors makes a file of a header and size zero bytes.
func safetensors(header string, size int) []byte {
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(data, header...), make([]byte, size)...)
}

// TestHostileSafetensors: invalid headers are errors.
func TestHostileSafetensors(t *testing.T) {
	one := `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for name, c := range map[string]struct {
		header string
		size   int
		want   string
	}{
		"fine":             {`{` + one + `}  `, 8, ""},
		"no tensors":       {`{}        `, 0, ""},
		"overlap":          {`{` + one + `,"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12, "overlaps"},
		"the same bytes":   {`{` + one + `,"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, "overlaps"},
		"a gap":            {`{` + one + `,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16, "those before it end at 8"},
		"bytes left":       {`{` + one + `}`, 9, "end at byte 8, the file at 9"},
		"beyond":           {`{` + one + `}`, 7, "cut short"},
		"far beyond":       {`{"a":{"dtype":"U8","shape":[2147483647],"data_offsets":[0,2147483647]}}`, 8, "reaches to byte 2147483647"},
		"backwards":        {`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8, "before it begins"},
		"offsets wrap":     {`{"a":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551612,4]}}`, 8, "before it begins"},
		"one offset":       {`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}`, 0, "1 offsets"},
		"another size":     {`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8, "needs 12"},
		"shape that wraps": {`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0, "elements"},
		"negative side":    {`{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}`, 8, "negative"},
		"side no integer":  {`{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}`, 8, "header"},
		"unknown type":     {`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, 1, "type F4"},
		"no type":          {`{"a":{"shape":[2],"data_offsets":[0,1]}}`, 1, `type ""`},
		"twice":            {`{` + one + `,` + one + `}`, 8, "twice"},
		"a list":           {`{[]}`, 0, "header"},
		"a number":         {`{"a":1}`, 0, "header"},
		"metadata":         {`{"__metadata__":{"a":1}}`, 0, "header"},
		"deep metadata":    {`{"__metadata__":` + strings.Repeat(`{"a":`, 100000) + `}`, 0, "header"},
		"more":             {`{` + one + `}{}`, 8, "more than one JSON object"},
		"no end":           {`{` + one, 8, "header"},
	} {
		f, err := weights.Decode(safetensors(c.header, c.size))
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
			t.Errorf("%s: %v, %v; want %q", name, f, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		length uint64
		want   string
	}{"header of 16 EB": {1<<64 - 1, "at most"}, "header of 1 GB": {1 << 30, "at most"}, "header beyond the file": {100, "cut short"}} {
		data := append(binary.LittleEndian.AppendUint64(nil, c.length), `{"a":1}`...)
		if _, err := weights.Decode(data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestZipDamage changes each byte of a zip file: decoding neither panics nor reads beyond the file.
func TestZipDamage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "tied.pth"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			damaged := bytes.Clone(data)
			damaged[i] = v
			if f, err := weights.Decode(damaged); err == nil {
				inspect(t, f)
			}
		}
	}
}

// inspect reads all tensors of a file.
func inspect(t *testing.T, f *weights.File) {
	for _, name := range f.Names() {
		tensor := f.Tensors[name]
		if got, want := len(tensor.Bytes()), tensor.Len()*tensor.Element.Size(); got != want {
			t.Errorf("%q has %d bytes, want %d", name, got, want)
		}
		if v, err := tensor.Floats(); err == nil && len(v) != tensor.Len() {
			t.Errorf("%q has %d values, want %d", name, len(v), tensor.Len())
		}
	}
}

// TestMemory: the memory for a header or a directory of many small entries is a bounded multiple of its size.
func TestMemory(t *testing.T) {
	var header strings.Builder
	header.WriteString(`{`)
	for i := 0; header.Len() < 1<<21; i++ {
		if i > 0 {
			header.WriteByte(',')
		}
		fmt.Fprintf(&header, `"%x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	header.WriteString(`}`)
	var directory bytes.Buffer
	for i := range 1 << 15 {
		name := fmt.Sprintf("%06x", i)
		record := make([]byte, 46)
		copy(record, "PK\x01\x02")
		binary.LittleEndian.PutUint16(record[10:], 8) // compressed, so no content is looked for
		binary.LittleEndian.PutUint16(record[28:], uint16(len(name)))
		directory.Write(record)
		directory.WriteString(name)
	}
	end := make([]byte, 22+20+56)
	copy(end, "PK\x06\x06")
	binary.LittleEndian.PutUint64(end[32:], 1<<15)
	binary.LittleEndian.PutUint64(end[40:], uint64(directory.Len()))
	binary.LittleEndian.PutUint64(end[48:], 4)
	copy(end[56:], "PK\x06\x07")
	binary.LittleEndian.PutUint64(end[64:], uint64(4+directory.Len()))
	copy(end[76:], "PK\x05\x06")
	for name, data := range map[string][]byte{
		"header":    safetensors(header.String(), 0),
		"directory": append(append([]byte("PK\x03\x04"), directory.Bytes()...), end...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := weights.Decode(data)
		runtime.ReadMemStats(&after)
		if name == "directory" && (err == nil || !strings.Contains(err.Error(), "data.pkl")) {
			t.Errorf("%s: %v", name, err)
		}
		if n, limit := after.TotalAlloc-before.TotalAlloc, uint64(20*len(data)); n > limit {
			t.Errorf("%s: %d bytes are allocated, at most %d are wanted", name, n, limit)
		}
	}
}
