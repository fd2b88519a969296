package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"multiscale/pkg/picture"
)

func TestBSDS500(t *testing.T) {
	for _, sub := range []string{"", "BSR/BSDS500/data/images"} {
		root := t.TempDir()
		for part, n := range map[string]int{"train": 3, "test": 2, "val": 4} {
			for i := range n {
				name := fmt.Sprintf("%s/%s/%d.jpg", sub, part, i)
				save(t, noise(24, 16, name), root, name)
			}
		}
		set := open(t, Options{Name: "bsds500", Root: root})
		use(t, set, 12)
		if set.Train.Len() != 5 || set.Validation.Len() != 4 {
			t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
	if dir, ok := shared("bsds500"); ok {
		set := open(t, Options{Name: "bsds500", Root: dir, Decoding: DecodeNone})
		use(t, set, 64)
		if set.Train.Len() != 400 || set.Validation.Len() != 100 {
			t.Errorf("%d and %d pictures", set.Train.Len(), set.Validation.Len())
		}
	}
}

// TestPublishedParts: pictures equal to validation pictures are left out of training, in any
// folder of a published data set.
func TestPublishedParts(t *testing.T) {
	for _, tc := range []struct {
		format       string
		files        map[string]string // for each file, the name of its pixels
		list         string
		train, share []string
	}{
		{"bsds500", map[string]string{"train/1.jpg": "a", "train/2.bmp": "x", "test/3.bmp": "y", "test/4.png": "b", "val/5.png": "x", "val/6.png": "y", "val/7.png": "z"}, "",
			[]string{"1.jpg", "4.png"}, []string{"train/2.bmp", "test/3.bmp"}},
		{"urban100", map[string]string{"1.png": "a", "2.png": "x", "3.png": "b", "4.png": "c", "5.png": "x"}, "",
			[]string{"1.png", "3.png", "4.png"}, []string{"2.png"}},
		{"celeba", map[string]string{celebaFolder + "/1.png": "a", celebaFolder + "/2.png": "x", celebaFolder + "/3.png": "x"}, "1.jpg 0\n2.jpg 0\n3.jpg 1\n",
			[]string{"1.png"}, []string{"2.png"}},
	} {
		root := t.TempDir()
		for name, pixels := range tc.files {
			save(t, noise(24, 16, pixels), root, name)
		}
		if tc.list != "" {
			write(t, []byte(tc.list), root, celebaPartition)
		}
		set := open(t, Options{Name: tc.format, Root: root})
		if got := names(set.Train); !slices.Equal(got, tc.train) || !slices.Equal(set.Report.Shared, tc.share) || set.Report.Train != len(tc.train) || set.Report.Repeated != 0 {
			t.Errorf("%s: training %v, report %+v", tc.format, got, set.Report)
		}
		again := open(t, Options{Name: tc.format, Root: root, Known: &set.Report, Progress: func(done, total int) error { return errors.New("decoded again") }})
		if !slices.Equal(names(again.Train), tc.train) || again.Digest != set.Digest {
			t.Errorf("%s with a record: %v", tc.format, names(again.Train))
		}
	}
}

func TestUrban100(t *testing.T) {
	for name, layout := range map[string]struct{ high, low string }{
		"folders": {"HR/img_%03d.png", "LR/img_%03d.png"},
		"authors": {"image_SRF_2/img_%03d_SRF_2_HR.png", "image_SRF_2/img_%03d_SRF_2_LR.png"},
		"HR only": {"HR/img_%03d.png", ""},
		"alone":   {"img_%03d.png", ""},
	} {
		root := t.TempDir()
		for i := 1; i <= 10; i++ {
			h := noise(20, 16+i%2, fmt.Sprint("high", i))
			save(t, h, root, fmt.Sprintf(layout.high, i))
			if layout.low != "" {
				save(t, noise(10, 8, fmt.Sprint("low", i)), root, fmt.Sprintf(layout.low, i))
			}
		}
		set := open(t, Options{Name: "urban100", Root: root})
		use(t, set, 8)
		if set.Train.Len() != 8 || set.Validation.Len() != 2 {
			t.Errorf("%s: %d and %d pairs", name, set.Train.Len(), set.Validation.Len())
		}
		low, high, err := set.Validation.WholePair(1, 2)
		if err != nil {
			t.Fatal(err)
		}
		wantHigh := noise(20, 16, "high10")
		wantLow := wantHigh.Half()
		if layout.low != "" {
			wantLow = noise(10, 8, "low10")
		}
		if !bytes.Equal(high.Pix, wantHigh.Pix) || !bytes.Equal(low.Pix, wantLow.Pix) {
			t.Errorf("%s: the last pair is another one", name)
		}
	}
}

// The data set's LR files show whether Half has the phase and bandwidth of MATLAB's
// reduction: a shift by half a pixel would give about 25 dB. They are not equal to Half's
// result, because they were made from the larger originals of the HR files.
func TestHalfAgainstUrban100(t *testing.T) {
	dir, ok := shared("urban100/x2-pairs")
	if !ok {
		return
	}
	set := open(t, Options{Name: "urban100", Root: dir, Decoding: DecodeNone})
	use(t, set, 64)
	if set.Train.Len() != 80 || set.Validation.Len() != 20 || set.Validation.Name(0) != "img_081.png" {
		t.Errorf("%d and %d pairs, validation from %s", set.Train.Len(), set.Validation.Len(), set.Validation.Name(0))
	}
	for i := range set.Validation.Len() {
		low, high, err := set.Validation.WholePair(i, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got := psnr(high.Half(), low); got < 40 {
			t.Errorf("%s: %.1f dB", set.Validation.Name(i), got)
		}
	}
}

func psnr(a, b *picture.Planar) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a.Pix))/sum)
}

