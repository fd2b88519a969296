package view

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/catalog"
	"multiscale/pkg/command"
	"multiscale/pkg/experiment/restore"
)

// do sends a request and returns status and body.
func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, r)
}

func post(ctx context.Context, t *testing.T, address string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// events parses the lines of the response to a restoration.
func events(t *testing.T, body string) (list []event) {
	t.Helper()
	for line := range strings.Lines(body) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, e)
	}
	return list
}

// TestGuard: requests of the page and of programs on this machine are accepted; those of other sites are not.
func TestGuard(t *testing.T) {
	_, server := start(t, Request{})
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port := address.Port()
	for _, c := range []struct {
		method, host string
		header       http.Header
		want         int
	}{
		{"GET", "127.0.0.1:" + port, nil, 200},
		{"GET", "localhost:" + port, nil, 200},
		{"GET", "LOCALHOST:" + port, nil, 200},
		{"GET", "[::1]:" + port, nil, 200},
		{"GET", "evil.example:" + port, nil, 421},
		{"GET", "127.0.0.1.evil.example:" + port, nil, 421},
		{"GET", "localhost.evil.example:" + port, nil, 421},
		{"GET", "localhost", nil, 421},
		{"GET", "localhost:1", nil, 421},
		{"GET", "10.0.0.1:" + port, nil, 421},
		{"GET", "0.0.0.0:" + port, nil, 421},
		{"GET", "x@127.0.0.1:" + port, nil, 421},
		{"GET", "127.0.0.1:" + port, http.Header{"Origin": {"http://127.0.0.1:" + port}}, 200},
		{"GET", "127.0.0.1:" + port, http.Header{"Origin": {"http://evil.example"}}, 403},
		{"GET", "127.0.0.1:" + port, http.Header{"Origin": {"null"}}, 403},
		{"POST", "127.0.0.1:" + port, nil, 404}, // no model is named
		{"POST", "127.0.0.1:" + port, http.Header{"Origin": {"http://127.0.0.1:" + port}, "Sec-Fetch-Site": {"same-origin"}}, 404},
		{"POST", "127.0.0.1:" + port, http.Header{"Origin": {"http://evil.example"}}, 403},
		{"POST", "127.0.0.1:" + port, http.Header{"Origin": {"https://127.0.0.1:" + port}}, 403},
		{"POST", "127.0.0.1:" + port, http.Header{"Origin": {"http://localhost:" + port}}, 403},
		{"POST", "127.0.0.1:" + port, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"POST", "127.0.0.1:" + port, http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"POST", "evil.example:" + port, http.Header{"Origin": {"http://evil.example:" + port}}, 421},
		{"DELETE", "127.0.0.1:" + port, nil, 405},
	} {
		path := "/"
		if c.method == "POST" {
			path = "/restore"
		}
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = c.host
		if c.header != nil {
			r.Header = c.header
		}
		if got, body := do(t, r); got != c.want {
			t.Errorf("%s with Host %s, %v: %d %s, want %d", c.method, c.host, c.header, got, body, c.want)
		}
	}
}

// TestGuardOfNames: if other machines may connect, any address and the name of -addr are accepted.
func TestGuardOfNames(t *testing.T) {
	everywhere := newGuard("desk.example:8080", &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8080})
	for host, want := range map[string]bool{
		"192.168.1.5:8080": true, "desk.example:8080": true, "Desk.Example:8080": true, "localhost:8080": true,
		"evil.example:8080": false, "192.168.1.5": false, "": false, ":8080": false,
	} {
		if everywhere.knows(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
	if plain := newGuard("127.0.0.1:80", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}); !plain.knows("127.0.0.1") || !plain.knows("[::1]") {
		t.Error("the port of http need not be written")
	}
}

// TestHeaders: the headers of every response, even of errors, forbid what the page does not need.
func TestHeaders(t *testing.T) {
	_, server := start(t, Request{})
	for _, path := range []string{"/", "/view.js", "/view.css", "/report.css", "/report.js", "/icon.svg", "/models", "/runs", "/nothing"} {
		answer, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self';", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if policy := answer.Header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}

// hugePNG returns the beginning of a PNG file whose header has w by h pixels.
func hugePNG(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 2, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return append(binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(head)), make([]byte, 64)...)
}

// zeros is a body of n bytes without a declared length.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.n)
	z.n -= n
	return int(n), nil
}

