package command

import (
	"errors"
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
