package evaluate

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/table/tabletest"
	"multiscale/pkg/network"
	"multiscale/pkg/picture"
	"multiscale/pkg/random"
)

func invoke(ctx context.Context, t *testing.T, line ...string) (string, error) {
	t.Helper()
	var printed bytes.Buffer
	r, err := parse(catalog.Standard(), line, &printed)
	if err != nil {
		return printed.String(), err
	}
	err = Run(ctx, r, &printed, &printed)
	return printed.String(), err
}

// folder creates a folder of clean pictures whose sides are not multiples of what a UNet takes.
func folder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		p := dataset.DeadLeaves(random.New(uint64(i)), 45+8*i, 39)
		if err := p.Save(filepath.Join(dir, strconv.Itoa(i)+".png")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// models returns a model for each task, and two for denoising.
func models(t *testing.T) []string {
	t.Helper()
	var args []string
	for name, data := range map[string][]byte{
		"smooth":  sessiontest.Smooth(t),
		"unet":    sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("denoising")),
		"deblur":  sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("deblurring")),
		"inpaint": sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("inpainting")),
		"espcn":   sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution")),
	} {
		args = append(args, "-model", sessiontest.File(t, name+".onnx", data))
	}
	return args
}

// TestFolder: every model is measured on every picture of a folder with the degradations of its
// task. The table has the means of the rows. onnx-go gives the same numbers as the best available
// runtime.
func TestFolder(t *testing.T) {
	root, out, own := folder(t, 3), filepath.Join(t.TempDir(), "new", "folder"), t.TempDir()
	args := append(models(t), "-data", "folder", "-root", root, "-noise", "0.2,0.4")
	printed, err := invoke(t.Context(), t, append(args, "-out", out)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := invoke(t.Context(), t, append(args, "-out", own, "-runtime", "onnx-go")...); err != nil {
		t.Fatal(err)
	}
	rows := tabletest.Rows(t, filepath.Join(out, TableFile))
	// Two shares of noise for three tasks, each with a row for the degraded pictures.
	if want := 2*3 + 2*2 + 2*2 + 2; len(rows) != want {
		t.Fatalf("%d rows, want %d:\n%s", len(rows), want, printed)
	}
	psnr := map[string]float64{}
	for i, r := range tabletest.Rows(t, filepath.Join(own, TableFile)) {
		for _, column := range []string{"mse_mean", "mse_std", "psnr_mean", "psnr_std", "psnr_luma_mean", "ssim_mean", "ssim_std"} {
			a, b := tabletest.Number(t, rows[i][column]), tabletest.Number(t, r[column])
			// Outputs differ by 1e-4 at most; these are far less sensitive.
			if !(math.Abs(a-b) <= 1e-3*max(1, math.Abs(a))) {
				t.Errorf("%s of %s, %s: %v and %v", column, r["model"], r["degradation"], a, b)
			}
		}
		if r["pictures"] != "3" || (r["runtime"] == "") != strings.HasPrefix(r["model"], "(") {
			t.Errorf("%v", r)
		}
		psnr[r["model"]+" "+r["degradation"]] = tabletest.Number(t, r["psnr_mean"])
	}
	if psnr["smooth noise=0.4"] < psnr["(degraded) noise=0.4"]+1 || psnr["smooth noise=0.2"] < psnr["smooth noise=0.4"] {
		t.Errorf("%v", psnr)
	}
	pictures := tabletest.Rows(t, filepath.Join(out, PicturesFile))
	if len(pictures) != 3*len(rows) {
		t.Errorf("%d rows of pictures", len(pictures))
	}
	for _, r := range rows {
		sum := 0.0
		for _, p := range pictures {
			if p["model"] == r["model"] && p["degradation"] == r["degradation"] {
				sum += tabletest.Number(t, p["ssim"])
			}
		}
		if mean := tabletest.Number(t, r["ssim_mean"]); math.Abs(sum/3-mean) > 1e-12 {
			t.Errorf("%s: mean %v of the rows, %v in the table", r["model"], sum/3, mean)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, MarkdownFile))
	if err != nil || !strings.Contains(printed, string(text)) || !strings.Contains(printed, "bilinear") {
		t.Errorf("%v: printed\n%s", err, printed)
	}
}

// TestOtherPictures: a call on other pictures is an error and does not change an output folder. A call on
// the same pictures writes the tables again.
func TestOtherPictures(t *testing.T) {
	mine, others, out := folder(t, 1), folder(t, 2), filepath.Join(t.TempDir(), "out")
	args := []string{"-model", sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)), "-data", "folder", "-noise", "0.2", "-out", out, "-root"}
	if _, err := invoke(t.Context(), t, append(args, mine)...); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(out, TableFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = invoke(t.Context(), t, append(args, others)...)
	if err == nil || !strings.Contains(err.Error(), "measures of other pictures (folder "+mine+")") || !strings.Contains(err.Error(), "choose another folder") {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(filepath.Join(out, TableFile)); err != nil || string(after) != string(before) {
		t.Errorf("the table changed: %v", err)
	}
	if _, err := invoke(t.Context(), t, append(args, mine)...); err != nil {
		t.Errorf("the same pictures again: %v", err)
	}
}

// TestNotes: each note on what of a file is changed or left out is printed with the number of pictures.
func TestNotes(t *testing.T) {
	root := folder(t, 2)
	whole, err := os.ReadFile(filepath.Join(root, "1.png"))
	if err != nil {
		t.Fatal(err)
	}
	const end = 12 // bytes of PNG's end marker
	if err := os.WriteFile(filepath.Join(root, "unended.png"), whole[:len(whole)-end], 0o644); err != nil {
		t.Fatal(err)
	}
	printed, err := invoke(t.Context(), t, "-model", sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)), "-data", "folder", "-root", root, "-noise", "0.1,0.2", "-out", t.TempDir())
	if want := "the end marker is missing; all pixels are there: 1\n"; err != nil || strings.Count(printed, want) != 1 {
		t.Errorf("%v, no %q in\n%s", err, want, printed)
	}
}

