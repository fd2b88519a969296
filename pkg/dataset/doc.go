// Package dataset turns collections of pictures into samples for training and for
// validation. One call, [Open], opens all of them: procedural dead leaves, folders
// of pictures, and the published data sets in their layouts.
//
// [Open] decodes each picture once to check it, and to check that training has no
// validation picture; its [Report] says what is used and what is left out. Later,
// pictures are loaded on demand. Decoded pictures are kept up to a budget, binaries
// are read record by record. A sample depends only on the picture and the random
// stream, so any number of goroutines may draw samples in any order. The pictures,
// and the split into training and validation, depend on the data set, never on the
// seed of a run.
//
// Files are untrusted: sizes are checked before anything is allocated, no name in
// a file and no symbolic link leads out of the data set's folder, and an error is
// one line that names the file or folder, the reason and a remedy.
package dataset
