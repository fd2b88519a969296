// Package unsupported has the error for unsupported picture formats.
package unsupported

import "errors"

// Kind is the error for a file that seems intact but has an unsupported format. Its text
// names the format. It is an errors.ErrUnsupported.
type Kind string

func (k Kind) Error() string { return string(k) }

func (Kind) Is(target error) bool { return target == errors.ErrUnsupported }