// TestBadPictures: if one picture has any fault, the others are still measured and written. The error
// names the bad picture, and the exit status is 1.
func TestBadPictures(t *testing.T) {
	model := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	for _, tc := range []struct {
		name   string
		data   func(whole []byte) []byte
		reason string
	}{
		{"cut.png", func(whole []byte) []byte { return whole[:len(whole)/2] }, "the picture is cut short"},
		{"empty.png", func([]byte) []byte { return nil }, "the file is empty"},
		{"page.jpg", func([]byte) []byte { return []byte("<!DOCTYPE html>") }, "a web page"},
		{"avif.jpg", func([]byte) []byte { return []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1") }, "not supported: AVIF"},
	} {
		root, out := folder(t, 3), t.TempDir()
		whole, err := os.ReadFile(filepath.Join(root, "2.png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "z"+tc.name), tc.data(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		printed, err := invoke(t.Context(), t, "-model", model, "-data", "folder", "-root", root, "-noise", "0.2", "-out", out)
		if err == nil || !strings.Contains(err.Error(), "1 of 4 pictures could not be measured") || !strings.Contains(err.Error(), "z"+tc.name) || !strings.Contains(err.Error(), tc.reason) {
			t.Errorf("%s: %v\n%s", tc.name, err, printed)
		}
		for _, r := range tabletest.Rows(t, filepath.Join(out, TableFile)) {
			if r["pictures"] != "3" {
				t.Errorf("%s: %v", tc.name, r)
			}
		}
		printed, err = invoke(t.Context(), t, "-skip-bad", "-model", model, "-data", "folder", "-root", root, "-noise", "0.2", "-out", t.TempDir())
		if err != nil || !strings.Contains(printed, "z"+tc.name) {
			t.Errorf("%s with -skip-bad: %v\n%s", tc.name, err, printed)
		}
	}
}

// TestSameNoise: a picture has the same noise in every run, with any other pictures
// and for any model.
func TestSameNoise(t *testing.T) {
	out, alone := t.TempDir(), t.TempDir()
	root := folder(t, 3)
	if _, err := invoke(t.Context(), t, append(models(t), "-data", "folder", "-root", root, "-out", out)...); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "1.png")); err != nil {
		t.Fatal(err)
	}
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	if _, err := invoke(t.Context(), t, "-model", smooth, "-data", "folder", "-root", root, "-out", alone); err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, r := range tabletest.Rows(t, filepath.Join(out, PicturesFile)) {
		known[r["picture"]+r["degradation"]+r["model"]] = r["mse"]
	}
	rows := tabletest.Rows(t, filepath.Join(alone, PicturesFile))
	if len(rows) != 2*2*2 {
		t.Errorf("%d rows", len(rows))
	}
	for _, r := range rows {
		if known[r["picture"]+r["degradation"]+r["model"]] != r["mse"] {
			t.Errorf("%s, %s, %s: %s beside other pictures and models, %s alone", r["picture"], r["degradation"], r["model"], known[r["picture"]+r["degradation"]+r["model"]], r["mse"])
		}
	}
}

// TestDeadLeaves: the built-in data set needs no files.
func TestDeadLeaves(t *testing.T) {
	out := t.TempDir()
	smooth := sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t))
	printed, err := invoke(t.Context(), t, "-model", smooth, "-pictures", "2", "-out", out)
	if err != nil || !strings.Contains(printed, "deadleaves, 2 pictures") {
		t.Fatalf("%v\n%s", err, printed)
	}
	again := t.TempDir()
	if _, err := invoke(t.Context(), t, "-model", smooth, "-pictures", "2", "-out", again); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{PicturesFile, TableFile, MarkdownFile} {
		a, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(again, name)); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs from run to run (%v)", name, err)
		}
	}
}

