package view

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"multiscale/pkg/experiment/restore"
	"multiscale/pkg/lists"
	"multiscale/pkg/picture"
)

// event is a line of the response to a restoration, which shows its progress. The last event has
// a Result or an Error.
type event struct {
	Ahead  int     `json:"ahead,omitempty"` // restorations before this one
	Begun  bool    `json:"begun,omitempty"`
	Tiles  int     `json:"tiles,omitempty"` // finished tiles
	Of     int     `json:"of,omitempty"`
	Note   string  `json:"note,omitempty"`
	Result *result `json:"result,omitempty"`
	Error  string  `json:"error,omitempty"`
}

// result has the addresses of the restored picture and, if necessary, of the original one. They are valid
// until maxKept other results exist.
type result struct {
	After  string `json:"after"`
	Before string `json:"before,omitempty"` // only if browsers do not show the picture's format
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int64  `json:"bytes"`
}

// formats has the media types of results by file extension.
var formats = map[string]string{"png": "image/png", "jpg": "image/jpeg"}

// restore reads a picture from the body, restores it when its turn has come, and writes events,
// one JSON object a line. It stops if the client goes away.
func (s *Server) restore(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	fail := func(status int, format string, args ...any) {
		// A client reads the response only after it has sent the body. So read that, for at most headTime.
		c.EnableFullDuplex()
		w.Header().Set("Connection", "close")
		http.Error(w, fmt.Sprintf(format, args...), status)
		c.Flush()
		io.CopyN(io.Discard, r.Body, MaxBytes)
	}
	asked, status, err := s.asked(r.URL.Query())
	if err != nil {
		fail(status, "%v", err)
		return
	}
	if r.ContentLength > MaxBytes {
		fail(http.StatusRequestEntityTooLarge, "the file has %d bytes, at most %d are taken", r.ContentLength, MaxBytes)
		return
	}
	// Enter the queue before the picture is received, so that the queue bounds the number of stored pictures.
	place, ok := s.queue.enter()
	if !ok {
		w.Header().Set("Retry-After", "10")
		fail(http.StatusServiceUnavailable, "%d restorations are waiting; try again later", MaxQueue)
		return
	}
	defer place.leave()
	ctx, cancel := context.WithTimeout(r.Context(), restoreTime)
	defer cancel()
	c.SetReadDeadline(time.Now().Add(uploadTime))
	id := rand.Text()
	dir := filepath.Join(s.dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		fail(http.StatusInternalServerError, "%v", err)
		return
	}
	kept := false
	defer func() {
		if !kept {
			os.RemoveAll(dir)
		}
	}()
	r.Body = http.MaxBytesReader(w, r.Body, MaxBytes)
	if status, err := receive(dir, r); err != nil {
		fail(status, "%s", asked.plain(err.Error(), dir))
		return
	}
	c.SetReadDeadline(time.Time{}) // from here on, reading only detects that the client goes away

	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("X-Accel-Buffering", "no")
	var mu sync.Mutex
	tell := func(e event) {
		mu.Lock()
		defer mu.Unlock()
		c.SetWriteDeadline(time.Now().Add(answerTime))
		if json.NewEncoder(w).Encode(e) != nil || c.Flush() != nil {
			cancel()
		}
	}
	if err := place.wait(ctx, func(ahead int) { tell(event{Ahead: ahead}) }); err != nil {
		return // the client is gone
	}
	tell(event{Begun: true})
	done, err := s.run(ctx, asked, dir, tell)
	if err != nil {
		if ctx.Err() == context.DeadlineExceeded {
			err = fmt.Errorf("stopped after %v", restoreTime)
		}
		tell(event{Error: asked.plain(err.Error(), dir)})
		return
	}
	kept = true
	s.results.add(id, dir)
	done.After = "results/" + id + "/" + done.After
	if done.Before != "" {
		done.Before = "results/" + id + "/" + done.Before
	}
	tell(event{Result: &done})
}

// asked has the parameters of a restoration.
type asked struct {
	choice
	name   string // of the picture, for messages
	format string
	t      []float32
}

// asked parses and checks the parameters of a restoration.
func (s *Server) asked(q url.Values) (a asked, status int, err error) {
	var ok bool
	if a.choice, ok = s.find(q.Get("model")); !ok {
		return a, http.StatusNotFound, errors.New("there is no such model")
	}
	if a.format = q.Get("format"); a.format == "" {
		a.format = "png"
	}
	if formats[a.format] == "" {
		return a, http.StatusBadRequest, errors.New("a result is png or jpg")
	}
	if a.name = filepath.Base(filepath.ToSlash(strings.ToValidUTF8(q.Get("name"), "?"))); len(a.name) > 100 || a.name == "." || a.name == "/" {
		a.name = "the picture"
	}
	sigma, numbers := q.Get("sigma"), q.Get("t")
	if sigma == "" && numbers == "" {
		return a, 0, nil
	}
	about, err := s.describe(a.choice)
	switch {
	case err != nil:
		return a, http.StatusUnprocessableEntity, err
	case sigma != "" && !about.Noise:
		return a, http.StatusBadRequest, errors.New("the model is not told how strong the noise is")
	case sigma != "":
		v, err := strconv.ParseFloat(sigma, 64)
		if err != nil || !(v >= 0 && v <= 255) {
			return a, http.StatusBadRequest, errors.New("the noise is a standard deviation from 0 to 255")
		}
		a.t = []float32{about.level(v)}
		return a, 0, nil
	}
	for part := range strings.SplitSeq(numbers, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 32)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return a, http.StatusBadRequest, errors.New("t is numbers with commas between them")
		}
		a.t = append(a.t, float32(v))
	}
	return a, 0, nil
}

