// Package ranks lets processes compute the shares of a step together. It has sums in the order of the
// tree of package share, agreement on how a step has ended, heartbeats, and messages from rank 0 to all
// ranks and back. A Transport carries the messages.
//
// All ranks must make the same calls in the same order. Only rank 0 has the run folder.
package ranks

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"multiscale/pkg/kernel/pointwise"
)

// Transport carries messages between processes. Messages with the same sender, receiver and tag arrive
// in order.
type Transport interface {
	// Rank is the number of this process, from 0. Size is the number of all processes.
	Rank() int
	Size() int
	// Send and Receive start a message of a length that both sides know. The caller must not use its
	// data before Test reports that the message has left or arrived.
	Send(to, tag int, data []byte) Message
	Receive(from, tag int, data []byte) Message
	// Abort ends all processes, also those that do not respond, with an exit status. Close waits
	// until all processes call it.
	Abort(status int)
	Close() error
}

// Message is a message that has been started.
type Message interface {
	// Test reports whether the message has left or arrived. It is not called again after that.
	Test() (done bool, err error)
	// Cancel gives up the receipt of a message.
	Cancel()
}

// The tags of messages.
const (
	tagSum = iota
	tagStatus
	tagBytes
	tagAlive
)

// DigestEvery is the number of iterations between comparisons of Digest.
const DigestEvery = 32

// Ranks is one process's view of all processes. It implements share.Ranks.
type Ranks struct {
	// Digest, unless nil, returns a digest of data that must be equal on all ranks, such as the
	// parameters. Add compares it before iterations that are multiples of DigestEvery.
	Digest func() uint64

	transport Transport
	places    []Place // of all ranks
	half      []float32
	numbers   []float64
	sent      atomic.Int64
	lost      atomic.Pointer[error] // see Lost
	signs     signs
}

// Join connects the ranks. If a rank sends no heartbeat for longer than patience, the next error names
// it.
func Join(t Transport, patience time.Duration) (*Ranks, error) {
	r := &Ranks{transport: t}
	own, err := json.Marshal(here())
	if err != nil {
		return nil, err
	}
	all, err := r.Gather(own)
	if err != nil {
		return nil, err
	}
	if all, err = r.List(all); err != nil {
		return nil, err
	}
	r.places = make([]Place, len(all))
	for i, data := range all {
		if err := json.Unmarshal(data, &r.places[i]); err != nil {
			return nil, err
		}
	}
	r.live(patience)
	return r, nil
}

// Rank implements share.Ranks.
func (r *Ranks) Rank() int { return r.transport.Rank() }

// Size implements share.Ranks.
func (r *Ranks) Size() int { return r.transport.Size() }

// Name is the name of a rank in messages, with its host and process.
func (r *Ranks) Name(rank int) string {
	p := r.places[rank]
	return fmt.Sprintf("rank %d (host %s, process %d)", rank, p.Host, p.Process)
}

// Sent is the number of bytes that this rank has sent for sums and agreement so far.
func (r *Ranks) Sent() int64 { return r.sent.Load() }

// Ended is the error of all ranks after one of them has ended a step. On the rank that ended it, Err is
// its own error; on the others Err names that rank.
type Ended struct{ Err error }

func (e *Ended) Error() string { return e.Err.Error() }

// Unwrap returns the error of the rank that ended the step.
func (e *Ended) Unwrap() error { return e.Err }

// The status of a rank after a step, with the most severe last.
const (
	goesOn = iota
	stopped
	hasFailed
)

const (
	statusBytes = 16 // the status, and from byte 8 on the digest
	reasonBytes = 240
	// sameSignal is the time that a signal to all ranks may take to this one after it has reached
	// another.
	sameSignal = 2 * time.Second
)

// Add implements share.Ranks.
func (r *Ranks) Add(ctx context.Context, iteration int, vector []float32, scalars []float64, failed error) error {
	var digest uint64
	if r.Digest != nil && iteration%DigestEvery == 0 {
		digest = r.Digest()
	}
	if err := r.agree(ctx, failed, digest); err != nil {
		return err
	}
	if err := r.addNumbers(scalars); err != nil {
		return err
	}
	return r.addVector(vector)
}

// End tells the other ranks that this one ends the steps, and why. err is nil after the last step. End
// returns the error on which all ranks agree.
func (r *Ranks) End(ctx context.Context, err error) error {
	var ended *Ended
	if errors.As(err, &ended) || r.Lost() != nil {
		return err
	}
	return r.agree(ctx, err, 0)
}

