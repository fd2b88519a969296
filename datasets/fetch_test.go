package datasets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() { pause = time.Millisecond }

// pack returns a .tar.gz of the entries.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(e.data)), Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type entry struct {
	name string
	data []byte
	kind byte
	link string
}

func cifarRecords(n int, seed byte) []byte {
	data := make([]byte, 3073*n)
	for i := range data {
		data[i] = byte(i*i>>7) + seed
	}
	return data
}

// small returns the manifest's entry of CIFAR-10 for a small archive, and the archive.
func small(t testing.TB) (Dataset, []byte) {
	archive := pack(t,
		entry{name: "cifar-10-batches-bin/", kind: tar.TypeDir},
		entry{name: "cifar-10-batches-bin/data_batch_1.bin", data: cifarRecords(30, 1)},
		entry{name: "cifar-10-batches-bin/test_batch.bin", data: cifarRecords(5, 2)},
		entry{name: "readme.html", data: []byte("not wanted")})
	d, _ := Find("cifar10")
	d.Size = int64(len(archive))
	d.MD5 = fmt.Sprintf("%x", md5.Sum(archive))
	d.SHA256 = fmt.Sprintf("%x", sha256.Sum256(archive))
	return d, archive
}

// server serves data and supports ranges. misbehave, which may be nil, is called first and
// returns true if it has answered the request. calls are the Range headers of all requests.
func server(t testing.TB, data []byte, misbehave func(call int, w http.ResponseWriter, r *http.Request) bool) (url string, calls *[]string) {
	calls = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls = append(*calls, r.Header.Get("Range"))
		if misbehave != nil && misbehave(len(*calls), w, r) {
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/archive.tar.gz", calls
}

func content(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != ".lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestFetch(t *testing.T) {
	d, archive := small(t)
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		w.Write(archive[:len(archive)/2])
		panic(http.ErrAbortHandler)
	}
	rest := fmt.Sprintf("bytes=%d-", len(archive)/2)
	for _, tc := range []struct {
		name      string
		misbehave func(call int, w http.ResponseWriter, r *http.Request) bool
		calls     []string
	}{
		{"plain", nil, []string{""}},
		{"cut once", func(call int, w http.ResponseWriter, r *http.Request) bool {
			if call == 1 {
				half(w)
			}
			return false
		}, []string{"", rest}},
		{"cut, and no ranges", func(call int, w http.ResponseWriter, r *http.Request) bool {
			if call == 1 {
				half(w)
			}
			w.Write(archive)
			return true
		}, []string{"", rest}},
		{"busy", func(call int, w http.ResponseWriter, r *http.Request) bool {
			if call < 4 {
				http.Error(w, "busy", http.StatusServiceUnavailable)
			}
			return call < 4
		}, []string{"", "", "", ""}},
		{"wrong range", func(call int, w http.ResponseWriter, r *http.Request) bool {
			switch call {
			case 1:
				half(w)
			case 2:
				w.Header().Set("Content-Range", "bytes 0-1/2")
				w.WriteHeader(http.StatusPartialContent)
				w.Write(archive[:2])
			}
			return call == 2
		}, []string{"", rest, ""}},
		{"without a length", func(call int, w http.ResponseWriter, r *http.Request) bool {
			w.(http.Flusher).Flush()
			w.Write(archive)
			return true
		}, []string{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var calls *[]string
			d := d
			d.URL, calls = server(t, archive, tc.misbehave)
			var last int64
			o := Options{Out: filepath.Join(t.TempDir(), "data"), Progress: func(have, total int64) {
				if last = have; total != d.Size {
					t.Errorf("progress says %d of %d", have, total)
				}
			}}
			for range 2 { // the second call finds the data set
				there, err := Fetch(t.Context(), d, o)
				if err != nil || !strings.Contains(there, "30 pictures for training, 5 for validation") {
					t.Fatalf("%q, %v", there, err)
				}
			}
			if fmt.Sprint(*calls) != fmt.Sprint(tc.calls) || last != d.Size {
				t.Errorf("asked for %q, want %q; progress ended at %d of %d", *calls, tc.calls, last, d.Size)
			}
			if got := content(t, o.Out); len(got) != 1 || got[0] != "cifar10" {
				t.Errorf("left behind: %v", got)
			}
			got, err := os.ReadFile(filepath.Join(o.Out, "cifar10", "test_batch.bin"))
			if err != nil || !bytes.Equal(got, cifarRecords(5, 2)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

func TestFetchFails(t *testing.T) {
	d, archive := small(t)
	corrupted := bytes.Clone(archive)
	corrupted[len(corrupted)/2] ^= 1
	for _, tc := range []struct {
		name      string
		data      []byte
		misbehave func(call int, w http.ResponseWriter, r *http.Request) bool
		words     string
		left      string
	}{
		{"corrupted", corrupted, nil, "md5 is ", "[]"},
		{"larger than announced", append(bytes.Clone(archive), 0), nil, "offers ", "[cifar10.tar.gz.part]"},
		{"endless", nil, func(_ int, w http.ResponseWriter, r *http.Request) bool {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					break
				}
			}
			return true
		}, "sends more than ", "[cifar10.tar.gz.part]"},
		{"not there", nil, func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}, "404 Not Found", "[cifar10.tar.gz.part]"},
		{"always cut at the start", nil, func(_ int, w http.ResponseWriter, r *http.Request) bool {
			panic(http.ErrAbortHandler)
		}, "try again later", "[cifar10.tar.gz.part]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := d
			d.URL, _ = server(t, tc.data, tc.misbehave)
			o := Options{Out: t.TempDir()}
			_, err := Fetch(t.Context(), d, o)
			if err == nil || !strings.Contains(err.Error(), tc.words) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if got := fmt.Sprint(content(t, o.Out)); got != tc.left {
				t.Errorf("left behind: %s, want %s", got, tc.left)
			}
			// Afterwards, a good server succeeds.
			d.URL, _ = server(t, archive, nil)
			if _, err := Fetch(t.Context(), d, o); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestFetchSilentServer(t *testing.T) {
	defer func(before time.Duration) { idle = before }(idle)
	idle = 20 * time.Millisecond
	d, archive := small(t)
	d.URL, _ = server(t, archive, func(_ int, w http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	if _, err := Fetch(t.Context(), d, Options{Out: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "nothing has arrived") {
		t.Errorf("%v", err)
	}
}

func TestFetchStopped(t *testing.T) {
	d, archive := small(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.URL, _ = server(t, archive, func(call int, w http.ResponseWriter, r *http.Request) bool {
		if call == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
			w.Write(archive[:100])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
		return call == 1
	})
	o := Options{Out: t.TempDir(), Progress: func(int64, int64) { cancel() }}
	if _, err := Fetch(ctx, d, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := Fetch(t.Context(), d, o); err != nil {
		t.Errorf("going on: %v", err)
	}
}

func TestChecksumOfTheUser(t *testing.T) {
	d, archive := small(t)
	d.URL, _ = server(t, archive, nil)
	sum := d.SHA256
	d.MD5, d.SHA256 = "", ""
	if _, err := Fetch(t.Context(), d, Options{Out: t.TempDir(), SHA256: strings.Repeat("0", 64)}); err == nil || !strings.Contains(err.Error(), "sha256 is "+sum) {
		t.Errorf("%v", err)
	}
	if _, err := Fetch(t.Context(), d, Options{Out: t.TempDir(), SHA256: strings.ToUpper(sum)}); err != nil {
		t.Error(err)
	}
}

func TestAccept(t *testing.T) {
	d, archive := small(t)
	d.URL, _ = server(t, archive, nil)
	d.Content = strings.Repeat("0", 64)
	o := Options{Out: t.TempDir()}
	_, err := Fetch(t.Context(), d, o)
	if err == nil || !strings.Contains(err.Error(), "-accept") {
		t.Fatalf("%v", err)
	}
	if got := fmt.Sprint(content(t, o.Out)); got != "[cifar10.tar.gz]" {
		t.Errorf("left behind: %s", got)
	}
	o.Accept = true
	if _, err := Fetch(t.Context(), d, o); err != nil {
		t.Error(err)
	}
	got, err := ContentDigest(filepath.Join(o.Out, "cifar10"))
	if err != nil {
		t.Fatal(err)
	}
	d.Content = got
	if _, err := Fetch(t.Context(), d, Options{Out: t.TempDir()}); err != nil {
		t.Error(err)
	}
}

func TestFolderInTheWay(t *testing.T) {
	d, archive := small(t)
	d.URL, _ = server(t, archive, nil)
	out := t.TempDir()
	if err := os.Mkdir(filepath.Join(out, "cifar10"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Fetch(t.Context(), d, Options{Out: out}); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("%v", err)
	}
}

func TestByHand(t *testing.T) {
	d, _ := Find("celeba")
	_, err := Fetch(t.Context(), d, Options{Out: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "no such folder") || !strings.Contains(err.Error(), d.Page) || strings.Count(err.Error(), "\n") > 2 {
		t.Errorf("%v", err)
	}
}
