package onnx

import (
	"errors"
	"fmt"
	"slices"

	"multiscale/pkg/lists"
)

// Validate checks the conditions on which every reader of the model relies: versions are given, names are unique, every
// value is computed before it is used, and the data of constants match their dims. The runtimes check which operations
// exist, and what shapes they accept.
func (m *Model) Validate() error {
	if len(m.Beyond) > 0 {
		return errors.New(m.Beyond[0])
	}
	if err := m.validateDeclared(); err != nil {
		return err
	}
	if m.Opset() < 1 && slices.ContainsFunc(m.Graph.Nodes, func(n *Node) bool { return isDefault(n.Domain) }) {
		return errors.New("it does not say which opset it uses")
	}
	return m.Graph.validate(nil, 1)
}

// validateDeclared is the part of Validate that also applies to models that this package cannot fully represent:
// versions, metadata, inputs and outputs.
func (m *Model) validateDeclared() error {
	if m.Graph == nil {
		return errors.New("it has no graph")
	}
	if m.IRVersion < 3 {
		return fmt.Errorf("IR version %d; 3 and later are supported", m.IRVersion)
	}
	if domain, twice := lists.Twice(m.Opsets, func(o Opset) string { return o.Domain }); twice {
		return fmt.Errorf("opset of domain %q is given twice", domain)
	}
	if key, twice := lists.Twice(m.Metadata, func(p Property) string { return p.Key }); twice {
		return fmt.Errorf("metadata %q is given twice", key)
	}
	for _, v := range slices.Concat(m.Graph.Inputs, m.Graph.Outputs) {
		if err := v.check(); err != nil {
			return err
		}
	}
	return nil
}

// scope is the set of values that a graph may use: its own and, for a graph in an attribute, those of the
// surrounding graphs.
type scope struct {
	outer *scope
	names map[string]bool
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.names[name] {
			return true
		}
	}
	return false
}

// validate checks a graph inside the scope outer; depth is 1 for the model's graph.
func (g *Graph) validate(outer *scope, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("graphs are nested more than %d deep", maxDepth)
	}
	known := &scope{outer: outer, names: map[string]bool{}}
	if err := g.validateSources(known); err != nil {
		return err
	}
	for i, n := range g.Nodes {
		if err := g.validateNode(i, n, known, depth); err != nil {
			return fmt.Errorf("node %d %s: %w", i, n.label(), err)
		}
	}
	if len(g.Outputs) == 0 {
		return errors.New("the graph has no output")
	}
	if name, twice := lists.Twice(g.Outputs, nameOf); twice {
		return fmt.Errorf("output %q is listed twice", name)
	}
	for _, v := range g.Outputs {
		if !known.has(v.Name) {
			return fmt.Errorf("output %q is computed by no node", v.Name)
		}
	}
	for _, v := range slices.Concat(g.Outputs, g.Values) {
		if err := v.check(); err != nil {
			return err
		}
	}
	return nil
}

func nameOf(v *ValueInfo) string { return v.Name }

// validateSources checks inputs and weights, and adds them to known.
func (g *Graph) validateSources(known *scope) error {
	for _, v := range g.Inputs {
		switch {
		case v.Name == "":
			return errors.New("an input has no name")
		case known.names[v.Name]:
			return fmt.Errorf("input %q is listed twice", v.Name)
		}
		known.names[v.Name] = true
		if err := v.check(); err != nil {
			return err
		}
	}
	weights := make(map[string]bool, len(g.Initializers))
	for _, t := range g.Initializers {
		switch {
		case t.Name == "":
			return errors.New("an initializer has no name")
		case weights[t.Name]:
			return fmt.Errorf("initializer %q is given twice", t.Name)
		}
		weights[t.Name], known.names[t.Name] = true, true
		if err := t.check(); err != nil {
			return err
		}
	}
	return nil
}

// validateNode checks node i and adds its results to known.
func (g *Graph) validateNode(i int, n *Node, known *scope, depth int) error {
	if n.Op == "" {
		return errors.New("it names no operation")
	}
	for _, in := range n.Inputs {
		if in != "" && !known.has(in) {
			return g.explainMissing(i, in)
		}
	}
	if name, twice := lists.Twice(n.Attributes, func(a *Attribute) string { return a.Name }); twice {
		return fmt.Errorf("attribute %q is given twice", name)
	}
	for _, a := range n.Attributes {
		if err := a.validate(known, depth); err != nil {
			return fmt.Errorf("attribute %q: %w", a.Name, err)
		}
	}
	named := false
	for _, out := range n.Outputs {
		if out == "" {
			continue
		}
		if known.names[out] {
			return fmt.Errorf("%q already has a value", out)
		}
		known.names[out], named = true, true
	}
	if !named {
		return errors.New("it has no output")
	}
	return nil
}

func (a *Attribute) validate(known *scope, depth int) error {
	switch v := a.Value.(type) {
	case float32, int64, string, []float32, []int64, []string:
		return nil
	case *Tensor:
		if v != nil {
			return v.check()
		}
	case *Graph:
		if v != nil {
			return v.validate(known, depth+1)
		}
	}
	return fmt.Errorf("it has no value that is supported (%T)", a.Value)
}

func (v *ValueInfo) check() error {
	if len(v.Dims) > maxRank {
		return fmt.Errorf("%q has %d dimensions, at most %d are supported", v.Name, len(v.Dims), maxRank)
	}
	var fixed []int64
	for _, d := range v.Dims {
		if d.Known() {
			fixed = append(fixed, d.Size)
		}
	}
	if _, err := elements(fixed); err != nil {
		return fmt.Errorf("%q: %w", v.Name, err)
	}
	return nil
}

// explainMissing returns the error for node i, which uses a value that is not known yet: no node computes it, a
// later node does, or it depends on the result of node i.
func (g *Graph) explainMissing(i int, name string) error {
	maker := make(map[string]int)
	for j := i; j < len(g.Nodes); j++ {
		for _, out := range g.Nodes[j].Outputs {
			maker[out] = j
		}
	}
	start, made := maker[name]
	if !made {
		return fmt.Errorf("%q is neither an input, nor an initializer, nor the result of a node", name)
	}
	visited := map[int]bool{start: true}
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == i {
			return fmt.Errorf("cycle: %q depends on this node's own result", name)
		}
		for _, in := range g.Nodes[queue[0]].Inputs {
			if j, ok := maker[in]; ok && in != "" && !visited[j] {
				visited[j] = true
				queue = append(queue, j)
			}
		}
	}
	return fmt.Errorf("%q is computed later, by node %d %s", name, start, g.Nodes[start].label())
}

// label names a node in an error.
func (n *Node) label() string {
	if n.Name == "" {
		return fmt.Sprintf("(%s)", n.Op)
	}
	return fmt.Sprintf("(%s %q)", n.Op, n.Name)
}
