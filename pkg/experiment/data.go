package experiment

import (
	"context"
	"io"

	"multiscale/pkg/dataset"
	"multiscale/pkg/experiment/progress"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/setting"
)

// DataOptions returns the options of the data set that c names; known are the formats.
func DataOptions(c setting.Config, known []dataset.Format) dataset.Options {
	return dataset.Options{
		Name: c.Data.Name, Root: c.Root, Validation: c.Validation, Side: c.Side, Formats: known,
		Channels: c.Channels, SkipBad: c.SkipBad, AllowIncomplete: c.AllowIncomplete, HoldOut: c.HoldOut,
	}
}

// OpenData opens a data set, and shows on log how many of its pictures have been decoded.
func OpenData(ctx context.Context, o dataset.Options, log io.Writer) (*dataset.Set, error) {
	shown := progress.New(log)
	defer shown.Close()
	o.Progress = func(done, total int) error {
		shown.Count("pictures decoded", done, total)
		return ctx.Err()
	}
	return dataset.Open(o)
}

// openData opens the data set. Pictures that were decoded according to the run folder's
// record are not decoded again.
func (e *Experiment) openData(ctx context.Context, decoding dataset.Decoding) (err error) {
	o := DataOptions(e.config, e.known.Data)
	o.Decoding = decoding
	if there, err := runfolder.Read(e.dir); err == nil {
		o.Known = there.Record.Data
	}
	e.set, err = OpenData(ctx, o, e.log)
	return err
}

// tellData prints the report of the data set, and remarks on the network and weights of -init.
func (e *Experiment) tellData(print func(line string)) {
	for _, line := range e.set.Report.Lines() {
		print(line)
	}
	if !e.task.Paired() && e.set.Report.Ratio != 0 {
		print("the degraded pictures are not used: task " + e.task.Name + " degrades the clean ones itself")
	}
	if e.adopted {
		print("the network is " + e.config.NetworkText() + ", which -init holds")
	}
	if e.initial != nil && e.initial.grey {
		print("the weights of -init are for colours and are brought to grey")
	}
}