func TestCelebA(t *testing.T) {
	root := t.TempDir()
	list := ""
	for i := 1; i <= 9; i++ {
		name := fmt.Sprintf("%06d.jpg", i)
		save(t, noise(178, 218, name), root, celebaFolder, name)
		list += fmt.Sprintf("%s %d\n", name, i%3)
	}
	write(t, []byte(list), root, celebaPartition)
	set := open(t, Options{Name: "celeba", Root: root})
	use(t, set, 128)
	use(t, set, 32)
	if set.Train.Len() != 3 || set.Validation.Len() != 3 || set.Train.Name(0) != "000003.jpg" || set.Validation.Name(0) != "000001.jpg" {
		t.Errorf("train %v, validation %v", names(set.Train), names(set.Validation))
	}
	if p := whole(t, set.Train, 0); p.W != 178 || p.H != 178 {
		t.Errorf("%dx%d", p.W, p.H)
	}
}

func TestPartitionErrors(t *testing.T) {
	for _, tc := range []struct{ text, words string }{
		{"", "0 pictures for training"},
		{"000001.jpg 0\n", "0 for validation"},
		{"000001.jpg 0\n000002.jpg 3\n", "line 2"},
		{"000001.jpg\n", "line 1"},
		{"../000001.jpg 0\n", "line 1"},
		{`..\000001.jpg 0`, "line 1"},
		{"C:000001.jpg 0\n", "line 1"},
		{"000001.txt 0\n", "line 1"},
		{".jpg 0\n", "line 1"},
		{strings.Repeat("x", 1<<20), "line 1"},
	} {
		_, err := readPartition("list.txt", strings.NewReader(tc.text))
		if err == nil || !strings.Contains(err.Error(), tc.words) || !strings.HasPrefix(err.Error(), "list.txt: ") || len(err.Error()) > 200 {
			t.Errorf("%.40q: %v", tc.text, err)
		}
	}
}

func FuzzPartition(f *testing.F) {
	f.Add("000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n")
	f.Add("../a.jpg 0\r\n\r\n")
	f.Add("\ufeffimage_id,partition\r\n000001.jpg,0\r\n000002.jpg;1\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		part, err := readPartition("list.txt", strings.NewReader(text))
		if err != nil && !strings.HasPrefix(err.Error(), "list.txt: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
		for _, names := range part {
			for _, name := range names {
				if strings.ContainsAny(name, `/\`) || name == ".." {
					t.Errorf("%q leads to another folder", name)
				}
			}
		}
	})
}
