package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/picture"
)

const (
	celebaFolder    = "img_align_celeba"
	celebaPartition = "list_eval_partition.txt"
	celebaHint      = "see what is needed: go run ./datasets/fetch celeba"
)

// celebaParts are the numbers of pictures of partitions 0 and 1.
var celebaParts = [2]int{162_770, 19_867}

// openCelebA reads the aligned and cropped pictures of CelebA (Liu et al. 2015),
// partition 0 for training and 1 for validation. The square in the centre of
// each picture is used.
func openCelebA(o Options) (*Set, error) {
	s := &survey{o: o}
	partition, err := s.openPartition(o.Root)
	if err != nil {
		return nil, err
	}
	dir, err := s.findCelebA(o.Root)
	if err != nil {
		return nil, err
	}
	missing := fewer("training", len(partition[0]), celebaParts[0])
	missing = append(missing, fewer("validation", len(partition[1]), celebaParts[1])...)
	absent, err := s.findListed(dir, &partition)
	if err != nil {
		return nil, err
	}
	if err := o.incomplete("CelebA", o.Root, append(absent, missing...), &s.report); err != nil {
		return nil, err
	}
	training := lists.Set(partition[0])
	all, err := s.add("", files{dir, append(partition[0], partition[1]...)})
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return nil, err
	}
	cut := 0 // the training pictures come first
	for cut < all.clean.Len() && training[all.clean.names[cut]] {
		cut++
	}
	return s.parted(all.between(0, cut), all.between(cut, all.clean.Len()), Resize, half)
}

func (s *survey) remark(format string, args ...any) {
	s.report.Remarks = append(s.report.Remarks, Count{Kind: fmt.Sprintf(format, args...)})
}

// openPartition reads the list of partitions: the authors' text file, or Kaggle's table
// (CSV) of it.
func (s *survey) openPartition(root string) (part [3][]string, err error) {
	list := filepath.Join(root, celebaPartition)
	var f *os.File
	for _, name := range []string{"list_eval_partition.csv", "Eval/" + celebaPartition, celebaPartition} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			list = path
		}
	}
	if f, err = os.Open(list); err != nil {
		return part, fmt.Errorf("%s: %w; %s", list, reason(err), celebaHint)
	}
	defer f.Close()
	if filepath.Base(list) != celebaPartition {
		s.remark("the partition is read from %s", filepath.Base(list))
	}
	lines := bufio.NewReader(f)
	start, _ := lines.Peek(1 << 10) // all of a shorter file
	if mark, crlf := bytes.HasPrefix(start, []byte("\ufeff")), bytes.Contains(start, []byte("\r\n")); mark || crlf {
		s.remark("%s was saved by another system (byte-order mark or CR LF); it is read", filepath.Base(list))
	}
	return readPartition(list, lines)
}

// findCelebA returns the folder of the pictures, which are JPEG files or those of the PNG
// variant. It also looks into folders that have the name of the unpacked archive.
func (s *survey) findCelebA(root string) (string, error) {
	const variant = celebaFolder + "_png"
	dir := firstFolder(root, celebaFolder, "Img/"+celebaFolder, variant, variant+".7z", "Img/"+variant)
	if dir == root {
		return "", checkFolder(filepath.Join(root, celebaFolder), celebaHint)
	}
	for range 3 {
		inside := firstFolder(dir, celebaFolder, variant, "png")
		if inside == dir {
			break
		}
		dir = inside
	}
	if rel, err := filepath.Rel(root, dir); err == nil && filepath.ToSlash(rel) != celebaFolder {
		s.remark("the pictures are read from %s", filepath.ToSlash(rel))
	}
	return dir, nil
}

// partitionFields splits a line of the authors' list, or of a table, into its two fields.
func partitionFields(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' || r == '\r' })
}

// readPartition reads lines "NAME 0|1|2" and returns the names of each part. It accepts a
// byte-order mark at the beginning, lines that end in CR LF, and the header line of a
// table. Names are file names: it refuses any that could lead to another folder.
func readPartition(path string, r io.Reader) (part [3][]string, err error) {
	lines := bufio.NewScanner(r)
	n, total := 0, 0
	seen := make(map[string]bool)
	for lines.Scan() {
		n++
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		fields := partitionFields(line)
		if len(fields) == 0 || n == 1 && len(fields) == 2 && fields[0] == "image_id" {
			continue
		}
		if len(fields) != 2 || len(fields[1]) != 1 || fields[1][0] < '0' || fields[1][0] > '2' {
			return part, fmt.Errorf("%s: line %d is %.40q, not a file name and 0, 1 or 2; get the file anew", path, n, line)
		}
		name := fields[0]
		if strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, ".") || !picture.IsName(name) {
			return part, fmt.Errorf("%s: line %d: %.40q is not the name of a picture; get the file anew", path, n, name)
		}
		if seen[name] {
			return part, fmt.Errorf("%s: line %d: %.40q is listed twice; get the file anew", path, n, name)
		}
		seen[name] = true
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

// findListed removes missing pictures from the partition and describes them in absent.
// Where the folder has the PNG variant of a picture, its name replaces that of the list.
// The folder is listed once, which is faster than a lookup of each of 200,000 names.
func (s *survey) findListed(dir string, partition *[3][]string) (absent []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, reason(err))
	}
	there := lists.Set(lists.Of(entries, fs.DirEntry.Name))
	var missing []string
	png, total := 0, 0
	for k, names := range partition[:2] {
		var found []string
		for _, name := range names {
			total++
			other := strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
			switch {
			case there[name]:
				found = append(found, name)
			case there[other]:
				png++
				found = append(found, other)
			default:
				missing = append(missing, name)
			}
		}
		partition[k] = found
	}
	if png > 0 {
		s.remark("pictures of the PNG variant, whose names end in .png instead of .jpg")
	}
	if len(missing) > 0 {
		absent = []string{fmt.Sprintf("%d of the %d pictures of %s are missing in %s, first %s: unpack %s.zip again",
			len(missing), total, celebaPartition, dir, missing[0], celebaFolder)}
	}
	return absent, nil
}
