package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestParseCase(t *testing.T) {
	for _, c := range []struct {
		text, network string
		batch, side   int
		wrong         string // part of the error
	}{
		{text: "unet:1:1024", network: "unet", batch: 1, side: 1024},
		{text: "unet:base=16,dropout=0:2:64", network: "unet", batch: 2, side: 64},
		{text: "espcn:8:33", network: "espcn", batch: 8, side: 33},
		{text: "unet:1", wrong: "not a case"},
		{text: "vnet:1:16", wrong: "unknown network"},
		{text: "unet:no=1:1:16", wrong: "no option"},
		{text: "unet:0:16", wrong: "batch"},
		{text: "unet:1:18", wrong: "multiple of 4"},
		{text: "unet:1:99999999", wrong: "16384"},
	} {
		got, err := parseCase(c.text)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: error %v, want one with %q", c.text, err, c.wrong)
			}
			continue
		}
		if err != nil || got.network.Name() != c.network || got.batch != c.batch || got.side != c.side {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
}

// TestCase: a case prints one line, with a digest that depends only on network, batch and side.
func TestCase(t *testing.T) {
	digests := map[string]string{}
	for _, args := range []string{"unet:1:16", "unet:1:16 -memory 1GiB", "unet:1:16 -memory 1MiB", "unet:base=16:1:16", "unet:1:20"} {
		var out bytes.Buffer
		if err := run(t.Context(), append([]string{"-runs", "1", "-case"}, strings.Fields(args)...), &out); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		var r result
		r.extra = new(extra)
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v in %s", args, err, out.String())
		}
		if r.SecondsPerStep <= 0 || r.PeakRSSBytes == 0 || len(r.GradientSHA256) != 64 {
			t.Errorf("%s: %s", args, out.String())
		}
		digests[args] = r.GradientSHA256
	}
	whole := digests["unet:1:16"]
	for args, digest := range digests {
		same := strings.HasPrefix(args, "unet:1:16")
		if (digest == whole) != same {
			t.Errorf("%s: digest %s, that of unet:1:16 is %s", args, digest, whole)
		}
	}
}
