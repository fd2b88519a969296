// Package progress shows the progress of a run: on a terminal in one line that changes
// in place, in a log in a plain line now and then.
package progress

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// State is the progress of a run.
type State struct {
	Unit                  string // what is trained: mge-seed1
	Stage, Stages         int    // from 1; Stages is 1 where there are none
	Side                  int    // of the stage's finest mesh, pixels
	Iteration, Iterations int    // of the unit, done and in all
	Loss                  float64
	Images                int           // pictures that went through the network, since the program started
	Done, Total           float64       // work units of the whole call, all units; earlier calls' included
	Left                  time.Duration // of the whole call, where it is known
	LeftKnown             bool

	// For programs:
	WorkUnits    float64 // of the unit
	LearningRate float64
	GradientNorm float64
	Seconds      float64 // of the unit's training
}

// Printer shows states. Its methods are safe for concurrent use.
type Printer struct {
	w     io.Writer
	every time.Duration // between two lines
	width func() int    // columns of the terminal; nil in a log
	json  bool          // lines are objects
	now   func() time.Time

	mu      sync.Mutex
	shown   int // columns of the changing line that are on the screen
	began   time.Time
	atStart float64   // share that was done when counting began
	last    time.Time // of the last line
	window  time.Time // since when pictures per second are counted
	before  int       // pictures at that time
	rate    float64   // pictures per second of the last full window; 0 in the first
}

// rateWindow is long enough for pictures per second not to flicker: single
// steps differ, and some have a validation in them.
const rateWindow = 5 * time.Second

// The time between two lines: short enough to look alive, long enough for a
// log to be read.
const (
	everyOnTerminal = 100 * time.Millisecond
	everyInLog      = 10 * time.Second
)

// New returns a Printer on w; whether that is a terminal is found out.
func New(w io.Writer) *Printer {
	p := &Printer{w: w, every: everyInLog, now: time.Now}
	f, ok := w.(*os.File)
	if ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.every = everyOnTerminal
		p.width = func() int {
			columns, _, err := term.GetSize(int(f.Fd()))
			if err != nil || columns < 20 {
				return 80
			}
			return columns
		}
	}
	return p
}

// Update shows a state if it is time to. It is cheap enough for every step.
func (p *Printer) Update(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.step(s)
		return
	}
	now := p.now()
	if p.began.IsZero() {
		p.began = now
		p.last, p.window, p.before = now, now, s.Images
		if p.width == nil {
			return
		}
	} else if now.Sub(p.last) < p.every {
		return
	}
	rate := p.measure(s.Images, now)
	line := p.line(s, rate)
	p.last = now
	if p.width == nil {
		fmt.Fprintln(p.w, line)
		return
	}
	p.replace(line)
}

// measure returns the pictures per second, 0 where that cannot be said yet.
func (p *Printer) measure(images int, now time.Time) float64 {
	seconds := now.Sub(p.window).Seconds()
	if seconds <= 0 {
		return p.rate
	}
	rate := float64(images-p.before) / seconds
	if now.Sub(p.window) >= rateWindow {
		p.window, p.before, p.rate = now, images, rate
	} else if p.rate > 0 {
		rate = p.rate
	}
	return rate
}

// Print writes a line that stays: the end of a stage, a warning.
func (p *Printer) Print(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.event("note", Field{"text", fmt.Sprintf(format, args...)})
		return
	}
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// Close takes the changing line away.
func (p *Printer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Printer) clear() {
	if p.shown > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// replace puts a line in the place of the one on the screen. It is padded with
// spaces and cut before the last column, which every terminal understands.
func (p *Printer) replace(line string) {
	columns := p.width() - 1
	if utf8.RuneCountInString(line) > columns {
		line = string([]rune(line)[:columns])
	}
	length := utf8.RuneCountInString(line)
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(min(p.shown, columns)-length, 0)))
	p.shown = length
}

// line describes a state.
func (p *Printer) line(s State, rate float64) string {
	var b strings.Builder
	b.WriteString(s.Unit)
	if s.Stages > 1 {
		fmt.Fprintf(&b, "  stage %d/%d", s.Stage, s.Stages)
	}
	fmt.Fprintf(&b, "  side %d  step %d/%d", s.Side, s.Iteration, s.Iterations)
	if s.LeftKnown { // what a narrow terminal cuts off comes after it
		fmt.Fprintf(&b, "  %s left", Duration(s.Left))
	}
	if !math.IsNaN(s.Loss) {
		fmt.Fprintf(&b, "  loss %.4g", s.Loss)
	}
	if rate > 0 {
		fmt.Fprintf(&b, "  %s images/s", strconv.FormatFloat(rate, 'f', decimals(rate), 64))
	}
	return b.String()
}

// decimals is how many places after the point a rate is shown with.
func decimals(rate float64) int {
	if rate < 10 {
		return 1
	}
	return 0
}

// Duration writes a time as a person would say it: 45s, 3m20s, 2h05m, 3d4h.
func Duration(d time.Duration) string {
	s := int(math.Round(max(d, 0).Seconds()))
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%dh", s/86400, s/3600%24)
}
