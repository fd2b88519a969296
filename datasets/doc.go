// Package datasets knows where the published data sets come from, and fetches
// them: see [Manifest], and the command in folder fetch.
//
// Archives and servers are not trusted. A download is bounded, checked against
// size and checksum, and unpacked into a folder that nothing reads yet, from
// which no entry can lead out; only what is complete and right takes its place.
package datasets
