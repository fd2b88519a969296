package progress

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Count shows that done of total things are done, if an update is due. what names the things, such as
// "tiles". It writes no event for programs.
func (p *Printer) Count(what string, done, total int) {
	p.Share(what, done, total, float64(done)/float64(max(1, total)))
}

// Share is Count for things of different sizes: share, in [0,1], is the part of the whole that is
// done.
func (p *Printer) Share(what string, done, total int, share float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		return
	}
	now := p.now()
	if p.began.IsZero() {
		p.began, p.last = now, now
		p.atStart = share
		if p.width == nil {
			return
		}
	} else if now.Sub(p.last) < p.every {
		return
	}
	line := fmt.Sprintf("%s %d/%d", what, done, total)
	if since := share - p.atStart; since > 0 {
		left := now.Sub(p.began).Seconds() * (1 - share) / since
		line += fmt.Sprintf("  %s left", Duration(time.Duration(left*float64(time.Second))))
	}
	p.last = now
	if p.width == nil {
		fmt.Fprintln(p.w, line)
		return
	}
	p.replace(line)
}

// Counted prints each different line once, in alphabetical order, with the number of its occurrences.
func (p *Printer) Counted(lines []string) {
	count := map[string]int{}
	for _, line := range lines {
		count[line]++
	}
	for _, line := range slices.Sorted(maps.Keys(count)) {
		p.Print("%s: %d", line, count[line])
	}
}
