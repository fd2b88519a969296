// Package catalog is the choices that a program offers: tasks, networks, data
// sets, restrictions, optimizers, and how operations are exported. A program adds
// its own to those of this project; nothing registers itself by being imported.
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

// Catalog lists what a program knows by name. Names within a list differ.
type Catalog struct {
	Tasks        []task.Task
	Networks     []network.Network // for every task that takes them, beside the task's own
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
	return Catalog{Tasks: append(task.All(), task.AWGN(), task.Sharpening(), task.Restoration()), Data: dataset.Formats(), Restrictions: mesh.Restrictions(), Optimizers: optimize.Standard()}
}

// With returns the catalog with further choices before its own ones, so that the
// first task of a program is its own. Tasks are completed. A program's own Models take the
// place of the catalog's. It is an error if a name stands for two things.
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

// check finds names that stand for two things.
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

// Extensions is what exporting and importing models need to know of the catalog's
// own networks and operations.
func (c Catalog) Extensions() export.Extensions {
	x := c.Operations
	kinds := network.Kinds{}
	paper := network.Standard()
	for _, list := range append([][]network.Network{c.Networks}, ownNetworks(c.Tasks)...) {
		for _, n := range list {
			n = network.Inner(n)
			if paper[n.Name()] == nil {
				kinds[n.Name()] = n
			}
		}
	}
	x.Networks = kinds.With(x.Networks)
	return x
}

// ownNetworks are the networks of tasks.
func ownNetworks(tasks []task.Task) (lists [][]network.Network) {
	for _, t := range tasks {
		lists = append(lists, t.Networks)
	}
	return lists
}

// Task returns the task of a name.
func (c Catalog) Task(name string) (task.Task, error) { return task.Find(c.Tasks, name) }

// NetworksOf returns the networks that a task offers: its own, then the catalog's
// that it takes.
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