// The files of a request in its folder. The mask exists only if the model should fill holes.
const pictureFile, maskFile = "picture", "mask"

// receive writes a request's files into a folder. The body is a picture, or a form with a mask and
// a picture.
func receive(dir string, r *http.Request) (status int, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return receiveFile(filepath.Join(dir, pictureFile), r.Body)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return http.StatusBadRequest, err
	}
	for _, want := range []string{maskFile, pictureFile} {
		part, err := form.NextPart()
		if err != nil || part.FormName() != want {
			return http.StatusBadRequest, errors.New("a form has a mask, then a picture")
		}
		if status, err := receiveFile(filepath.Join(dir, want), part); err != nil {
			return status, err
		}
	}
	return 0, nil
}

// receiveFile writes a picture to a file and checks its header.
func receiveFile(path string, body io.Reader) (status int, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return http.StatusInternalServerError, err
	}
	_, err = io.Copy(f, body)
	var large *http.MaxBytesError
	switch closed := f.Close(); {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Errorf("the file has more than %d bytes, which is all that is taken", MaxBytes)
	case err != nil:
		return http.StatusBadRequest, errors.New("the picture did not arrive as a whole")
	case closed != nil:
		return http.StatusInternalServerError, closed
	}
	w, h, err := picture.Size(path)
	if err != nil {
		return http.StatusUnsupportedMediaType, err
	}
	if w*h > MaxPixels {
		return http.StatusRequestEntityTooLarge, fmt.Errorf("%dx%d pixels, at most %d in all are taken here; use the command restore, or reduce the picture", w, h, MaxPixels)
	}
	return 0, nil
}

// run restores the picture in dir like the command restore.
func (s *Server) run(ctx context.Context, a asked, dir string, tell func(event)) (done result, err error) {
	in, mask, out := filepath.Join(dir, pictureFile), filepath.Join(dir, maskFile), filepath.Join(dir, "restored."+a.format)
	if _, err := os.Stat(mask); err != nil {
		mask = ""
	}
	notes := &lines{tell: func(line string) {
		if !strings.HasPrefix(line, out) { // the line with the result's size, which the event of the result has, too
			tell(event{Note: a.plain(line, dir)})
		}
	}}
	err = restore.Run(ctx, restore.Request{
		Catalog: s.request.Catalog, Model: a.model, In: in, Mask: mask, Out: out, T: a.t, Memory: s.request.Memory, Options: s.request.Options,
		Tiles: func(tiles, of int) { tell(event{Tiles: tiles, Of: of}) },
	}, notes, notes)
	if err != nil {
		return done, err
	}
	done.After = filepath.Base(out)
	if done.Width, done.Height, err = picture.Size(out); err != nil {
		return done, err
	}
	info, err := os.Stat(out)
	if err != nil {
		return done, err
	}
	done.Bytes = info.Size()
	if !shown(in) {
		p, err := picture.Open(in)
		if err != nil {
			return done, err
		}
		done.Before = "before.png"
		if err := p.Save(filepath.Join(dir, done.Before)); err != nil {
			return done, err
		}
	}
	return done, nil
}

// shown reports whether browsers show the format of a picture.
func shown(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(f, head)
	switch http.DetectContentType(head[:n]) {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp":
		return true
	}
	return false
}

// plain returns a message of restore without flags and without the names of temporary files.
func (a asked) plain(message, dir string) string {
	message = strings.ReplaceAll(message, filepath.Join(dir, pictureFile), a.name)
	message = strings.ReplaceAll(message, dir+string(filepath.Separator), "")
	for _, flag := range []string{"-in ", "-out ", "-model ", "-mask "} {
		message = strings.TrimPrefix(message, flag)
	}
	return message
}

// lines is a writer that calls tell with each line that is not empty.
type lines struct {
	tell func(string)
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		if text := strings.TrimSpace(string(line)); text != "" {
			l.tell(text)
		}
	}
}

// results has the folders of the last restorations.
type results struct {
	mu   sync.Mutex
	kept []kept
}

type kept struct{ id, dir string }

// add adds a result. If there are more than maxKept, it removes the oldest one and its folder.
func (r *results) add(id, dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, kept{id, dir})
	if len(r.kept) > maxKept {
		os.RemoveAll(r.kept[0].dir)
		r.kept = r.kept[1:]
	}
}

// find returns the folder of a result.
func (r *results) find(id string) (dir string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := lists.Find(r.kept, func(k kept) string { return k.id }, id)
	return k.dir, ok
}

// result sends a picture of a result.
func (s *Server) result(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.results.find(r.PathValue("id"))
	file := r.PathValue("file")
	kind := formats[strings.TrimPrefix(filepath.Ext(file), ".")]
	if !ok || kind == "" || file != "before.png" && file != "restored.png" && file != "restored.jpg" {
		http.Error(w, "there is no such picture any more", http.StatusNotFound)
		return
	}
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTime))
	w.Header().Set("Content-Type", kind)
	http.ServeFile(w, r, filepath.Join(dir, file))
}
