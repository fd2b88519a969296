package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestList: every program of the project is listed with the synopsis of its comment.
func TestList(t *testing.T) {
	var text strings.Builder
	if err := list(&text); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, pattern := range []string{"../experiments/*/main.go", "../onnx/*/main.go", "../datasets/*/main.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Dir(file)
			does, err := synopsis(filepath.Base(dir), source)
			if err != nil || does == "" {
				t.Errorf("%s: %q, %v", file, does, err)
			}
			if line := filepath.ToSlash(strings.TrimPrefix(dir, "../")); !strings.Contains(text.String(), "./"+line+" ") || !strings.Contains(text.String(), " "+does+"\n") {
				t.Errorf("%s, %q is not in\n%s", line, does, text.String())
			}
			count++
		}
	}
	if count < 13 {
		t.Errorf("%d programs", count)
	}
}
