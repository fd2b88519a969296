// Package ranks lets processes compute the shares of a step together: sums in the order of the tree
// of package share, agreement on how a step has ended, signs of life, and messages from the first
// rank to all. A Transport carries the messages.
//
// All ranks make the same calls in the same order. Rank 0 leads: it alone has the run folder.
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

// Transport carries messages between processes, in order for a sender, a receiver and a tag.
type Transport interface {
	// Rank is the number of this process, from 0, and Size that of all.
	Rank() int
	Size() int
	// Send and Receive begin a message of a length that both sides know. Its data is not to be
	// touched before Test says that it has left or arrived.
	Send(to, tag int, data []byte) Message
	Receive(from, tag int, data []byte) Message
	// Abort ends all processes, also those that do not answer; Close waits for all to call it.
	Abort(status int)
	Close() error
}

// Message is one on its way.
type Message interface {
	// Test says whether the message has left or arrived. It is not called again after that.
	Test() (done bool, err error)
	// Cancel gives up a message that is to be received.
	Cancel()
}

// The tags of messages.
const (
	tagSum = iota
	tagStatus
	tagBytes
	tagAlive
)

// DigestEvery is how many steps lie between comparisons of what Digest returns.
const DigestEvery = 32

// Ranks are the processes, as one of them sees them. It implements share.Ranks.
type Ranks struct {
	// Digest, unless nil, returns a digest of what must be equal on all ranks, such as the parameters.
	// Add compares it before every DigestEvery-th iteration.
	Digest func() uint64

	transport  Transport
	places     []Place // of all ranks
	half       []float32
	numbers    []float64
	sent       atomic.Int64
	unanswered atomic.Pointer[error] // which rank gives no sign of life
	signs      signs
}

// Join connects the ranks. A rank that gives no sign of life for longer than patience is named by the
// next error.
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

// Name names a rank in messages.
func (r *Ranks) Name(rank int) string {
	p := r.places[rank]
	return fmt.Sprintf("rank %d (host %s, process %d)", rank, p.Host, p.Process)
}

// Sent is how many bytes this rank has sent for sums so far.
func (r *Ranks) Sent() int64 { return r.sent.Load() }

// Ended is the error of all ranks where one of them has ended a step. The rank that ended it has its
// own error; on the others Err names it.
type Ended struct{ Err error }

func (e *Ended) Error() string { return e.Err.Error() }

// Unwrap returns what the rank says.
func (e *Ended) Unwrap() error { return e.Err }

// What a rank says of a step.
const (
	goesOn = iota
	stopped
	hasFailed
)

const (
	statusBytes = 16
	reasonBytes = 240
	// sameSignal is how long a signal that reached another rank may take to this one.
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

// End says to the other ranks that this one ends the steps, and why; err is nil after the last step.
// It returns the error of all.
func (r *Ranks) End(ctx context.Context, err error) error {
	var ended *Ended
	if errors.As(err, &ended) || r.Lost() != nil {
		return err
	}
	return r.agree(ctx, err, 0)
}

// agree returns an error on all ranks where one has failed, or where digests differ.
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
		if failed == nil { // the signal comes to this rank, too
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

// allGather returns what all ranks give, as many bytes each, in their order.
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

// addVector sums long vectors in the order of the tree. Neighbours swap halves and add; each goes on
// with its half and the next pair, until a rank has its part of the sum. Then the parts go back the
// same way.
func (r *Ranks) addVector(x []float32) error {
	if len(x) == 0 {
		return nil
	}
	if len(r.half) < (len(x)+1)/2 {
		r.half = make([]float32, (len(x)+1)/2)
	}
	var bounds [][2]int // of what this rank had before each round
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

// swap sends to another rank and receives from it.
func (r *Ranks) swap(with, tag int, send, receive []byte) error {
	in := r.transport.Receive(with, tag, receive)
	out := r.transport.Send(with, tag, send)
	r.sent.Add(int64(len(send)))
	return r.wait(in, out)
}

// How often a message is asked after: at first without a break, since the other rank is usually
// about to send it; then with breaks that grow with the time so far, since it may be busy for long, and
// asking takes the core from other ranks.
const (
	eager      = 2000
	shortBreak = 50 * time.Microsecond
	longBreak  = time.Millisecond
)

// wait returns when messages have left and arrived, or when a rank no longer answers.
func (r *Ranks) wait(messages ...Message) error {
	pause := shortBreak
	for asked := 0; ; asked++ {
		left := messages[:0]
		for _, m := range messages {
			done, err := m.Test()
			if err != nil {
				err = &Ended{fmt.Errorf("a rank cannot be reached: %w", err)}
				r.unanswered.CompareAndSwap(nil, &err)
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

// Lost is the error that a rank gives no sign of life or cannot be reached; nil while all answer.
func (r *Ranks) Lost() error {
	if err := r.unanswered.Load(); err != nil {
		return *err
	}
	return nil
}

// BytesOf is the memory of numbers. All ranks have processors of one kind.
func BytesOf[T float32 | float64](x []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(one)))
}
