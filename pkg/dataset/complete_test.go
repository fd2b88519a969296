package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Incomplete published data sets are an error that says what is missing;
// -allow-incomplete accepts them.
func TestIncomplete(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	batch := recordsOf(3, cifar10Layout, "1")
	write(t, batch, at("cifar"), "data_batch_1.bin")
	write(t, batch, at("cifar"), "data_batch_1 (1).bin")
	write(t, batch, at("renamed"), "data_batch_2 (1).bin")
	write(t, batch, at("renamed"), "test_batch (1).bin")
	write(t, recordsOf(3, cifar10Layout, "2"), at("renamed"), "data_batch_3.bin")
	write(t, batch, at("twice"), "data_batch_1.bin")
	write(t, batch, at("twice"), "data_batch_2.bin")
	write(t, recordsOf(3, stl10Layout, "u"), at("stl"), "train_X.bin")
	for i := range 6 {
		save(t, noise(8, 8, fmt.Sprint(i)), at("stlfolder"), fmt.Sprintf("cat/%d.png", i))
		for _, part := range []string{"train", "test", "val"} {
			save(t, noise(8, 8, fmt.Sprint(part, i)), at("bsds"), part, fmt.Sprintf("%d.png", i))
		}
		save(t, noise(8, 8, fmt.Sprint(i)), at("urban"), "HR", fmt.Sprintf("%d.png", i))
		save(t, noise(8, 8, fmt.Sprint(i)), at("celeba"), celebaFolder, fmt.Sprintf("%06d.jpg", i))
	}
	if err := os.Rename(at("bsds/test"), at("notest")); err != nil {
		t.Fatal(err)
	}
	write(t, []byte("000000.jpg 0\n000001.jpg 0\n000002.jpg 1\n000009.jpg 0\n"), at("celeba"), celebaPartition)
	for _, tc := range []struct {
		name, root        string
		words             []string
		train, validation int
	}{
		{"cifar10", "cifar", []string{"missing data_batch_2.bin, data_batch_3.bin, data_batch_4.bin, data_batch_5.bin, test_batch.bin", "3 of 10000", "not its own: data_batch_1 (1).bin"}, 2, 1},
		{"cifar10", "renamed", []string{"missing data_batch_1.bin, data_batch_2.bin, data_batch_4.bin", "not its own: data_batch_2 (1).bin, test_batch (1).bin"}, 2, 1},
		{"cifar10", "twice", []string{"data_batch_2.bin is a copy of data_batch_1.bin"}, 0, 0},
		{"stl10", "stl", []string{"missing unlabeled_X.bin, test_X.bin", "3 of 5000"}, 0, 0},
		{"stl10", "stlfolder", []string{"pictures instead of"}, 0, 0},
		{"bsds500", "bsds", []string{"no folder test/"}, 6, 6},
		{"urban100", "urban", []string{"6 of 100 pictures"}, 4, 2},
		{"celeba", "celeba", []string{"1 of the 4 pictures of list_eval_partition.txt are missing", "000009.jpg", "training has 3 of 162770"}, 2, 1},
	} {
		o := Options{Name: tc.name, Root: at(tc.root)}
		_, err := Open(o)
		if err == nil {
			t.Errorf("%s: an incomplete data set is taken", tc.root)
			continue
		}
		for _, words := range append(tc.words, tc.root) {
			if !strings.Contains(filepath.ToSlash(err.Error()), words) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: no %q in: %v", tc.root, words, err)
			}
		}
		o.AllowIncomplete = true
		set, err := Open(o)
		switch {
		case err != nil:
			t.Errorf("%s, allowed: %v", tc.root, err)
		case len(set.Report.Missing) == 0 || !strings.Contains(strings.Join(set.Report.Lines(), "\n"), "incomplete: "):
			t.Errorf("%s: the report has nothing that is missing", tc.root)
		case tc.train > 0 && (set.Train.Len() != tc.train || set.Validation.Len() != tc.validation):
			t.Errorf("%s: %d and %d pictures, want %d and %d", tc.root, set.Train.Len(), set.Validation.Len(), tc.train, tc.validation)
		}
	}
}

// TestFewer has the right number of pictures, too few, and too many.
func TestFewer(t *testing.T) {
	for have, want := range map[int]string{100: "[]", 6: "[it has 6 of 100 pictures]", 200: "[it has 200 pictures, 100 too many]"} {
		if got := fmt.Sprint(fewer("it", have, 100)); got != want {
			t.Errorf("%d pictures: %s, want %s", have, got, want)
		}
	}
}

// CelebA as it is found in practice: lists saved by other systems, archives unpacked into
// folders of their own name, the PNG variant.
func TestCelebALayouts(t *testing.T) {
	const list = "000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n000004.jpg 0\n"
	for name, tc := range map[string]struct {
		partition, text, folder, ending string
		remark                          string
	}{
		"plain":        {celebaPartition, list, celebaFolder, ".jpg", ""},
		"BOM":          {celebaPartition, "\ufeff" + list, celebaFolder, ".jpg", "another system"},
		"CRLF":         {celebaPartition, strings.ReplaceAll(list, "\n", "\r\n"), celebaFolder, ".jpg", "another system"},
		"BOM and CRLF": {celebaPartition, "\ufeff" + strings.ReplaceAll(list, "\n", "\r\n"), celebaFolder, ".jpg", "another system"},
		"Kaggle":       {"list_eval_partition.csv", "image_id,partition\n" + strings.ReplaceAll(list, " ", ","), celebaFolder + "/" + celebaFolder, ".jpg", "list_eval_partition.csv"},
		"Excel":        {"list_eval_partition.csv", "\ufeffimage_id;partition\r\n" + strings.ReplaceAll(strings.ReplaceAll(list, " ", ";"), "\n", "\r\n"), celebaFolder, ".jpg", "csv"},
		"own name":     {celebaPartition, list, celebaFolder + "/" + celebaFolder, ".jpg", celebaFolder + "/" + celebaFolder},
		"as offered":   {"Eval/" + celebaPartition, list, "Img/" + celebaFolder, ".jpg", "Img/" + celebaFolder},
		"PNG":          {celebaPartition, list, celebaFolder + "_png", ".png", "PNG variant"},
		"PNG, nested":  {celebaPartition, list, celebaFolder + "_png/" + celebaFolder + "_png", ".png", "PNG variant"},
		"PNG renamed":  {celebaPartition, list, celebaFolder, ".png", "PNG variant"},
	} {
		root := t.TempDir()
		write(t, []byte(tc.text), root, filepath.FromSlash(tc.partition))
		for i := 1; i <= 4; i++ {
			save(t, noise(12, 16, fmt.Sprint(i)), root, filepath.FromSlash(tc.folder), fmt.Sprintf("%06d%s", i, tc.ending))
		}
		set, err := Open(Options{Name: "celeba", Root: root, AllowIncomplete: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := []string{"000001" + tc.ending, "000004" + tc.ending}; !slices.Equal(names(set.Train), want) || set.Validation.Len() != 1 {
			t.Errorf("%s: training %v, want %v; validation %v", name, names(set.Train), want, names(set.Validation))
		}
		if told := strings.Join(set.Report.Lines(), "\n"); !strings.Contains(told, tc.remark) {
			t.Errorf("%s: no %q in what is told:\n%s", name, tc.remark, told)
		}
	}
}
