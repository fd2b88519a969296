package docs

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestWalk: the path of a batch in the architecture is short and has one direction, and nothing that it names
// imports a package of this module that the text leaves out.
func TestWalk(t *testing.T) {
	data, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "**The path of a batch.**")
	names := func(paragraph string) (list []string) {
		for _, m := range regexp.MustCompile("`([a-z]+)`").FindAllStringSubmatch(paragraph, -1) {
			list = append(list, m[1])
		}
		return list
	}
	paragraphs := strings.SplitN(text, "\n\n", 3)
	way, beside := names(paragraphs[0]), names(paragraphs[1])
	place := map[string]int{}
	for i, name := range way {
		place[name] = i
	}
	if len(way) > 16 || len(place) != len(way) || len(way) == 0 || len(beside) == 0 {
		t.Fatalf("the path has %d packages, %d of them distinct; %d are beside it", len(way), len(place), len(beside))
	}
	for i, name := range way {
		for _, used := range imports(t, name) {
			j, along := place[used]
			switch {
			case !along && !slices.Contains(beside, used):
				t.Errorf("%s imports %s, which is neither on the path nor named beside it", name, used)
			case along && i > place["task"] && j <= place["task"] && used != "pixel" && used != "mesh":
				t.Errorf("%s imports %s, which the batch has passed", name, used)
			case along && i >= place["mge"] && i < place["train"] && j >= place["mge"] && j < i:
				t.Errorf("%s imports %s against the path", name, used)
			}
		}
	}
}

// imports returns the packages below pkg that one of them imports, without its own parts.
func imports(t *testing.T, name string) (list []string) {
	t.Helper()
	files, err := filepath.Glob("../pkg/" + name + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("pkg/%s: %v, %v", name, files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Imports {
			path, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			_, below, own := strings.Cut(path, "multiscale/pkg/")
			used, _, _ := strings.Cut(below, "/")
			if own && used != name && !slices.Contains(list, used) {
				list = append(list, used)
			}
		}
	}
	return list
}
