package ranks

import (
	"fmt"
	"sync"
	"time"
)

// signs controls the goroutine for heartbeats. Rank 0 exchanges heartbeats with every other rank. A
// suspended or dead process sends none.
type signs struct {
	end  chan struct{}
	done sync.WaitGroup
}

// The messages: a heartbeat, and the last message of a rank.
const (
	alive = 1
	leave = 2
)

// lastSign is the interval between messages once this rank leaves.
const lastSign = 5 * time.Millisecond

// peer is a rank with which this one exchanges heartbeats.
type peer struct {
	rank     int
	in, out  Message // nil if none is on its way
	got, put []byte  // the contents of in and out, one byte each
	last     time.Time
	left     bool // whether it has sent its last message
}

// live starts the heartbeats.
func (r *Ranks) live(patience time.Duration) {
	var peers []*peer
	for rank := range r.Size() {
		if r.Rank() == 0 && rank > 0 || r.Rank() > 0 && rank == 0 {
			peers = append(peers, &peer{rank: rank, got: make([]byte, 1), put: make([]byte, 1)})
		}
	}
	r.signs.end = make(chan struct{})
	r.signs.done.Go(func() { r.watch(peers, patience) })
}

// watch exchanges heartbeats until r.signs.end is closed, and then last messages.
func (r *Ranks) watch(peers []*peer, patience time.Duration) {
	every := patience / 20
	beat := time.NewTicker(every)
	defer beat.Stop()
	before := time.Now()
	for _, p := range peers {
		p.last = before
	}
	ending := false
	for {
		var sign byte = alive
		select {
		case <-beat.C:
		case <-r.signs.end:
			ending = true
		}
		if ending {
			sign = leave
			time.Sleep(min(every, lastSign))
		}
		now := time.Now()
		// If this process was suspended, it cannot tell how long the others have been silent.
		away := now.Sub(before) > patience/4
		before = now
		settled := true
		for _, p := range peers {
			if away {
				p.last = now
			}
			if err := r.exchange(p, sign, now); err != nil || now.Sub(p.last) > patience && r.listens(p) {
				if err == nil {
					err = fmt.Errorf("no sign of life for %v", patience)
				}
				err = &Ended{fmt.Errorf("%s: %w; -resume continues from the last checkpoint", r.Name(p.rank), err)}
				r.lost.CompareAndSwap(nil, &err)
				r.cancel(peers)
				return
			}
			settled = settled && p.put[0] == leave && p.out == nil && p.left
		}
		if ending && settled {
			return
		}
	}
}

// listens reports whether this rank must report the silence of a peer. Rank 0 does so for all ranks, and
// rank 1 for rank 0.
func (r *Ranks) listens(p *peer) bool { return !p.left && (r.Rank() == 0 || r.Rank() == 1) }

// exchange receives the heartbeats of a peer, and sends it one if the previous one has left.
func (r *Ranks) exchange(p *peer, sign byte, now time.Time) error {
	for !p.left {
		if p.in == nil {
			p.in = r.transport.Receive(p.rank, tagAlive, p.got)
		}
		done, err := p.in.Test()
		if err != nil {
			return err
		}
		if !done {
			break
		}
		p.in, p.last = nil, now
		p.left = p.got[0] == leave
	}
	if p.out != nil {
		done, err := p.out.Test()
		if err != nil || !done {
			return err
		}
		p.out = nil
	}
	if p.put[0] != leave {
		p.put[0] = sign
		p.out = r.transport.Send(p.rank, tagAlive, p.put)
	}
	return nil
}

// cancel gives up all messages that have not been received.
func (r *Ranks) cancel(peers []*peer) {
	for _, p := range peers {
		if p.in != nil {
			p.in.Cancel()
		}
	}
}

// Leave closes the transport. All ranks must call it. If a rank is lost, Leave ends all processes with
// the given status.
func (r *Ranks) Leave(status int) error {
	if r.Lost() != nil {
		r.transport.Abort(status)
	}
	close(r.signs.end)
	r.signs.done.Wait()
	if r.Lost() != nil {
		r.transport.Abort(status)
	}
	return r.transport.Close()
}