// TestRefused: the response to each wrong request has a reason, and no file and no ticket is left.
func TestRefused(t *testing.T) {
	bad := sessiontest.File(t, "bad.onnx", []byte("no model"))
	models := []string{
		sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)), bad,
		sessiontest.File(t, "double.onnx", sessiontest.Network(t, sessiontest.ESPCN, sessiontest.Unit("superresolution"))),
	}
	s, server := start(t, Request{Models: models})
	good, err := os.ReadFile(noisy(t, 32, 24))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		body  io.Reader
		want  int
		says  string
	}{
		{"model=file-1", bytes.NewReader(make([]byte, MaxBytes+1)), 413, "at most"},
		{"model=file-1", &zeros{MaxBytes + 1}, 413, "more than"},
		{"model=file-1", bytes.NewReader(hugePNG(20000, 10000)), 415, "20000x10000 pixels"},
		{"model=file-1", bytes.NewReader(hugePNG(7000, 6000)), 413, "7000x6000 pixels, at most 40000000"},
		{"model=file-1", strings.NewReader("no picture"), 415, ""},
		{"model=file-1&name=../../etc/passwd", strings.NewReader("no picture"), 415, "passwd: "},
		{"model=file-1", bytes.NewReader(nil), 415, ""},
		{"", bytes.NewReader(good), 404, "no such model"},
		{"model=" + url.QueryEscape(models[0]), bytes.NewReader(good), 404, "no such model"},
		{"model=../../smooth", bytes.NewReader(good), 404, "no such model"},
		{"model=file-9", bytes.NewReader(good), 404, "no such model"},
		{"model=file-1&format=svg", bytes.NewReader(good), 400, "png or jpg"},
		{"model=file-1&format=../x", bytes.NewReader(good), 400, "png or jpg"},
		{"model=file-1&sigma=-1", bytes.NewReader(good), 400, "0 to 255"},
		{"model=file-1&sigma=NaN", bytes.NewReader(good), 400, "0 to 255"},
		{"model=file-1&t=1,x", bytes.NewReader(good), 400, "numbers"},
		{"model=file-3&sigma=5", bytes.NewReader(good), 400, "not told"},
		{"model=file-2&sigma=5", bytes.NewReader(good), 422, "bad.onnx"},
		{"model=file-2", bytes.NewReader(good), 200, "bad.onnx"},
		{"model=file-1&name=a.png", bytes.NewReader(good[:len(good)/2]), 200, `"error":"a.png: `},
		{"model=file-3&t=1", bytes.NewReader(good), 200, "takes no t"},
	} {
		status, body := do(t, post(t.Context(), t, server.URL+"/restore?"+c.query, c.body))
		if status != c.want || !strings.Contains(body, c.says) || strings.Contains(body, s.dir) {
			t.Errorf("%s: %d %s, want %d with %q", c.query, status, body, c.want, c.says)
		}
		if files, err := os.ReadDir(s.dir); err != nil || len(files) > 0 || len(s.queue.tickets) > 0 {
			t.Errorf("%s: %d folders and %d places are left, %v", c.query, len(files), len(s.queue.tickets), err)
		}
	}
}

