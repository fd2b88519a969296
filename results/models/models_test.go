package models_test

import (
	"testing"

	"multiscale/pkg/shipped"
	"multiscale/results/models"
)

// TestFiles: the folder's files match its manifest.
func TestFiles(t *testing.T) {
	m, err := shipped.Read(models.Files)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}
