package field

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/lists"
	"multiscale/pkg/metric"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

func run(t *testing.T, r Request) (string, error) {
	t.Helper()
	var out, log bytes.Buffer
	r.Catalog, r.Memory = catalog.Standard(), 1<<30
	r.Options = session.Options{Runtime: session.Auto}
	if r.Out == "" {
		r.Out = t.TempDir()
	}
	err := Run(t.Context(), r, &out, &log)
	return out.String(), err
}

// leaves creates a folder of pictures with odd sides.
func leaves(t *testing.T, name string, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := dataset.DeadLeaves(random.New(uint64(i)), 49+8*i, 39).Save(filepath.Join(dir, fmt.Sprintf("%d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBenchmarks: each benchmark has its rows, the input's first. Methods improve the input, and
// noise has its strength. Equal calls give equal files.
func TestBenchmarks(t *testing.T) {
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	espcn := sessiontest.File(t, "espcn.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")))
	deblur := sessiontest.File(t, "deblur.onnx", sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("deblurring")))
	filling := sessiontest.Signed("filling")
	filling.Time, filling.Measures = string(task.NoiseShare), []string{metric.PSNR.Name}
	fill := sessiontest.File(t, "fill.onnx", sessiontest.Network(t, sessiontest.ResNet, filling))
	for _, c := range []struct {
		benchmark, folder string
		models            []string
		methods, kinds    string // of the first setting
	}{
		{"awgn-color", "Kodak24", []string{smooth}, "(input),smooth,CBM3D,CDnCNN,FFDNet,DRUNet,Restormer", "method,model,published"},
		{"awgn-gray", "mine", nil, "(input)", "method"},
		{"sr-x2", "Set14", []string{espcn}, "(bicubic),espcn,bicubic,SRCNN,ESPCN (a re-implementation),VDSR,EDSR", "method,model,published"},
		{"deblurring", "mine", []string{deblur}, "(input),(wiener),deblur", "method,model"},
		{"sharpening", "mine", nil, "(input),(wiener)", "method"},
		{"inpainting", "mine", []string{fill}, "(input),(harmonic),fill", "method,model"},
	} {
		t.Run(c.benchmark, func(t *testing.T) {
			root, out, again := leaves(t, c.folder, 2), t.TempDir(), t.TempDir()
			printed, err := run(t, Request{Benchmark: c.benchmark, Models: c.models, Root: root, Out: out})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := run(t, Request{Benchmark: c.benchmark, Models: c.models, Root: root, Out: again}); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{TableFile, PicturesFile, MarkdownFile} {
				a, err := os.ReadFile(filepath.Join(out, name))
				if err != nil {
					t.Fatal(err)
				}
				if b, err := os.ReadFile(filepath.Join(again, name)); err != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs from call to call (%v)", name, err)
				}
			}
			b, _ := lists.Find(All(), nameOf, c.benchmark)
			measure := b.Measures[0].Name
			var methods, kinds []string
			psnr := map[string]float64{}
			for _, r := range tabletest.Rows(t, filepath.Join(out, TableFile)) {
				psnr[r["setting"]+r["method"]] = tabletest.Number(t, r[measure])
				if r["setting"] != b.Settings[0].Name {
					continue
				}
				methods = append(methods, r["method"])
				if len(kinds) == 0 || kinds[len(kinds)-1] != r["kind"] {
					kinds = append(kinds, r["kind"])
				}
			}
			if strings.Join(methods, ",") != c.methods || strings.Join(kinds, ",") != c.kinds {
				t.Errorf("methods %v of kinds %v\n%s", methods, kinds, printed)
			}
			for _, s := range b.Settings {
				input := psnr[s.Name+b.methods[0].name]
				// Clipping makes the noise a little weaker than its standard deviation.
				if strings.HasPrefix(c.benchmark, "awgn") {
					if loss := input - 20*math.Log10(255/s.Sigma); loss < -0.1 || loss > 1.5 {
						t.Errorf("%s: input %.2f dB", s.Name, input)
					}
				} else if len(b.methods) > 1 && psnr[s.Name+b.methods[1].name] < input+0.1 {
					t.Errorf("%s: %s %.2f dB, input %.2f dB", s.Name, b.methods[1].name, psnr[s.Name+b.methods[1].name], input)
				}
			}
		})
	}
}