// TestRestored: the result is the file that the command restore writes.
func TestRestored(t *testing.T) {
	s, server := start(t, Request{})
	in := noisy(t, 60, 40)
	picture, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query, model, ending string
		t                    []float32
	}{
		{"model=file-1", s.request.Models[0], "png", nil},
		{"model=file-1&sigma=22", s.request.Models[0], "png", []float32{float32(1 / (1 + 22.0/255/0.5))}},
		{"model=file-1&t=0.5&format=jpg", s.request.Models[0], "jpg", []float32{0.5}},
		{"model=file-2", s.request.Models[1], "png", nil},
	} {
		status, body := do(t, post(t.Context(), t, server.URL+"/restore?"+c.query, bytes.NewReader(picture)))
		list := events(t, body)
		if status != 200 || len(list) < 2 || list[len(list)-1].Result == nil {
			t.Fatalf("%s: %d %s", c.query, status, body)
		}
		out := filepath.Join(t.TempDir(), "out."+c.ending)
		r := restore.Request{Catalog: s.request.Catalog, Model: c.model, In: in, Out: out, T: c.t, Memory: s.request.Memory, Options: s.request.Options}
		if err := restore.Run(t.Context(), r, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if status, got := get(t, server.URL+"/"+list[len(list)-1].Result.After); status != 200 || got != string(want) {
			t.Errorf("%s: %d, %d bytes, want %d", c.query, status, len(got), len(want))
		}
	}
	// Other results replace the first one.
	for range maxKept {
		do(t, post(t.Context(), t, server.URL+"/restore?model=file-1", bytes.NewReader(picture)))
	}
	if files, err := os.ReadDir(s.dir); err != nil || len(files) != maxKept {
		t.Errorf("%d results are kept, %v", len(files), err)
	}
	for _, path := range []string{"x/restored.png", "..%2frestored.png", "%2e%2e/restored.png", s.results.kept[0].id + "/picture", s.results.kept[0].id + "/..%2f..%2fetc%2fpasswd"} {
		if status, body := get(t, server.URL+"/results/"+path); status != 404 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

// TestForm: a mask comes before its picture, and only models that fill holes accept one.
func TestForm(t *testing.T) {
	s, server := start(t, Request{Models: []string{
		sessiontest.File(t, "inpaint.onnx", sessiontest.Network(t, sessiontest.UNet, sessiontest.Signed("inpainting"))),
		sessiontest.File(t, "smooth.onnx", sessiontest.Smooth(t)),
	}})
	picture, err := os.ReadFile(noisy(t, 40, 30))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(noisy(t, 20, 30))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model string
		parts []string
		files [][]byte
		want  int
		says  string
	}{
		{"file-1", []string{"mask", "picture"}, [][]byte{picture, picture}, 200, `"result"`},
		{"file-1", []string{"mask", "picture"}, [][]byte{other, picture}, 200, `"error":"mask: it has 20x30 pixels`},
		{"file-2", []string{"mask", "picture"}, [][]byte{picture, picture}, 200, "fills no holes"},
		{"file-1", []string{"picture", "mask"}, [][]byte{picture, picture}, 400, "a mask, then a picture"},
		{"file-1", []string{"mask"}, [][]byte{picture}, 400, "a mask, then a picture"},
		{"file-1", []string{"mask", "picture"}, [][]byte{hugePNG(20000, 10000), picture}, 415, "20000x10000 pixels"},
		{"file-1", []string{"mask", "picture"}, [][]byte{picture, make([]byte, MaxBytes)}, 413, "at most"},
		{"file-1", nil, nil, 400, "a mask, then"},
	} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for i, name := range c.parts {
			part, err := form.CreateFormFile(name, "../../"+name)
			if err != nil {
				t.Fatal(err)
			}
			part.Write(c.files[i])
		}
		form.Close()
		r := post(t.Context(), t, server.URL+"/restore?model="+c.model, &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		if status, text := do(t, r); status != c.want || !strings.Contains(text, c.says) || strings.Contains(text, s.dir) {
			t.Errorf("%s, %v: %d %s, want %d with %q", c.model, c.parts, status, text, c.want, c.says)
		}
	}
}

// TestHundred: of a hundred pictures at once some are restored, and the others are rejected with a
// reason. Neither memory nor disk usage grows with their number.
func TestHundred(t *testing.T) {
	s, server := start(t, Request{})
	picture, err := os.ReadFile(noisy(t, 64, 48))
	if err != nil {
		t.Fatal(err)
	}
	body := append(picture, make([]byte, 8<<20)...) // bytes after the end of a PNG are ignored
	first, ok := s.queue.enter()                    // so that no restoration begins before all requests have arrived
	if !ok {
		t.Fatal("no place in an empty queue")
	}
	defer first.leave()
	runtime.GC()
	var before, peak runtime.MemStats
	runtime.ReadMemStats(&before)
	statuses := make(chan int, 100)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			answer, err := http.DefaultClient.Do(post(t.Context(), t, server.URL+"/restore?model=file-1", bytes.NewReader(body)))
			if err != nil {
				t.Error(err)
				statuses <- 0
				return
			}
			defer answer.Body.Close()
			statuses <- answer.StatusCode
			if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode == 200 && !strings.Contains(string(text), `"result":`) {
				t.Errorf("%s, %v", text, err)
			}
		})
	}
	counts := map[int]int{}
	for range 100 - MaxQueue {
		counts[<-statuses]++
	}
	runtime.ReadMemStats(&peak)
	files, err := os.ReadDir(s.dir)
	if err != nil || len(files) > MaxQueue {
		t.Errorf("%d pictures lie there, %v", len(files), err)
	}
	if grown := int64(peak.HeapAlloc) - int64(before.HeapAlloc); grown > 128<<20 {
		t.Errorf("the heap has grown by %d MiB", grown>>20)
	}
	first.leave()
	group.Wait()
	close(statuses)
	for status := range statuses {
		counts[status]++
	}
	if counts[200] < MaxQueue || counts[200]+counts[503] != 100 || counts[503] < 50 {
		t.Errorf("answers by status: %v", counts)
	}
	t.Logf("answers by status: %v", counts)
}

