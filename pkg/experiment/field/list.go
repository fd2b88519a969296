package field

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"multiscale/pkg/durable"
)

// maxList is the largest size of a list of pictures, in bytes.
const maxList = 1 << 20

// readList reads names of pictures, one a line, relative to the folder of pictures.
// It ignores empty lines and lines that begin with #.
func readList(file string) (names []string, err error) {
	data, err := durable.ReadFile(durable.OS, file, maxList)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	text := strings.TrimPrefix(string(data), "\ufeff") // some editors write a byte order mark
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line = path.Clean(line) // so that ./a.png equals a.png
		switch {
		case !filepath.IsLocal(filepath.FromSlash(line)):
			return nil, fmt.Errorf("%s: line %d: %q leads out of the folder -root", file, i+1, line)
		case seen[line]:
			return nil, fmt.Errorf("%s: line %d: %s is in it twice", file, i+1, line)
		}
		seen[line] = true
		names = append(names, line)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: it names no pictures", file)
	}
	return names, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
