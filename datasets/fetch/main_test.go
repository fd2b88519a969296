package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"multiscale/pkg/command"
)

func TestUsage(t *testing.T) {
	for _, tc := range []struct{ args, words string }{
		{"", "name one data set; use cifar10, stl10"},
		{"cifar10 stl10", "name one data set"},
		{"imagenet", "imagenet: there is no such data set"},
		{"-fast cifar10", "-fast"},
		{"-sha256 12 cifar10", "-sha256 12: 2 characters"},
	} {
		err := run(t.Context(), strings.Fields(tc.args), io.Discard, io.Discard)
		if command.Status(err) != command.StatusUsage || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", tc.args, err)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, &out, io.Discard); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "urban100") {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, "x")
	for i := range int64(1001) {
		p.report(i<<20, 1000<<20)
	}
	p.end()
	if got := out.String(); strings.Count(got, "\n") > 3 || !strings.HasSuffix(got, "x: 1000.0 MiB of 1000.0 (100%)\n") {
		t.Errorf("%q", got)
	}
}
