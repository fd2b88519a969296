// Package dataset turns collections of pictures into samples for training and for
// validation. [Open] opens all kinds: procedural dead leaves, folders of pictures, and
// published data sets in their own layouts.
//
// [Open] decodes each picture once to check that it is intact and that no validation
// picture is among the training pictures. Its [Report] says what is used and what is left
// out. Pictures are then loaded on demand. Decoded pictures are cached up to a budget;
// binaries are read record by record. A sample depends only on the picture and the random
// stream, so any number of goroutines may draw samples in any order. The pictures, and the
// split into training and validation, depend on the data set, never on the seed of a run.
//
// Files are untrusted. Sizes are checked before memory is allocated, and neither a name in
// a file nor a symbolic link leads out of the data set's folder. An error names the file
// or folder, the reason and a remedy, in one line unless it lists several pictures.
package dataset