// TestForeign: a model that enlarges pictures for a task that this program does not have
// gets halves, and the table says so.
func TestForeign(t *testing.T) {
	model := sessiontest.File(t, "m.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("doubling")))
	out := t.TempDir()
	if printed, err := invoke(t.Context(), t, "-model", model, "-pictures", "1", "-out", out); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if rows := tabletest.Rows(t, filepath.Join(out, TableFile)); len(rows) != 2 || rows[1]["degradation"] != "half" {
		t.Errorf("%v", rows)
	}
}

// TestPairs: models of tasks without a degradation, and models without t, get the degraded
// pictures of the data set. For other models there is a remark.
func TestPairs(t *testing.T) {
	for _, ratio := range []int{1, 2} {
		root := t.TempDir()
		var want float64
		for i := range 3 {
			clean := dataset.DeadLeaves(random.New(uint64(i)), 40, 38)
			degraded := dataset.DeadLeaves(random.New(uint64(10+i)), 40/ratio, 38/ratio)
			for folder, p := range map[string]*picture.Planar{"clean": clean, "degraded": degraded} {
				if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := p.Save(filepath.Join(root, folder, strconv.Itoa(i)+".png")); err != nil {
					t.Fatal(err)
				}
			}
			for k, v := range degraded.Pix {
				if ratio == 1 {
					d := (float64(v) - float64(clean.Pix[k])) / 255
					want += d * d / float64(3*len(clean.Pix))
				}
			}
		}
		plain, about := network.Network(network.ResNet{Out: 3, Hidden: 4, Blocks: 1}), sessiontest.Unit("restoration")
		if ratio == 2 {
			plain = sessiontest.ESPCN
		}
		out := t.TempDir()
		args := []string{"-data", "pairs", "-root", root, "-model", sessiontest.File(t, "m.onnx", sessiontest.Network(t, plain, about))}
		if ratio == 1 {
			blind := sessiontest.Network(t, plain, sessiontest.Unit("denoising"))
			args = append(args, "-model", sessiontest.File(t, "blind.onnx", blind), "-model", sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)), "-noise", "0.2")
		}
		printed, err := invoke(t.Context(), t, append(args, "-out", out)...)
		if err != nil {
			t.Fatal(err)
		}
		models := map[string]string{}
		for _, r := range tabletest.Rows(t, filepath.Join(out, TableFile)) {
			models[r["model"]+" "+r["degradation"]] = r["mse_mean"]
			if r["pictures"] != "3" {
				t.Errorf("%v", r)
			}
		}
		if ratio == 2 {
			if len(models) != 2 || models["m as given"] == "" || models["(bilinear) as given"] == "" {
				t.Errorf("%v\n%s", models, printed)
			}
			continue
		}
		if got := tabletest.Number(t, models["(degraded) as given"]); math.Abs(got-want) > 1e-7 {
			t.Errorf("the degraded pictures have an MSE of %v, want %v", got, want)
		}
		// With -noise, the clean pictures are degraded.
		if models["blind noise=0.2"] == "" || models["smooth noise=0.2"] == "" {
			t.Errorf("%v\n%s", models, printed)
		}
		printed, err = invoke(t.Context(), t, append(args[:len(args)-2], "-out", t.TempDir())...)
		if err != nil || !strings.Contains(printed, "smooth takes t, which is not known of the degraded pictures") || !strings.Contains(printed, "| as given    | blind") {
			t.Errorf("%v\n%s", err, printed)
		}
	}
	// A model for pairs needs pairs.
	m := sessiontest.File(t, "m.onnx", sessiontest.Network(t, network.ResNet{Out: 3, Hidden: 4, Blocks: 1}, sessiontest.Signed("restoration")))
	for _, args := range [][]string{{"-model", m}, {"-model", m, "-data", "folder", "-root", folder(t, 1)}} {
		if _, err := invoke(t.Context(), t, args...); err == nil || !strings.Contains(err.Error(), "use -data pairs") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestNormalisations: models with different normalisations see noise of different
// strength in pixels, and the table names the normalisations.
func TestNormalisations(t *testing.T) {
	other := sessiontest.Signed("denoising")
	other.Std = []float64{0.25, 0.25, 0.25}
	a := sessiontest.File(t, "same.onnx", sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("denoising")))
	b := sessiontest.File(t, "same.onnx", sessiontest.Network(t, sessiontest.ResNet, other))
	out := t.TempDir()
	printed, err := invoke(t.Context(), t, "-model", a, "-model", b, "-noise", "0.1", "-data", "folder", "-root", folder(t, 1), "-out", out)
	if err != nil || !strings.Contains(printed, "std [0.5 0.5 0.5]") || !strings.Contains(printed, "std [0.25 0.25 0.25]") || !strings.Contains(printed, filepath.ToSlash(a)) {
		t.Errorf("%v\n%s", err, printed)
	}
	for _, r := range tabletest.Rows(t, filepath.Join(out, TableFile)) {
		if r["mse_std"] != "" {
			t.Errorf("one picture has a spread of %s", r["mse_std"])
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, data := range map[string][]byte{
		"m.onnx": sessiontest.Smooth(t), "cut.onnx": sessiontest.Smooth(t)[:60], "text.onnx": []byte("text"),
		"odd.onnx":  sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("superresolution")),
		"new.onnx":  sessiontest.Network(t, sessiontest.ResNet, sessiontest.Signed("dehazing")),
		"bare.onnx": sessiontest.Network(t, network.ResNet{Out: 3, Hidden: 4, Blocks: 1}, sessiontest.Signed("dehazing")),
	} {
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, want string
		usage      bool
	}{
		{"", "-model: missing", true},
		{"-model m.onnx -model ./m.onnx", "-model ./m.onnx: given twice", true},
		{"-model=", "-model", true},
		{"-model m.onnx -data imagenet", "-data imagenet: unknown", true},
		{"-model m.onnx -data folder", "-root: ", true},
		{"-model m.onnx -root x", "-root x: ", true},
		{"-model m.onnx -noise 0.1,x", "-noise 0.1,x: ", true},
		{"-model m.onnx -noise 2", "-noise 2: ", true},
		{"-model m.onnx -blur 0", "-blur 0: ", true},
		{"-model m.onnx -blur 3", "-blur: no model is for deblurring", true},
		{"-model m.onnx -boxes", "-boxes: no model is for inpainting", true},
		{"-model m.onnx -pictures 0", "-pictures 0: ", true},
		{"-model none.onnx", "-model", false},
		{"-model cut.onnx", "-model cut.onnx: ", false},
		{"-model text.onnx", "-model text.onnx: ", false},
		{"-model odd.onnx", "-model odd.onnx ", false},
		{"-model new.onnx", "dehazing", false},
		{"-model bare.onnx", "-data deadleaves: it has no degraded pictures", true},
		{"-model m.onnx -data folder -root none", "none", false},
		{"-model m.onnx -data folder -root empty", "empty", false},
		{"-model m.onnx -pictures 1 -out m.onnx", "-out", false},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, err := invoke(t.Context(), t, strings.Fields(c.line)...)
			var usage *command.UsageError
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || errors.As(err, &usage) != c.usage {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if entries, err := filepath.Glob("results"); err != nil || len(entries) > 0 {
		t.Errorf("something was written: %v, %v", entries, err)
	}
}

// TestStopped: a stopped evaluation leaves no files that would make another one an error.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := t.TempDir()
	_, err := invoke(ctx, t, "-model", sessiontest.File(t, "m.onnx", sessiontest.Smooth(t)), "-out", out)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stopped after 0 of") {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
