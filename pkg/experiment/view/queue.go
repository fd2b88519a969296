package view

import (
	"context"
	"slices"
	"sync"
)

// queue lets one restoration run at a time, in the order of arrival. The zero value is ready to
// use.
type queue struct {
	mu      sync.Mutex
	tickets []*ticket
	gone    sync.Cond
}

// ticket is a place in the queue.
type ticket struct {
	queue *queue
	moved chan struct{} // receives a value after a ticket has left
}

// enter returns a new ticket at the end of the queue; false if one restoration runs and MaxQueue wait.
func (q *queue) enter() (*ticket, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tickets) > MaxQueue {
		return nil, false
	}
	t := &ticket{q, make(chan struct{}, 1)}
	q.tickets = append(q.tickets, t)
	return t, true
}

// leave removes the ticket from the queue.
func (t *ticket) leave() {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tickets = slices.DeleteFunc(q.tickets, func(o *ticket) bool { return o == t })
	for _, o := range q.tickets {
		select {
		case o.moved <- struct{}{}:
		default:
		}
	}
	if q.gone.L != nil {
		q.gone.Broadcast()
	}
}

// ahead returns the number of tickets before this one.
func (t *ticket) ahead() int {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	return slices.Index(t.queue.tickets, t)
}

// wait returns when it is this ticket's turn. Until then it calls told with the number of tickets before this one, at
// first and whenever a ticket has left. It returns the error of ctx if that ends first.
func (t *ticket) wait(ctx context.Context, told func(ahead int)) error {
	for {
		ahead := t.ahead()
		if ahead == 0 {
			return ctx.Err()
		}
		told(ahead)
		select {
		case <-t.moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain waits until the queue is empty.
func (q *queue) drain() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gone.L = &q.mu
	for len(q.tickets) > 0 {
		q.gone.Wait()
	}
}
