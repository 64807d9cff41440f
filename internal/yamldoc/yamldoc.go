// Package yamldoc is the one door to the YAML library: it reads a document
// strictly into a struct and says where the document is wrong.
package yamldoc

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"
)

// MaxBytes bounds a document; profiles and policies are small.
const MaxBytes = 8 << 20

// Decode reads the YAML document b into v. Unknown and repeated keys are
// errors. An error names the document, the line and the column, and shows no
// excerpt of it but the name of a key.
func Decode(name string, b []byte, v any) (err error) {
	if len(b) > MaxBytes {
		return fmt.Errorf("%s: want at most %d bytes of YAML, have %d", name, MaxBytes, len(b))
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: the YAML reader gave up on this document", name)
		}
	}()
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(v); err != nil {
		return fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, false))
	}
	return nil
}
