package command

import (
	"errors"
	"os"
	"slices"
	"testing"
)

func TestStrings(t *testing.T) {
	var models []string
	f := NewFlags("try", "tries")
	f.Strings(&models, "model", "M.onnx", "a model")
	if err := f.Parse([]string{"-model", "a", "--model=b", "-model", "a"}); err != nil || !slices.Equal(models, []string{"a", "b", "a"}) {
		t.Errorf("%v, %v", models, err)
	}
	var usage *UsageError
	if err := f.Parse([]string{"-model", "c", "-model="}); !errors.As(err, &usage) || usage.Flag != "-model" {
		t.Errorf("an empty one: %v", err)
	}
}

func TestCheckOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link("a", "link"); err != nil {
		t.Skip("the file system has no links")
	}
	for _, tc := range []struct {
		files []string
		once  bool
	}{
		{[]string{"a", "b"}, true},
		{[]string{"a", "b", "./a"}, false},
		{[]string{"a", "link"}, false},
		{[]string{"a", "initial", "other"}, true}, // words that are no files
		{[]string{"initial", "a", "initial"}, false},
		{[]string{"none", "./none"}, false},
	} {
		err := CheckOnce("model", tc.files)
		var usage *UsageError
		if (err == nil) != tc.once || err != nil && (!errors.As(err, &usage) || usage.Value != tc.files[len(tc.files)-1]) {
			t.Errorf("%q: %v, want once: %v", tc.files, err, tc.once)
		}
	}
}
