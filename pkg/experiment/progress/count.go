package progress

import (
	"fmt"
	"time"
)

// Count shows that done things of a total are done, if it is time to: what says
// of which kind, as in "tiles". Programs are told nothing of it.
func (p *Printer) Count(what string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		return
	}
	now := p.now()
	if p.began.IsZero() {
		p.began, p.last = now, now
		p.atStart = float64(done)
		if p.width == nil {
			return
		}
	} else if now.Sub(p.last) < p.every {
		return
	}
	line := fmt.Sprintf("%s %d/%d", what, done, total)
	if since := float64(done) - p.atStart; since > 0 {
		left := now.Sub(p.began).Seconds() * float64(total-done) / since
		line += fmt.Sprintf("  %s left", Duration(time.Duration(left*float64(time.Second))))
	}
	p.last = now
	if p.width == nil {
		fmt.Fprintln(p.w, line)
		return
	}
	p.replace(line)
}
