//go:build mpi

package mpi

/*
#include <mpi.h>

static int start(int *rank, int *size) {
	int provided, e = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
	if (e == MPI_SUCCESS && provided < MPI_THREAD_SERIALIZED) return MPI_ERR_OTHER;
	if (e == MPI_SUCCESS) e = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	if (e == MPI_SUCCESS) e = MPI_Comm_rank(MPI_COMM_WORLD, rank);
	if (e == MPI_SUCCESS) e = MPI_Comm_size(MPI_COMM_WORLD, size);
	return e;
}
static int begin_send(void *data, int n, int to, int tag, MPI_Request *r) {
	return MPI_Isend(data, n, MPI_BYTE, to, tag, MPI_COMM_WORLD, r);
}
static int begin_receive(void *data, int n, int from, int tag, MPI_Request *r) {
	return MPI_Irecv(data, n, MPI_BYTE, from, tag, MPI_COMM_WORLD, r);
}
static int test(MPI_Request *r, int *done) { return MPI_Test(r, done, MPI_STATUS_IGNORE); }
static int cancel(MPI_Request *r) {
	int e = MPI_Cancel(r);
	return e == MPI_SUCCESS ? MPI_Wait(r, MPI_STATUS_IGNORE) : e;
}
static void stop(int status) { MPI_Abort(MPI_COMM_WORLD, status); }
*/
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"multiscale/pkg/ranks"
)

// Built is true if the program has the binding.
const Built = true

// world is a ranks.Transport of all processes. The mutex ensures that one thread at a time calls the
// library.
type world struct {
	mu         sync.Mutex
	rank, size int
	// moving has the messages on their way, and so keeps them alive. Messages for which nobody waits
	// remain, because the library may still write to their memory.
	moving map[*message]bool
}

// Start joins the other processes. It must be called at most once.
func Start() (ranks.Transport, error) {
	var rank, size C.int
	if err := failure(C.start(&rank, &size)); err != nil {
		return nil, err
	}
	return &world{rank: int(rank), size: int(size), moving: map[*message]bool{}}, nil
}

func failure(code C.int) error {
	if code == C.MPI_SUCCESS {
		return nil
	}
	text, n := make([]byte, C.MPI_MAX_ERROR_STRING), C.int(0)
	C.MPI_Error_string(code, (*C.char)(unsafe.Pointer(&text[0])), &n)
	return fmt.Errorf("MPI: %s", text[:n])
}

func (w *world) Rank() int { return w.rank }
func (w *world) Size() int { return w.size }

// message is a ranks.Message. Its data is pinned until the message has left or arrived.
type message struct {
	*world
	request C.MPI_Request
	pinned  runtime.Pinner
}

func (w *world) Send(to, tag int, data []byte) ranks.Message {
	m := &message{world: w}
	return m.begin(data, func(p unsafe.Pointer) C.int {
		return C.begin_send(p, C.int(len(data)), C.int(to), C.int(tag), &m.request)
	})
}

func (w *world) Receive(from, tag int, data []byte) ranks.Message {
	m := &message{world: w}
	return m.begin(data, func(p unsafe.Pointer) C.int {
		return C.begin_receive(p, C.int(len(data)), C.int(from), C.int(tag), &m.request)
	})
}

func (m *message) begin(data []byte, start func(unsafe.Pointer) C.int) ranks.Message {
	p := unsafe.SliceData(data)
	if len(data) > 0 {
		m.pinned.Pin(p)
	}
	m.mu.Lock()
	err := failure(start(unsafe.Pointer(p)))
	if err == nil {
		m.moving[m] = true
	}
	m.mu.Unlock()
	if err != nil {
		m.pinned.Unpin()
		return failed{err}
	}
	return m
}

func (m *message) Test() (bool, error) {
	var done C.int
	m.mu.Lock()
	defer m.mu.Unlock()
	err := failure(C.test(&m.request, &done))
	if err != nil || done != 0 {
		m.end()
	}
	return done != 0, err
}

// Cancel gives up the receipt of a message.
func (m *message) Cancel() {
	m.mu.Lock()
	defer m.mu.Unlock()
	C.cancel(&m.request)
	m.end()
}

// end releases the message's memory. The caller must hold the lock.
func (m *message) end() {
	delete(m.moving, m)
	m.pinned.Unpin()
}

// failed is a message that could not be started.
type failed struct{ err error }

func (f failed) Test() (bool, error) { return false, f.err }
func (failed) Cancel()               {}

// Abort ends all processes.
func (w *world) Abort(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	C.stop(C.int(status))
}

// Close ends the use of the library. All processes must call it.
func (w *world) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return failure(C.MPI_Finalize())
}
