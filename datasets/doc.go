// Package datasets fetches published data sets. [Manifest] says where they come from; the
// command is in folder fetch.
//
// Archives and servers are not trusted. A download has a maximal size, is checked against
// the known size and checksums, and is unpacked into a temporary folder; no entry can be
// written outside of it. Only a complete and verified data set moves to its final place.
package datasets
