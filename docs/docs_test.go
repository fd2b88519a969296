// Package docs tests the documents: their links lead somewhere, and the flags in the
// guide and the schema of plans are the program's.
package docs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/plan"
)

// documents returns the text of all documents by absolute path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "../README.md", "../results/README.md", "../datasets/README.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %v, %v", pattern, paths, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[absolute(t, path)] = string(data)
		}
	}
	return texts
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fenced    = regexp.MustCompile("(?ms)^```.*?^```$")
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors returns the anchors that GitHub gives the headings of a document.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		title := link.ReplaceAllString(m[1], "]")
		found[strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")] = true
	}
	return found
}

// TestLinks: every relative link leads to a file or folder of the repository, and to a
// heading where it names one.
func TestLinks(t *testing.T) {
	texts := documents(t)
	count := 0
	for path, text := range texts {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // another site
			}
			count++
			file := path
			if target != "" {
				file = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
			} else if anchor != "" && !anchors(texts[file])[anchor] {
				t.Errorf("%s: %s: there is no such heading", path, m[1])
			}
		}
	}
	if count == 0 {
		t.Error("no links")
	}
}

// TestGuideFlags: the guide's section of flags is the help of the training commands,
// whose golden text the tests of the command line hold against the program.
func TestGuideFlags(t *testing.T) {
	const golden = "../pkg/setting/testdata/help.txt"
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	_, help, _ := strings.Cut(string(text), "\n\n") // after what the command is for
	guide, err := os.ReadFile("guide.md")
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- help:begin -->\n", "<!-- help:end -->\n"
	before, rest, ok := strings.Cut(string(guide), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("guide.md has no %s and %s", begin, end)
	}
	want := fmt.Sprintf("%s%s```text\n%s```\n%s%s", before, begin, help, end, after)
	if string(guide) == want {
		return
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("guide.md differs from %s; UPDATE_GOLDEN=1 go test ./docs writes it anew", golden)
	}
	if err := os.WriteFile("guide.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGuidePlans: the plans in the guide are plans.
func TestGuidePlans(t *testing.T) {
	text, err := os.ReadFile("guide.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("there are none")
	}
	for _, block := range blocks {
		if _, err := plan.Parse(block[1], catalog.Standard(), map[string]string{"pairs": "somewhere"}); err != nil {
			t.Errorf("%v in\n%s", err, block[1])
		}
	}
}

// TestPlanSchema: the schema of plans, which editors read, is what the settings make of it.
func TestPlanSchema(t *testing.T) {
	want, err := plan.Schema(catalog.Standard())
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(plan.SchemaID, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(plan.SchemaID); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not that of the settings (%v); UPDATE_GOLDEN=1 go test ./docs writes it anew", plan.SchemaID, err)
	}
}
