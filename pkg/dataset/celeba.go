package dataset

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/picture"
)

const (
	celebaFolder    = "img_align_celeba"
	celebaPartition = "list_eval_partition.txt"
)

// openCelebA reads the aligned and cropped pictures of CelebA (Liu et al. 2015),
// partition 0 for training and 1 for validation. The square in the centre of
// each picture is used.
func openCelebA(o Options) (*Set, error) {
	list := filepath.Join(o.Root, celebaPartition)
	f, err := os.Open(list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; see what is needed: go run ./datasets/fetch celeba", list, reason(err))
	}
	defer f.Close()
	partition, err := readPartition(list, f)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Root, celebaFolder)
	if err := checkFolder(dir, "see what is needed: go run ./datasets/fetch celeba"); err != nil {
		return nil, err
	}
	if err := checkListed(dir, partition); err != nil {
		return nil, err
	}
	train, validation := files{dir, partition[0]}, files{dir, partition[1]}
	digest, err := inspect(files{dir, append(append([]string(nil), train.names...), validation.names...)})
	if err != nil {
		return nil, err
	}
	return &Set{
		Channels: rgb, Scale: half, Digest: digest,
		Train:      NewGallery(squares{train}, Resize, o),
		Validation: NewGallery(squares{validation}, Resize, o),
	}, nil
}

// readPartition reads lines "NAME 0|1|2" and returns the names of each part.
// Names are file names: one that could lead to another folder is refused.
func readPartition(path string, r io.Reader) (part [3][]string, err error) {
	lines := bufio.NewScanner(r)
	n, total := 0, 0
	for lines.Scan() {
		n++
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 || len(fields[1]) != 1 || fields[1][0] < '0' || fields[1][0] > '2' {
			return part, fmt.Errorf("%s: line %d is %.40q, not a file name and 0, 1 or 2; get the file anew", path, n, lines.Text())
		}
		name := fields[0]
		if strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, ".") || !picture.IsName(name) {
			return part, fmt.Errorf("%s: line %d: %.40q is not the name of a picture; get the file anew", path, n, name)
		}
		if total++; total > maxFiles {
			return part, fmt.Errorf("%s: more than %d lines; get the file anew", path, maxFiles)
		}
		p := &part[fields[1][0]-'0']
		*p = append(*p, name)
	}
	if err := lines.Err(); err != nil {
		return part, fmt.Errorf("%s: line %d: %w; get the file anew", path, n+1, reason(err))
	}
	if len(part[0]) == 0 || len(part[1]) == 0 {
		return part, fmt.Errorf("%s: %d pictures for training (0) and %d for validation (1); get the file anew", path, len(part[0]), len(part[1]))
	}
	return part, nil
}

// checkListed looks for all pictures of the list at once: one look into the
// folder is faster than one at each of 200,000 names, and tells how many lack.
func checkListed(dir string, partition [3][]string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name()] = true
	}
	missing, first := 0, ""
	for _, names := range partition[:2] {
		for _, name := range names {
			if !there[name] {
				if missing++; missing == 1 {
					first = name
				}
			}
		}
	}
	if missing > 0 {
		return fmt.Errorf("%s: %d of the %d pictures of %s are missing, first %s; unpack %s.zip again", dir, missing, len(partition[0])+len(partition[1]), celebaPartition, first, celebaFolder)
	}
	return nil
}
