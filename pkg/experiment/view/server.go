// Package view serves a page to try models on pictures and to watch runs.
//
// The page is for the user of this machine. All its files are part of the program, and it
// needs no other server. Requests are not trusted: guard decides which are accepted, and the
// limits below bound their size and time. The server writes only into one temporary folder,
// which it removes at the end.
package view

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"multiscale/onnx/session"
	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment/report"
)

// The limits of requests.
const (
	MaxBytes  = 64 << 20   // of a picture's file
	MaxPixels = 40_000_000 // of a picture
	MaxQueue  = 8          // restorations that wait while one runs

	maxKept = 4 // last results that can be downloaded

	headTime    = 10 * time.Second // for a request's header
	uploadTime  = 2 * time.Minute  // for a picture
	answerTime  = 30 * time.Second // for the client to read the response
	restoreTime = 30 * time.Minute // for a restoration
	closeTime   = 3 * time.Second  // for responses in progress at the end
)

// Request is a request to serve the page.
type Request struct {
	Catalog catalog.Catalog // its Models are offered by name
	Address string          // HOST:PORT
	Runs    []string        // run folders, or folders of run folders
	Models  []string        // .onnx files
	Memory  int64           // bytes for a network's activations
	Options session.Options
}

// Server handles the page's requests. Close removes its temporary folder.
type Server struct {
	request Request
	guard   guard
	dir     string // for pictures
	queue   queue
	results results
	runs    runs
	tables  sideBySide
}

// New returns a server for a listener with the address at.
func New(r Request, at net.Addr) (*Server, error) {
	dir, err := os.MkdirTemp("", "multiscale-view-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a temporary folder: %w", err)
	}
	s := &Server{request: r, guard: newGuard(r.Address, at), dir: dir}
	s.runs.dirs = r.Runs
	return s, nil
}

// Close removes all pictures. Requests must have ended.
func (s *Server) Close() error { return os.RemoveAll(s.dir) }

//go:embed page
var page embed.FS

var index = template.Must(template.ParseFS(page, "page/index.html"))

// Handler returns the handler of all requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		index.Execute(w, map[string]int{"MaxBytes": MaxBytes, "MiB": MaxBytes >> 20, "Megapixels": MaxPixels / 1e6})
	})
	for _, file := range []string{"icon.svg", "view.css", "view.js"} {
		mux.HandleFunc("GET /"+file, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, page, "page/"+file) })
	}
	text := func(kind, content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			io.WriteString(w, content)
		}
	}
	mux.HandleFunc("GET /report.css", text("text/css", report.Style))
	mux.HandleFunc("GET /report.js", text("text/javascript", report.Script))
	mux.HandleFunc("GET /models", s.listModels)
	mux.HandleFunc("GET /models/{id}", s.describeModel)
	mux.HandleFunc("POST /restore", s.restore)
	mux.HandleFunc("GET /results/{id}/{file}", s.result)
	mux.HandleFunc("GET /runs", s.listRuns)
	mux.HandleFunc("GET /runs/tables", s.showTables)
	mux.HandleFunc("GET /runs/{id}", s.showRun)
	mux.HandleFunc("GET /runs/{id}/samples.png", s.samples)
	return s.guard.protect(mux)
}

// Run serves the page until ctx is done. It prints the page's address to out and remarks to notes.
func Run(ctx context.Context, r Request, out, notes io.Writer) (err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", r.Address)
	if err != nil {
		return fmt.Errorf("-addr %s: %w; choose another with -addr", r.Address, err)
	}
	s, err := New(r, l.Addr())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() {
		if left := s.Close(); left != nil {
			err = errors.Join(err, left)
		}
	}()
	if !s.guard.local {
		fmt.Fprintln(notes, "warning: everyone who can reach this address can use the page and see the runs")
	}
	fmt.Fprintf(out, "the page is at http://%s/; Ctrl-C ends it\n", s.guard.shown())
	// ctx is the parent of the requests' contexts, so that its end cancels requests in progress.
	server := &http.Server{
		Handler: s.Handler(), BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: headTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0), // errors of clients that disconnect
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		server.Close()
	}
	s.queue.drain() // a restoration only stops after the current tile
	return ctx.Err()
}
