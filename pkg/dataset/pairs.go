package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/lists"
	"multiscale/pkg/picture"
)

// The folders of pairs.
const (
	cleanFolder    = "clean"
	degradedFolder = "degraded"
)

// openPairs reads clean pictures and their degraded counterparts. Root holds degraded/ and
// clean/; the two pictures of a pair have the same name except for the extension. The
// degraded picture has the sides of the clean one, or half of them. Validation is a folder
// of the same form; without it, a stable hash splits the pairs 90:10.
func openPairs(o Options) (*Set, error) { return openTrees(o, findDegraded, Crop, half) }

// findDegraded lists the clean pictures of a folder of pairs and, in the same
// order, the degraded ones.
func findDegraded(s *survey, label, root string) (*album, error) {
	if err := checkPairs(root); err != nil {
		return nil, err
	}
	clean, err := s.find(label, filepath.Join(root, cleanFolder), true)
	if err != nil {
		return nil, err
	}
	degraded, err := s.find(label, filepath.Join(root, degradedFolder), true)
	if err != nil {
		return nil, err
	}
	m, err := match(clean.names, degraded.names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, err)
	}
	if err := s.leaveAlone(label, root, m); err != nil {
		return nil, err
	}
	clean.names, degraded.names = m.clean, m.degraded
	a, err := s.add(label+cleanFolder+"/", clean)
	if err != nil {
		return nil, err
	}
	return a, s.addInputs(label+degradedFolder+"/", degraded)
}

func checkPairs(root string) error {
	for _, name := range []string{cleanFolder, degradedFolder} {
		if dir := filepath.Join(root, name); !isFolder(dir) {
			return fmt.Errorf("%s: no folder %s/; pairs are pictures of equal names in degraded/ and clean/", root, name)
		}
	}
	return nil
}

// stem is a name without its extension. The pictures of a pair have the same stem.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// matched has the names of pairs, in the order of the clean pictures, and, sorted, the
// names without a counterpart.
type matched struct{ clean, degraded, aloneClean, aloneDegraded []string }

// match pairs the names of two folders. Two names in one folder that differ only in their
// extension are an error, because either could belong to the pair.
func match(clean, degraded []string) (m matched, err error) {
	places := [2]map[string]string{}
	for i, names := range [][]string{clean, degraded} {
		places[i] = make(map[string]string, len(names))
		for _, name := range names {
			if there, twice := places[i][stem(name)]; twice {
				folder := [...]string{cleanFolder, degradedFolder}[i]
				return m, fmt.Errorf("%s/%s and %s/%s have the same name; remove one", folder, there, folder, name)
			}
			places[i][stem(name)] = name
		}
	}
	for _, name := range clean {
		if other, ok := places[1][stem(name)]; ok {
			m.clean, m.degraded = append(m.clean, name), append(m.degraded, other)
		} else {
			m.aloneClean = append(m.aloneClean, name)
		}
	}
	for _, name := range degraded {
		if _, ok := places[0][stem(name)]; !ok {
			m.aloneDegraded = append(m.aloneDegraded, name)
		}
	}
	slices.Sort(m.aloneClean)
	slices.Sort(m.aloneDegraded)
	return m, nil
}

// leaveAlone reports pictures without a counterpart. They are an error unless SkipBad
// leaves them out and some pairs remain.
func (s *survey) leaveAlone(label, root string, m matched) error {
	n := len(m.aloneClean) + len(m.aloneDegraded)
	in := func(folder string) func(string) string {
		return func(name string) string { return label + folder + "/" + name }
	}
	s.report.Unmatched = slices.Concat(s.report.Unmatched, lists.Of(m.aloneClean, in(cleanFolder)), lists.Of(m.aloneDegraded, in(degradedFolder)))
	switch {
	case n == 0:
		return nil
	case len(m.clean) == 0:
		return fmt.Errorf("%s: none of the %d pictures has a counterpart of the same name, apart from the ending:%s", root, n, m.listAlone())
	case s.o.SkipBad:
		return nil
	}
	return fmt.Errorf("%s: %d pictures have no counterpart; add or remove them, or use -skip-bad, which leaves them out:%s", root, n, m.listAlone())
}

// listAlone lists the pictures without a counterpart, one line per folder.
func (m matched) listAlone() (list string) {
	for _, of := range []struct {
		folder string
		names  []string
	}{{cleanFolder, m.aloneClean}, {degradedFolder, m.aloneDegraded}} {
		if len(of.names) > 0 {
			list += fmt.Sprintf("\n  in %s/ only: %s", of.folder, listUpTo(maxBad, of.names))
		}
	}
	return list
}

