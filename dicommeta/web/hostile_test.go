package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCancellingBetweenStudiesEndsOnce cancels while the metadata of the first of two studies
// is asked for, in the middle of the answer to the search.
func TestCancellingBetweenStudiesEndsOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/dicom+json")
		if strings.HasSuffix(r.URL.Path, "/metadata") {
			cancel()
			<-r.Context().Done()
			return
		}
		if _, err := io.WriteString(w, `[{"0020000D":{"vr":"UI","Value":["1.2"]}},{"0020000D":{"vr":"UI","Value":["1.3"]}}]`); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	c, err := NewClient(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []error
	for _, err := range c.ReadInstances(ctx, nil) {
		all = append(all, err)
	}
	if len(all) != 1 || !errors.Is(all[0], context.Canceled) {
		t.Errorf("want one error, that of the context, have %v", all)
	}
}