// agree returns an error on all ranks if one of them has failed or was stopped, or if digests differ.
func (r *Ranks) agree(ctx context.Context, failed error, digest uint64) error {
	var own [statusBytes]byte
	switch {
	case failed == nil:
	case errors.Is(failed, context.Canceled):
		own[0] = stopped
	default:
		own[0] = hasFailed
	}
	binary.LittleEndian.PutUint64(own[8:], digest)
	all, err := r.allGather(own[:])
	if err != nil {
		return err
	}
	worst, of := byte(goesOn), 0
	for i := range r.Size() {
		if code := all[statusBytes*i]; code > worst {
			worst, of = code, i
		}
	}
	switch worst {
	case goesOn:
		for i := range r.Size() {
			if binary.LittleEndian.Uint64(all[statusBytes*i+8:]) != binary.LittleEndian.Uint64(all[8:]) {
				return &Ended{fmt.Errorf("%s and %s have different parameters, which one processor, memory or program must have spoilt; -resume continues from an earlier checkpoint", r.Name(0), r.Name(i))}
			}
		}
		return nil
	case stopped:
		if failed == nil { // the signal probably reaches this rank, too
			select {
			case <-ctx.Done():
				failed = ctx.Err()
			case <-time.After(sameSignal):
				failed = fmt.Errorf("%s was stopped", r.Name(of))
			}
		}
		return &Ended{failed}
	}
	var reason [reasonBytes]byte
	if failed != nil {
		copy(reason[:], failed.Error())
	}
	reasons, err := r.allGather(reason[:])
	if err != nil {
		return err
	}
	if failed == nil || own[0] != hasFailed {
		text := reasons[of*reasonBytes : (of+1)*reasonBytes]
		for len(text) > 0 && text[len(text)-1] == 0 {
			text = text[:len(text)-1]
		}
		failed = fmt.Errorf("%s: %s", r.Name(of), text)
	}
	return &Ended{failed}
}

// allGather returns the data of all ranks in their order. It has the same length on all ranks.
func (r *Ranks) allGather(own []byte) ([]byte, error) {
	n := len(own)
	all := make([]byte, n*r.Size())
	copy(all[n*r.Rank():], own)
	for d := 1; d < r.Size(); d *= 2 {
		first := r.Rank() &^ (d - 1)
		theirs := first ^ d
		if err := r.swap(r.Rank()^d, tagStatus, all[n*first:n*(first+d)], all[n*theirs:n*(theirs+d)]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// addNumbers sums short vectors in the order of the tree.
func (r *Ranks) addNumbers(x []float64) error {
	if len(x) == 0 {
		return nil
	}
	if len(r.numbers) < len(x) {
		r.numbers = make([]float64, len(x))
	}
	other := r.numbers[:len(x)]
	for d := 1; d < r.Size(); d *= 2 {
		if err := r.swap(r.Rank()^d, tagSum, BytesOf(x), BytesOf(other)); err != nil {
			return err
		}
		for i, v := range other {
			x[i] += v
		}
	}
	return nil
}

// addVector sums long vectors in the order of the tree. Neighbours exchange halves and add. Each
// continues with its half and the next pair, until every rank has a part of the sum. The parts then
// return in the same way.
func (r *Ranks) addVector(x []float32) error {
	if len(x) == 0 {
		return nil
	}
	if len(r.half) < (len(x)+1)/2 {
		r.half = make([]float32, (len(x)+1)/2)
	}
	var bounds [][2]int // of this rank's part before each round
	lo, hi := 0, len(x)
	for d := 1; d < r.Size(); d *= 2 {
		bounds = append(bounds, [2]int{lo, hi})
		mid := lo + (hi-lo)/2
		away := [2]int{mid, hi}
		if r.Rank()&d != 0 {
			lo, away = mid, [2]int{lo, mid}
		} else {
			hi = mid
		}
		other := r.half[:hi-lo]
		if err := r.swap(r.Rank()^d, tagSum, BytesOf(x[away[0]:away[1]]), BytesOf(other)); err != nil {
			return err
		}
		pointwise.Axpy(x[lo:hi], 1, other)
	}
	for d := r.Size() / 2; d >= 1; d /= 2 {
		before := bounds[len(bounds)-1]
		bounds = bounds[:len(bounds)-1]
		theirs := x[hi:before[1]]
		if r.Rank()&d != 0 {
			theirs = x[before[0]:lo]
		}
		if err := r.swap(r.Rank()^d, tagSum, BytesOf(x[lo:hi]), BytesOf(theirs)); err != nil {
			return err
		}
		lo, hi = before[0], before[1]
	}
	return nil
}

// swap exchanges messages with another rank.
func (r *Ranks) swap(with, tag int, send, receive []byte) error {
	in := r.transport.Receive(with, tag, receive)
	out := r.transport.Send(with, tag, send)
	r.sent.Add(int64(len(send)))
	return r.wait(in, out)
}

// wait polls messages. At first it polls without breaks, because the other rank usually sends soon.
// Later it makes breaks of increasing length, because the other rank may be busy for long and polling
// takes the core from other ranks.
const (
	eager      = 2000 // polls without breaks
	shortBreak = 50 * time.Microsecond
	longBreak  = time.Millisecond
)

// wait returns when all messages have left or arrived, or when a rank is lost.
func (r *Ranks) wait(messages ...Message) error {
	pause := shortBreak
	for asked := 0; ; asked++ {
		left := messages[:0]
		for _, m := range messages {
			done, err := m.Test()
			if err != nil {
				err = &Ended{fmt.Errorf("a rank cannot be reached: %w", err)}
				r.lost.CompareAndSwap(nil, &err)
				return err
			}
			if !done {
				left = append(left, m)
			}
		}
		if messages = left; len(messages) == 0 {
			return nil
		}
		if err := r.Lost(); err != nil {
			return err
		}
		if asked > eager {
			time.Sleep(pause)
			pause = min(pause+pause/16, longBreak)
		}
	}
}

// Lost returns an error if a rank sends no heartbeats or cannot be reached, otherwise nil.
func (r *Ranks) Lost() error {
	if err := r.lost.Load(); err != nil {
		return *err
	}
	return nil
}

// BytesOf is the memory of x. All ranks must have the same byte order.
func BytesOf[T float32 | float64](x []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(one)))
}