// ratioOf returns the ratio of the sides of a clean picture to those of its degraded
// picture: 1 or 2, or 0 if it is neither.
func ratioOf(clean, input shape) int {
	for _, r := range []int{1, 2} {
		if input.w == clean.w/r && input.h == clean.h/r && input.w > 0 && input.h > 0 {
			return r
		}
	}
	return 0
}

// checkRatio checks that all pairs have the same ratio of sides, and reports it.
func (s *survey) checkRatio() error {
	first := ""
	var wrong []Bad
	for _, a := range s.albums {
		if a.inputs == nil {
			continue
		}
		for i := range a.clean.shapes {
			ratio, reason := uprightRatio(a.clean.path(i), a.clean.shapes[i], a.inputs.path(i), a.inputs.shapes[i])
			if ratio != 0 && s.report.Ratio == 0 {
				s.report.Ratio, first = ratio, a.inputs.name(i)
			}
			if ratio != 0 && ratio != s.report.Ratio {
				reason = fmt.Sprintf("1/%d of the clean picture's sides, while those of %s are 1/%d", ratio, first, s.report.Ratio)
			}
			if reason != "" {
				wrong = append(wrong, Bad{a.inputs.name(i), reason})
			}
		}
	}
	const rule = "degraded pictures have the sides of the clean ones, or all of them half the sides"
	switch len(wrong) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %s: %s; %s", s.o.Root, wrong[0].Name, wrong[0].Reason, rule)
	}
	return fmt.Errorf("%s: %d pairs have wrong sides; %s:%s", s.o.Root, len(wrong), rule, listBad(wrong))
}

// uprightRatio returns the ratio of the sides of two pictures or, with a ratio of 0, the
// reason why there is none. Headers have the sides as stored; if these do not fit, the
// pictures are decoded, which turns them upright, and compared again.
func uprightRatio(cleanPath string, clean shape, inputPath string, input shape) (ratio int, reason string) {
	if ratio = ratioOf(clean, input); ratio != 0 {
		return ratio, ""
	}
	turn := func(path string, s *shape) {
		if p, _, err := load(path); err == nil {
			s.w, s.h = p.W, p.H
		}
	}
	turn(cleanPath, &clean)
	turn(inputPath, &input)
	if ratio = ratioOf(clean, input); ratio != 0 {
		return ratio, ""
	}
	return 0, fmt.Sprintf("%dx%d pixels, while the clean picture has %dx%d", input.w, input.h, clean.w, clean.h)
}

// errFound ends a walk early.
var errFound = errors.New("found")

// ratioOfPairs returns the ratio of the first pair of a folder that has one, or 0. Open
// checks that it is the same for all pairs.
func ratioOfPairs(root string) (ratio int, err error) {
	if err := checkFolder(root, pairsHint); err != nil {
		return 0, err
	}
	if err := checkPairs(root); err != nil {
		return 0, err
	}
	clean, err := filepath.EvalSymlinks(filepath.Join(root, cleanFolder))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", root, reason(err))
	}
	known := map[string]map[string]string{} // degraded pictures by folder and stem
	err = filepath.WalkDir(clean, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isRead(d.Name()) {
			return nil // Open reports errors
		}
		name, err := filepath.Rel(clean, file)
		if err != nil {
			return nil
		}
		dir := filepath.Join(root, degradedFolder, filepath.Dir(name))
		if known[dir] == nil {
			known[dir] = byStem(dir)
		}
		other, ok := known[dir][stem(d.Name())]
		if !ok {
			return nil
		}
		other = filepath.Join(dir, other)
		a, err := shapeOf(file)
		if err != nil {
			return nil
		}
		b, err := shapeOf(other)
		if err != nil {
			return nil
		}
		if ratio, _ = uprightRatio(file, a, other, b); ratio == 0 {
			return nil
		}
		return errFound
	})
	if err != nil && !errors.Is(err, errFound) {
		return 0, fmt.Errorf("%s: %w", root, reason(err))
	}
	return ratio, nil
}

// isRead reports whether a file with this name is a picture or an array to read.
func isRead(name string) bool {
	return !strings.HasPrefix(name, ".") && (picture.IsName(name) || isArray(name))
}

// byStem maps the stems of the pictures in a folder to their names.
func byStem(dir string) map[string]string {
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return found
	}
	for _, e := range entries {
		if isRead(e.Name()) {
			found[stem(e.Name())] = e.Name()
		}
	}
	return found
}
