// Package catalog is the choices that a program offers: tasks, networks, data
// sets, restrictions. A program adds its own to those of this project; nothing
// registers itself by being imported.
package catalog

import (
	"fmt"
	"slices"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/task"
)

// Catalog lists what a program knows by name. Names within a list differ.
type Catalog struct {
	Tasks        []task.Task
	Networks     []network.Network // for every task that takes them, beside the task's own
	Data         []dataset.Format
	Restrictions []mesh.Restriction
}

// Standard returns what this project brings along.
func Standard() Catalog {
	return Catalog{Tasks: task.All(), Data: dataset.Formats(), Restrictions: mesh.Restrictions()}
}

// With returns the catalog with further choices before its own ones, so that the
// first task of a program is its own. Tasks are completed. It is an error if a
// name stands for two things.
func (c Catalog) With(own Catalog) (Catalog, error) {
	sum := Catalog{
		Networks:     slices.Concat(own.Networks, c.Networks),
		Data:         slices.Concat(c.Data, own.Data),
		Restrictions: slices.Concat(c.Restrictions, own.Restrictions),
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
	return nil
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
