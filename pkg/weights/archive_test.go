package weights

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzArchive reads the layout of arbitrary zip files. The files inside are never larger than the zip file.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"tied.pth", "big-endian.pth", "script.pt"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := openArchive(data)
		if err != nil {
			if files != nil || len(err.Error()) > 1000 {
				t.Errorf("%d files with an error of %d bytes", len(files), len(err.Error()))
			}
			return
		}
		for name := range files {
			content, err := files.read(name)
			if err == nil && len(content) > len(data) {
				t.Errorf("%q has %d bytes, the zip file %d", name, len(content), len(data))
			}
		}
	})
}
