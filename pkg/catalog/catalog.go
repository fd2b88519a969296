// Package catalog lists the choices that a program offers: tasks, networks, data
// sets, restrictions, optimizers, and how operations are exported. A program adds
// its own choices to those of this project; no package registers itself on import.
package catalog

import (
	"fmt"
	"io/fs"
	"slices"

	"multiscale/onnx/export"
	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/optimize"
	"multiscale/pkg/task"
)

// Catalog lists the choices of a program. Names within a list differ.
type Catalog struct {
	Tasks        []task.Task
	Networks     []network.Network // for every task that takes them, in addition to the task's own
	Data         []dataset.Format
	Restrictions []mesh.Restriction
	Optimizers   optimize.Methods
	// Operations says how a program's own operations are written as ONNX nodes.
	Operations export.Extensions
	// Models are the trained models that commands find by name, as package shipped reads
	// them; nil for none.
	Models fs.FS
}

// Standard returns the choices of this project.
func Standard() Catalog {
	return Catalog{Tasks: append(task.All(), task.AWGN(), task.Sharpening(), task.Filling(), task.Restoration()), Data: dataset.Formats(), Restrictions: mesh.Restrictions(), Optimizers: optimize.Standard()}
}

// With returns the catalog with the choices of own added. Own tasks and networks come first, so
// that a program trains for its own task by default. Tasks are completed. Operations are those
// of own, and so are Models, unless own has none. Two choices of one kind with the same name are
// an error.
func (c Catalog) With(own Catalog) (Catalog, error) {
	sum := Catalog{
		Networks:     slices.Concat(own.Networks, c.Networks),
		Data:         slices.Concat(c.Data, own.Data),
		Restrictions: slices.Concat(c.Restrictions, own.Restrictions),
		Optimizers:   slices.Concat(c.Optimizers, own.Optimizers),
		Operations:   own.Operations,
		Models:       c.Models,
	}
	if own.Models != nil {
		sum.Models = own.Models
	}
	for _, t := range slices.Concat(own.Tasks, c.Tasks) {
		t, err := t.Complete()
		if err != nil {
			return sum, err
		}
		sum.Tasks = append(sum.Tasks, t)
	}
	return sum, sum.check()
}

// check returns an error if a name is empty, or stands for two choices of one kind.
func (c Catalog) check() error {
	seen := map[string]bool{}
	once := func(kind, name string) error {
		if name == "" || seen[kind+name] {
			return fmt.Errorf("two %s of a program are called %q", kind, name)
		}
		seen[kind+name] = true
		return nil
	}
	for _, t := range c.Tasks {
		if err := once("tasks", t.Name); err != nil {
			return err
		}
	}
	for _, n := range c.Networks {
		if err := once("networks", n.Name()); err != nil {
			return err
		}
	}
	for _, f := range c.Data {
		if err := once("data sets", f.Name); err != nil {
			return err
		}
	}
	for _, r := range c.Restrictions {
		if err := once("restrictions", r.Name()); err != nil {
			return err
		}
	}
	for _, name := range c.Optimizers.Names() {
		if err := once("optimizers", name); err != nil {
			return err
		}
	}
	return nil
}

// Extensions returns what the export and import of models need to know of the
// networks and operations that package network and the exporter do not have.
func (c Catalog) Extensions() export.Extensions {
	x := c.Operations
	kinds := network.Kinds{}
	standard := network.Standard()
	for _, list := range append([][]network.Network{c.Networks}, ownNetworks(c.Tasks)...) {
		for _, n := range list {
			n = network.Inner(n)
			if standard[n.Name()] == nil {
				kinds[n.Name()] = n
			}
		}
	}
	x.Networks = kinds.With(x.Networks)
	return x
}

// ownNetworks returns the networks of each task.
func ownNetworks(tasks []task.Task) (lists [][]network.Network) {
	for _, t := range tasks {
		lists = append(lists, t.Networks)
	}
	return lists
}

// Task returns the task of a name.
func (c Catalog) Task(name string) (task.Task, error) { return task.Find(c.Tasks, name) }

// NetworksOf returns the networks that a task offers: its own, then those of the catalog
// that it takes and that have other names.
func (c Catalog) NetworksOf(t task.Task) []network.Network {
	all := slices.Clone(t.Networks)
	for _, n := range c.Networks {
		own := slices.ContainsFunc(all, func(o network.Network) bool { return o.Name() == n.Name() })
		if !own && t.Takes(n) == nil {
			all = append(all, n)
		}
	}
	return all
}
