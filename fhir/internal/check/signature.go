package check

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// signature tells what can be told of a Signature without the content it signs:
// its cryptography is not verified. A JSON Web Signature should be detached, so
// that the content stands once. What is found is told of the owner. (R4 §2.24.0.14; R5 §14.6, Digital Signatures)
func (r *run) signature(a at) {
	v := r.f(a).value
	data := v.Get("data")
	if data.Kind() != jsontree.String {
		return
	}
	if p := r.f(a).parent; p != none {
		a = p
	}
	r.info(a, CodeNotChecked, "Signature.data", "want the signature verified: not checked")
	if !v.Get("sigFormat").EqualText("application/jose") {
		return
	}
	compact, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(data.Text()), ""))
	if err == nil && bytes.Count(compact, []byte(".")) == 2 && !bytes.Contains(compact, []byte("..")) {
		r.warn(a, CodeDefinition, "Signature.data", "want a detached signature, have one with a payload")
	}
}
