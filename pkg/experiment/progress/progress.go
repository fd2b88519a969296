// Package progress shows the progress of a run: on a terminal in one line that changes
// in place, in a log as a plain line every few seconds.
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
	Unit                  string // in training, such as mge-seed1
	Stage, Stages         int    // from 1; Stages is 1 for strategies without stages
	Side                  int    // of the stage's finest mesh, in pixels
	Iteration, Iterations int    // of the unit: finished ones, and all
	Loss                  float64
	Images                int           // pictures that the network has evaluated since the program started
	Done, Total           float64       // work units of all units, including those of earlier calls
	Left                  time.Duration // of the whole call, if LeftKnown
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
	every time.Duration // least time between two lines
	width func() int    // columns of the terminal; nil in a log
	json  bool          // write events instead of lines
	now   func() time.Time

	mu      sync.Mutex
	shown   int // columns of the changing line on the screen
	began   time.Time
	atStart float64   // share that was done when counting began
	last    time.Time // of the last line
	window  time.Time // start of the window in which pictures per second are counted
	before  int       // pictures at that time
	rate    float64   // pictures per second of the last full window; 0 in the first one
}

// rateWindow is the time over which pictures per second are counted. It is long
// because single steps differ, and some include a validation.
const rateWindow = 5 * time.Second

// The time between two lines: short on a terminal to show that the program is
// running, long in a log to keep it readable.
const (
	everyOnTerminal = 100 * time.Millisecond
	everyInLog      = 10 * time.Second
)

// New returns a Printer on w. It changes one line in place if w is a terminal.
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

// Update shows a state if an update is due. It is cheap enough to call after every step.
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

// measure returns the pictures per second, 0 if they are not known yet.
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

// Close removes the changing line.
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

// replace shows a line in place of the one on the screen. It pads the line with
// spaces and cuts it before the last column, which works on every terminal.
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
	if s.LeftKnown { // before the parts that a narrow terminal may cut off
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

// decimals returns the number of decimal places of a shown rate.
func decimals(rate float64) int {
	if rate < 10 {
		return 1
	}
	return 0
}

// Duration formats a time with its two largest units: 45s, 3m20s, 2h05m, 3d4h.
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
