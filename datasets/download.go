package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Waiting times. They are variables so that tests can shorten them.
var (
	idle  = 60 * time.Second // a connection that brings no byte for this long counts as broken
	pause = 2 * time.Second  // before the second attempt; doubled for each further one
)

const attempts = 5 // attempts in a row without a new byte, after which download fails

// permanent is an error for which another attempt is useless.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// download downloads the archive of d to path, continuing an earlier attempt. It bounds the
// archive's size but does not verify the content.
func download(ctx context.Context, d Dataset, path string, o Options) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	wait := pause
	for failed := 0; ; {
		have, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		if d.Size > 0 && have == d.Size {
			return nil
		}
		err = attempt(ctx, d, f, have, o)
		if err == nil {
			return f.Sync()
		}
		var lasting permanent
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &lasting):
			return lasting.error
		}
		if now, _ := f.Seek(0, io.SeekEnd); now > have {
			failed, wait = 0, pause
		} else if failed++; failed == attempts {
			return fmt.Errorf("%s: %w; try again later, what has arrived is kept", d.URL, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait *= 2
		}
	}
}

// attempt requests the rest of the archive, from byte have on, once.
func attempt(ctx context.Context, d Dataset, f *os.File, have int64, o Options) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL, nil)
	if err != nil {
		return permanent{err}
	}
	// Lengths and ranges must refer to the archive, not to a compressed transfer of it.
	request.Header.Set("Accept-Encoding", "identity")
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	silence := time.AfterFunc(idle, func() { cancel(fmt.Errorf("nothing has arrived for %v", idle)) })
	defer silence.Stop()
	response, err := o.client().Do(request)
	if err != nil {
		return because(ctx, err)
	}
	defer response.Body.Close()
	limit := d.MaxDownload
	if d.Size > 0 {
		limit = d.Size
	}
	switch from, ok := rangeStart(response); {
	case response.StatusCode == http.StatusPartialContent && ok && from == have:
	case response.StatusCode == http.StatusOK,
		response.StatusCode == http.StatusPartialContent,
		response.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		// The server does not continue from byte have: start from the beginning.
		have = 0
		if err := f.Truncate(0); err != nil {
			return permanent{err}
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the server answers %s", response.Status)
		}
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the server answers %s", response.Status)
	default:
		return permanent{fmt.Errorf("%s: the server answers %s; see %s", d.URL, response.Status, d.Page)}
	}
	total := int64(-1)
	if response.ContentLength >= 0 {
		total = have + response.ContentLength
	}
	if total > limit || d.Size > 0 && total >= 0 && total != d.Size {
		return permanent{fmt.Errorf("%s: the server offers %d bytes, expected %s; the archive has changed, see %s", d.URL, total, d.expected(), d.Page)}
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return permanent{err}
	}
	return because(ctx, receive(f, response.Body, have, total, limit, d, o, func() { silence.Reset(idle) }))
}

// because replaces an error by the cause of the context's cancellation, if there is one.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// receive writes the body of a response to f, beginning at byte have. It calls alive for all data that arrive, and fails if
// there are more than limit bytes. total is the final size, or -1 if it is unknown.
func receive(f *os.File, body io.Reader, have, total, limit int64, d Dataset, o Options, alive func()) error {
	buffer := make([]byte, 1<<18)
	for {
		n, err := body.Read(buffer)
		alive()
		if have+int64(n) > limit {
			return permanent{fmt.Errorf("%s: the server sends more than %s; the archive has changed, see %s", d.URL, d.expected(), d.Page)}
		}
		if _, err := f.Write(buffer[:n]); err != nil {
			return permanent{fmt.Errorf("%w; free some space and call again, what has arrived is kept", err)}
		}
		have += int64(n)
		o.report(have, max(total, d.Size))
		switch {
		case errors.Is(err, io.EOF) && (total < 0 || have == total):
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
}

func (d Dataset) expected() string {
	if d.Size > 0 {
		return fmt.Sprintf("%d bytes", d.Size)
	}
	return fmt.Sprintf("at most %d bytes", d.MaxDownload)
}

func rangeStart(r *http.Response) (from int64, ok bool) {
	n, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-", &from)
	return from, n == 1 && err == nil
}
