package datasets

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/dataset"
)

func TestManifest(t *testing.T) {
	for _, d := range Manifest {
		if !slices.Contains(dataset.Names(dataset.Formats()), d.Name) {
			t.Errorf("%s: no -data of this name", d.Name)
		}
		for _, s := range []string{d.Title, d.Page, d.Licence, d.Citation, d.Layout} {
			if s == "" {
				t.Errorf("%s: something is left out", d.Name)
			}
		}
		if d.URL == "" {
			if d.Instructions == "" {
				t.Errorf("%s: neither URL nor instructions", d.Name)
			}
			continue
		}
		if d.MD5 == "" && d.SHA256 == "" && d.Content == "" {
			t.Errorf("%s: nothing to verify it by", d.Name)
		}
		for sum, length := range map[string]int{d.MD5: 16, d.SHA256: 32, d.Content: 32} {
			if b, err := hex.DecodeString(sum); sum != "" && (err != nil || len(b) != length) {
				t.Errorf("%s: %q is no checksum", d.Name, sum)
			}
		}
		if d.Size+d.MaxDownload == 0 || d.MaxUnpacked < d.Size || d.MaxEntries == 0 || d.Inside == "" {
			t.Errorf("%s: no bounds", d.Name)
		}
	}
}

// TestPlace: which entries of the archives are unpacked, and where.
func TestPlace(t *testing.T) {
	for _, tc := range []struct{ dataset, entry, want string }{
		{"cifar10", "cifar-10-batches-bin/data_batch_1.bin", "data_batch_1.bin"},
		{"cifar10", "./cifar-10-batches-bin/test_batch.bin", "test_batch.bin"},
		{"cifar10", "cifar-10-batches-bin/", ""},
		{"stl10", "stl10_binary/unlabeled_X.bin", "unlabeled_X.bin"},
		{"bsds500", "BSDS500-a04b7c6/BSDS500/data/images/train/100075.jpg", "train/100075.jpg"},
		{"bsds500", "BSDS500-a04b7c6/BSDS500/data/images/train/Thumbs.db", ""},
		{"bsds500", "BSDS500-a04b7c6/BSDS500/data/groundTruth/train/100075.mat", ""},
		{"urban100", "SelfExSR-8f6dd8c/data/Urban100/image_SRF_2/img_001_SRF_2_LR.png", "img_001_SRF_2_LR.png"},
		{"urban100", "SelfExSR-8f6dd8c/data/Urban100/image_SRF_2/img_001_SRF_2_A+.png", ""},
		{"urban100", "SelfExSR-8f6dd8c/data/Urban100/image_SRF_4/img_001_SRF_4_LR.png", ""},
	} {
		d, _ := Find(tc.dataset)
		if got, ok := d.place(tc.entry); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: %s goes to %q, %v; want %q", tc.dataset, tc.entry, got, ok, tc.want)
		}
	}
}

// The manifest's digests of the pictures are right, if the files are present.
func TestContent(t *testing.T) {
	shared := filepath.Join("..", "..", "shared", "data")
	for name, from := range map[string]func(put func(from, to string)){
		"bsds500": func(put func(from, to string)) {
			for _, part := range []string{"train", "val", "test"} {
				for _, file := range glob(t, filepath.Join(shared, "bsds500", part, "*.jpg")) {
					put(file, filepath.Join(part, filepath.Base(file)))
				}
			}
		},
		"urban100": func(put func(from, to string)) {
			for _, part := range []string{"HR", "LR"} {
				for _, file := range glob(t, filepath.Join(shared, "urban100", "x2-pairs", part, "*.png")) {
					put(file, fmt.Sprintf("%s_SRF_2_%s.png", strings.TrimSuffix(filepath.Base(file), ".png"), part))
				}
			}
		},
	} {
		dir := t.TempDir()
		n := 0
		from(func(from, to string) {
			data, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, to)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			n++
		})
		if n == 0 {
			continue
		}
		d, _ := Find(name)
		if got, err := ContentDigest(dir); err != nil || got != d.Content {
			t.Errorf("%s: %d pictures have digest %s, the manifest says %s, %v", name, n, got, d.Content, err)
		}
		if there, err := describe(d, dir); err != nil {
			t.Error(err)
		} else {
			t.Log(there)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}