// TestCancelled: no files are left if a client goes away while it sends, waits, or has its picture
// restored.
func TestCancelled(t *testing.T) {
	large, err := os.ReadFile(noisy(t, 1200, 900))
	if err != nil {
		t.Fatal(err)
	}
	s, server := start(t, Request{})
	s.request.Memory = 1 << 20 // many tiles
	empty := func(t *testing.T) {
		t.Helper()
		s.queue.drain()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			files, err := os.ReadDir(s.dir)
			if err == nil && len(files) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d folders are left, %v", len(files), err)
			}
		}
	}
	t.Run("sending", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		go func() {
			w.Write(large[:1000])
			cancel()
		}()
		if answer, err := http.DefaultClient.Do(post(ctx, t, server.URL+"/restore?model=file-1", r)); err == nil {
			t.Errorf("an answer: %s", answer.Status)
		}
		empty(t)
	})
	for name, until := range map[string]string{"waiting": `"ahead":1`, "restoring": `"tiles":2`} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "waiting" {
				first, ok := s.queue.enter()
				if !ok {
					t.Fatal("no place")
				}
				defer empty(t)
				defer first.leave()
			}
			answer, err := http.DefaultClient.Do(post(ctx, t, server.URL+"/restore?model=file-1", bytes.NewReader(large)))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
				if strings.Contains(lines.Text(), `"result"`) {
					t.Error("it was finished all the same")
				}
				if strings.Contains(lines.Text(), until) {
					cancel()
				}
			}
			if ctx.Err() == nil {
				t.Fatalf("there was no %s", until)
			}
			if name == "restoring" {
				empty(t)
			}
		})
	}
}

// TestRun: the command serves until it is stopped, and leaves no files.
func TestRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Request{Catalog: catalog.Standard(), Address: "127.0.0.1:0", Memory: 1 << 26, Options: session.Options{}}, w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	address := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("%q, %v", line, err)
	}
	if status, body := get(t, address); status != 200 || !strings.Contains(body, "up to 64 MiB and 40 megapixels") {
		t.Errorf("%d %s", status, body)
	}
	sending, cancel := io.Pipe() // a picture that never ends
	go http.DefaultClient.Do(post(t.Context(), t, address+"restore?model=x", sending))
	stop()
	select {
	case err := <-ended:
		if err != context.Canceled { // the signal's status and name follow from it
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	cancel.Close()
	if files, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(files) > 0 {
		t.Errorf("%v are left, %v", files, err)
	}
}

// TestMistakes: wrong flags are errors.
func TestMistakes(t *testing.T) {
	var usage *command.UsageError
	for _, line := range []string{"-addr 8080", "-addr localhost", "-addr localhost:http", "-addr :99999", "nothing-here", "-memory 3", "-model"} {
		if _, err := parse(catalog.Standard(), strings.Fields(line), io.Discard); !errors.As(err, &usage) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if _, err := parse(catalog.Standard(), []string{"-model", "nothing.onnx"}, io.Discard); err == nil || errors.As(err, &usage) {
		t.Errorf("a model that is not there: %v", err)
	}
	var help bytes.Buffer
	parse(catalog.Standard(), []string{"-h"}, &help)
	for _, part := range []string{"[RUNFOLDER ...]", "-addr HOST:PORT", "127.0.0.1:8080", "results/runs"} {
		if !strings.Contains(help.String(), part) {
			t.Errorf("the help lacks %s", part)
		}
	}
	taken := httptest.NewServer(nil)
	defer taken.Close()
	if err := Run(t.Context(), Request{Address: taken.Listener.Addr().String()}, io.Discard, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "-addr ") {
		t.Errorf("an address that is taken: %v", err)
	}
}
