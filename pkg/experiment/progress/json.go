package progress

import (
	"encoding/json"
	"io"
	"math"
	"slices"
)

// Field is an entry of an event: a text, a number, a list of texts, or a boolean. Numbers that are not finite become null.
type Field struct {
	Name  string
	Value any
}

// timeForm is RFC 3339 with milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

// NewJSON returns a Printer that writes events to w, one JSON object a line: those of Event, a "step" for each Update, and a
// "note" for each Print.
func NewJSON(w io.Writer) *Printer {
	p := New(w)
	p.width, p.json = nil, true
	return p
}

// Event writes an event for programs: its name, the time, and fields. Without NewJSON it writes nothing;
// Print and Update are for people.
func (p *Printer) Event(name string, fields ...Field) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.json {
		p.event(name, fields...)
	}
}

// event writes a JSON object and a newline.
func (p *Printer) event(name string, fields ...Field) {
	line := []byte("{")
	for i, f := range slices.Concat([]Field{{"event", name}, {"time", p.now().UTC().Format(timeForm)}}, fields) {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(append(append(line, quoted(f.Name)...), ':'), quoted(f.Value)...)
	}
	p.w.Write(append(line, "}\n"...))
}

// quoted returns a value in JSON.
func quoted(value any) []byte {
	if v, ok := value.(float64); ok && (math.IsNaN(v) || math.IsInf(v, 0)) {
		value = nil
	}
	data, err := json.Marshal(value)
	if err != nil {
		return []byte("null")
	}
	return data
}

// step writes the event of an Update.
func (p *Printer) step(s State) {
	p.event("step", append(s.fields(),
		Field{"stage", s.Stage}, Field{"side", s.Side}, Field{"work_units", s.WorkUnits}, Field{"learning_rate", s.LearningRate},
		Field{"train_loss", s.Loss}, Field{"gradient_norm", s.GradientNorm}, Field{"seconds", s.Seconds}, Field{"images", s.Images})...)
}

// fields returns the fields that identify the step: its unit and iteration, and the unit's iterations.
func (s State) fields() []Field {
	return []Field{{"unit", s.Unit}, {"iteration", s.Iteration}, {"iterations", s.Iterations}}
}
