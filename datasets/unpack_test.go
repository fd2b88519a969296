package datasets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Archives that try to write elsewhere, fill the disk, or are invalid.
func TestHostileArchives(t *testing.T) {
	good := entry{name: "cifar-10-batches-bin/data_batch_1.bin", data: cifarRecords(4, 1)}
	in := func(name string) string { return "cifar-10-batches-bin/" + name }
	whole := pack(t, good)
	for name, tc := range map[string]struct {
		archive []byte
		words   string
	}{
		"parent":            {pack(t, good, entry{name: "../evil"}), "leads out"},
		"parent inside":     {pack(t, good, entry{name: in("../../evil")}), "leads out"},
		"parent and back":   {pack(t, good, entry{name: in("a/../b.bin")}), "leads out"},
		"absolute":          {pack(t, good, entry{name: "/etc/evil"}), "leads out"},
		"backslashes":       {pack(t, good, entry{name: in(`..\..\evil`)}), "leads out"},
		"drive":             {pack(t, good, entry{name: `C:evil`}), "leads out"},
		"symbolic link":     {pack(t, good, entry{name: in("link"), kind: tar.TypeSymlink, link: "/etc"}), "a link"},
		"through a link":    {pack(t, entry{name: in("d"), kind: tar.TypeSymlink, link: ".."}, entry{name: in("d/evil")}), "a link"},
		"hard link":         {pack(t, good, entry{name: in("link"), kind: tar.TypeLink, link: "/etc/passwd"}), "a link"},
		"device":            {pack(t, good, entry{name: in("null"), kind: tar.TypeChar}), "a link or a device"},
		"twice":             {pack(t, good, good), "exists"},
		"file as folder":    {pack(t, good, entry{name: good.name + "/x"}), "entry "},
		"too large":         {pack(t, good, entry{name: in("large"), data: make([]byte, 300_000)}), "bytes"},
		"too large, hidden": {pack(t, entry{name: "skipped", data: make([]byte, 300_000)}, good), "when unpacked"},
		"too many":          {pack(t, make20(good)...), "more than 15 entries"},
		"nothing":           {pack(t, entry{name: "other/file"}), "no files in"},
		"empty":             {nil, "not a .tar.gz"},
		"text":              {[]byte("hello, this is no archive at all"), "not a .tar.gz"},
		"cut":               {whole[:len(whole)-20], "damaged"},
		"no tar":            {gzipped(t, bytes.Repeat([]byte("x"), 5000)), "damaged"},
		"not the data":      {pack(t, entry{name: in("readme")}), "no data_batch"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := Find("cifar10")
			d.URL, _ = server(t, tc.archive, nil)
			d.Size, d.MD5, d.SHA256 = 0, "", ""
			d.MaxDownload, d.MaxUnpacked, d.MaxEntries = 1<<20, 200_000, 15
			parent := t.TempDir()
			out := filepath.Join(parent, "data")
			_, err := Fetch(t.Context(), d, Options{Out: out})
			if err == nil || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if got := fmt.Sprint(content(t, out), content(t, parent)); got != "[cifar10.tar.gz] [data]" {
				t.Errorf("left behind: %s", got)
			}
		})
	}
}

func make20(good entry) (entries []entry) {
	for i := range 20 {
		good.name = fmt.Sprintf("cifar-10-batches-bin/data_batch_%d.bin", i)
		good.data = nil
		entries = append(entries, good)
	}
	return entries
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Hostile archives write nothing beside the folder.
func FuzzExtract(f *testing.F) {
	f.Add(tarOf(f, entry{name: "x/a.png", data: []byte("a")}, entry{name: "x/../../b"}))
	f.Add(tarOf(f, entry{name: "x/l", kind: tar.TypeSymlink, link: "/"}, entry{name: "x/l/c"}))
	f.Add([]byte("no archive"))
	defer func(before func(*os.File) error) { sync = before }(sync)
	sync = func(*os.File) error { return nil }
	d := Dataset{Inside: "*", MaxUnpacked: 1 << 16, MaxEntries: 50}
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dir")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_ = extract(bytes.NewReader(data), dir, d) // an error is fine, too
		if got := content(t, parent); len(got) != 1 {
			t.Errorf("beside the folder: %v", got)
		}
		total := int64(0)
		filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil {
				t.Error(err)
				return nil
			}
			if info, _ := e.Info(); info.Mode().IsRegular() {
				total += info.Size()
			} else if !info.IsDir() {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
		if total > d.MaxUnpacked {
			t.Errorf("%d bytes", total)
		}
	})
}

func tarOf(t testing.TB, entries ...entry) []byte {
	r, err := gzip.NewReader(bytes.NewReader(pack(t, entries...)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
