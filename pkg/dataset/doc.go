// Package dataset turns collections of pictures into samples for training and
// for validation. One call, [Open], serves them all: procedural dead leaves,
// folders of pictures, and the published data sets in their own layouts.
//
// [Open] decodes each picture once to see that it is sound, and that training has no
// validation picture; its [Report] says what is used and what is left out. Later,
// pictures are loaded when they are needed. Decoded pictures are kept up to a
// budget, binaries are read record by record. What a sample holds depends on
// the picture and the random stream alone, so any number of goroutines may
// draw samples in any order. The pictures themselves, and the split into
// training and validation, belong to the data set and never to the seed of a run.
//
// Files are untrusted: sizes are checked before anything is allocated,
// no name in a file and no symbolic link leads out of the data set's folder, and
// an error is one line that names the file or folder, the reason and what to do.
package dataset