// TestUrban100: on the pairs of Urban100, bicubic interpolation reaches the measures of an
// independent program in Python: 26.90 dB and 0.8344 over pictures 81 to 100.
func TestUrban100(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared", "data", "urban100", "x2-pairs")
	if !isFolder(root) {
		t.Skip("no Urban100 at " + root)
	}
	list, out := filepath.Join(t.TempDir(), "list.txt"), t.TempDir()
	var text strings.Builder
	for i := 81; i <= 100; i++ {
		fmt.Fprintf(&text, "img_%03d.png\n", i)
	}
	if err := os.WriteFile(list, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, Request{Benchmark: "sr-x2", Root: root, List: list, Out: out}); err != nil {
		t.Fatal(err)
	}
	r := tabletest.Rows(t, filepath.Join(out, TableFile))[0]
	if psnr, ssim := tabletest.Number(t, r["psnr_luma"]), tabletest.Number(t, r["ssim_luma"]); math.Abs(psnr-26.90) > 0.01 || math.Abs(ssim-0.8344) > 0.0002 {
		t.Errorf("%v dB, %v", psnr, ssim)
	}
}

// TestNoise: the noise decides t and the factor of the model's input; a model that returns
// its input gives the picture.
func TestNoise(t *testing.T) {
	o := observe(pixel.NewImages(1, 3, 200, 200), Setting{Sigma: 25}, random.New(1))
	var sum, square float64
	for _, v := range o.Data {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(len(o.Data))
	if mean, std := sum/n, math.Sqrt(square/n); math.Abs(mean) > 1e-3 || math.Abs(std*255-25) > 0.2 {
		t.Errorf("noise of mean %v and deviation %v", mean, std*255)
	}
}

// TestHarmonic: a plane is harmonic, so that it is filled exactly.
func TestHarmonic(t *testing.T) {
	x := pixel.NewImages(1, 1, 20, 30)
	missing := make([]bool, x.Plane())
	want := make([]float32, x.Plane())
	for i := range want {
		want[i] = float32(i/30)/40 + float32(i%30)/60
		x.Data[i] = want[i]
		if row, column := i/30, i%30; row > 4 && row < 15 && column > 6 && column < 20 {
			missing[i], x.Data[i] = true, 0.5
		}
	}
	for i, v := range filled(&observation{Images: x, missing: missing}).Data {
		if math.Abs(float64(v-want[i])) > 1e-4 {
			t.Fatalf("pixel %d: %v, want %v", i, v, want[i])
		}
	}
}

// TestWiener: without noise the filter undoes a small blur; its kernel is the task's.
func TestWiener(t *testing.T) {
	clean := task.Normalised(dataset.DeadLeaves(random.New(3), 33, 28), pixel.Unit)
	blurred := pixel.NewImages(1, clean.C, clean.H, clean.W)
	if err := task.Blur(0.7)(blurred, clean, task.On(0, clean), nil, nil); err != nil {
		t.Fatal(err)
	}
	got := wiener(&observation{Images: blurred, Setting: Setting{Blur: 0.7, Sigma: 1e-4}})
	for i, v := range got.Data {
		if math.Abs(float64(v-clean.Data[i])) > 1e-3 {
			t.Fatalf("value %d: %v, want %v", i, v, clean.Data[i])
		}
	}
}

// TestMirroredWiener: with almost no noise, Wiener's filter undoes a blur that mirrors the picture, up to the blur's tails.
func TestMirroredWiener(t *testing.T) {
	const tails = 5e-3
	clean := task.Normalised(dataset.DeadLeaves(random.New(3), 33, 28), pixel.Unit)
	blurred := pixel.NewImages(1, clean.C, clean.H, clean.W)
	r := random.New(1)
	if err := task.Defocus(0.7, 0.7)(blurred, clean, task.On(0, clean), nil, &r); err != nil {
		t.Fatal(err)
	}
	got := mirrored(wiener)(&observation{Images: blurred, Setting: Setting{Blur: 0.7, Sigma: 1e-4}})
	for i, v := range got.Data {
		if math.Abs(float64(v-clean.Data[i])) > tails {
			t.Fatalf("value %d: %v, want %v", i, v, clean.Data[i])
		}
	}
}

// TestNotes: each note on what of a file is changed or left out is printed with the number of pictures.
func TestNotes(t *testing.T) {
	root := leaves(t, "mine", 3)
	for _, name := range []string{"0.png", "2.png"} {
		path := filepath.Join(root, name)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		const end = 12 // bytes of PNG's end marker
		if err := os.Truncate(path, info.Size()-end); err != nil {
			t.Fatal(err)
		}
	}
	var out, log bytes.Buffer
	err := Run(t.Context(), Request{Catalog: catalog.Standard(), Benchmark: "awgn-color", Root: root, Out: t.TempDir()}, &out, &log)
	if want := "the end marker is missing; all pixels are there: 2\n"; err != nil || strings.Count(log.String(), want) != 1 {
		t.Errorf("%v, no %q in\n%s", err, want, log.String())
	}
}

// TestMistakes: each error has one line and names what cannot be measured.
func TestMistakes(t *testing.T) {
	root, dir := leaves(t, "mine", 2), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	other := t.TempDir()
	if _, err := run(t, Request{Benchmark: "awgn-gray", Root: root, Out: other}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Benchmark: "sr-x2", Root: root, Models: []string{smooth}}, "a model for denoising"},
		{Request{Benchmark: "awgn-gray", Root: root, Models: []string{smooth}}, "3 channels"},
		{Request{Benchmark: "awgn-color", Root: root, Models: []string{"none.onnx"}}, "none.onnx"},
		{Request{Benchmark: "awgn-color", Root: filepath.Join(root, "none")}, "none"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("out.txt", "0.png\n../0.png\n")}, "line 2"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("twice.txt", "0.png\n0.png\n")}, "twice"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("mark.txt", "\ufeff0.png\r\n0.png\r\n")}, "line 2: 0.png is in it twice"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("same.txt", "0.png\n./0.png\n")}, "twice"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("empty.txt", "# nothing\n")}, "no pictures"},
		{Request{Benchmark: "awgn-color", Root: root, List: file("lack.txt", "0.png\n9.png\n")}, "9.png"},
		{Request{Benchmark: "awgn-color", Root: root, Out: other}, "choose another folder"},
	} {
		if _, err := run(t, c.r); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want %q", c.r, err, c.want)
		}
	}
	// A picture that cannot be read is named, and the others are measured.
	if err := os.WriteFile(filepath.Join(root, "0.png"), []byte("\x89PNG\r\n\x1a\nrest"), 0o666); err != nil {
		t.Fatal(err)
	}
	printed, err := run(t, Request{Benchmark: "sr-x2", Root: root})
	if err == nil || !strings.Contains(err.Error(), "1 of 2 pictures") || !strings.Contains(printed, "1 pictures") {
		t.Errorf("%v\n%s", err, printed)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if err := Run(ctx, Request{Catalog: catalog.Standard(), Benchmark: "sr-x2", Root: root, Out: t.TempDir()}, &out, &out); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("stopped: %v", err)
	}
}

// TestPublished: every figure has a source, a setting of its benchmark and a sensible value.
func TestPublished(t *testing.T) {
	for _, b := range All() {
		list, err := published(b.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			found := false
			for _, s := range b.Settings {
				found = found || s.Name == f.setting
			}
			if !found || f.source == "" || !(f.psnr > 20 && f.psnr < 45) || f.ssim < 0.8 || f.pictures < 5 {
				t.Errorf("%+v", f)
			}
		}
	}
	figures, err := published("awgn-gray")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"x/CBSD68.txt": "BSD68", "x/BSD_68/mine": "BSD68", "mine": ""} {
		if got := publishedSet(figures, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
