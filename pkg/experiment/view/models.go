package view

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"multiscale/onnx/session"
	"multiscale/pkg/command"
	"multiscale/pkg/lists"
	"multiscale/pkg/shipped"
	"multiscale/pkg/task"
)

// choice is a model that the page offers. Clients name it by its ID, never by a path.
type choice struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Group string `json:"group"`

	model string // for restore: a name or a path
}

// choices lists the models: those that come with the program, those of -model, and those of runs.
func (s *Server) choices() ([]choice, error) {
	var list []choice
	all, err := shipped.Read(s.request.Catalog.Models)
	if err != nil {
		return nil, err
	}
	for _, m := range all.List {
		list = append(list, choice{"shipped-" + m.Name, m.Name + ": " + m.About, "Models of this program", m.Name})
	}
	for i, name := range command.ShortNames(s.request.Models) {
		list = append(list, choice{fmt.Sprintf("file-%d", i+1), name, "Files", s.request.Models[i]})
	}
	for _, r := range s.runs.list() {
		for _, file := range r.models {
			name := strings.TrimSuffix(file, ".onnx")
			list = append(list, choice{"run-" + r.ID + "-" + name, name, "Run " + r.Title, filepath.Join(r.dir, file)})
		}
	}
	return list, nil
}

// find returns the model with an ID. Without a readable list of models, there is none.
func (s *Server) find(id string) (choice, bool) {
	list, _ := s.choices()
	return lists.Find(list, func(c choice) string { return c.ID }, id)
}

func (s *Server) listModels(w http.ResponseWriter, _ *http.Request) {
	list, err := s.choices()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, list)
}

// description tells the page which inputs a model takes.
type description struct {
	Task    string `json:"task"`
	Network string `json:"network"`
	Scale   int    `json:"scale"` // ratio of the result's sides to the picture's
	// Noise reports whether the model takes the strength of the noise. It can be estimated from the picture,
	// or given as a standard deviation on the 8-bit scale.
	Noise bool `json:"noise"`
	// Numbers is the number of other numbers that the model takes, which have to be given.
	Numbers int `json:"numbers"`
	// Holes reports whether the model fills the pixels of a mask.
	Holes bool `json:"holes"`
}

func (s *Server) describeModel(w http.ResponseWriter, r *http.Request) {
	c, ok := s.find(r.PathValue("id"))
	if !ok {
		http.Error(w, "there is no such model", http.StatusNotFound)
		return
	}
	about, err := s.describe(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	answer(w, about.description)
}

// described is a description with the data that convert a noise level to t.
type described struct {
	description
	noise task.Noise // the meaning of t
	std   float64    // of the normalisation, mean over the channels
}

// describe opens a model and returns its description.
func (s *Server) describe(c choice) (d described, err error) {
	m, err := shipped.Open(s.request.Catalog.Models, c.model, session.Options{Runtime: session.Auto, Extensions: s.request.Options.Extensions})
	if err != nil {
		return d, err
	}
	defer m.Close()
	if d.noise, err = task.ParseNoise(m.Time); err != nil {
		return d, fmt.Errorf("%s: %w", c.Name, err)
	}
	d.description = description{Task: m.Task, Network: m.Network, Scale: m.Scale, Noise: m.Conditions == 1 && d.noise != task.NoNoise}
	if !d.Noise {
		d.Numbers = m.Conditions
	}
	if t, err := s.request.Catalog.Task(m.Task); err == nil {
		d.Holes = t.Holes
	}
	for i := range m.Channels {
		_, std := m.Pixels().Channel(i)
		d.std += std / float64(m.Channels)
	}
	return d, nil
}

// level returns t for noise with standard deviation sigma on [0,255].
func (d described) level(sigma float64) float32 {
	_, t := d.noise.At(sigma / 255 / d.std)
	return t
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
