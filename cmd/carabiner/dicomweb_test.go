package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// pacs is a DICOMweb server with the studies of a folder: a search for studies and
// the metadata of each. It wants an authorization.
func pacs(t *testing.T, folder string) *httptest.Server {
	t.Helper()
	metadata := make(map[string][]byte) // by study
	var order []string
	for x, err := range dicommeta.Read(t.Context(), dicommeta.Sources(folder), nil) {
		if err != nil {
			t.Fatal(err)
		}
		uid := x.Text(dict.StudyInstanceUID)
		if metadata[uid] == nil {
			order = append(order, uid)
		} else {
			metadata[uid] = append(metadata[uid], ',')
		}
		metadata[uid] = x.AppendJSON(metadata[uid], nil)
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, r *http.Request, body []byte) {
		if r.Header.Get("Authorization") != "Bearer open-sesame" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/dicom+json")
		w.Write(body)
	}
	mux.HandleFunc("GET /dicom-web/studies", func(w http.ResponseWriter, r *http.Request) {
		list := []byte{'['}
		if r.URL.Query().Get("offset") == "" || r.URL.Query().Get("offset") == "0" {
			for i, uid := range order {
				if i > 0 {
					list = append(list, ',')
				}
				list = fmt.Appendf(list, `{"0020000D":{"vr":"UI","Value":[%q]}}`, uid)
			}
		}
		answer(w, r, append(list, ']'))
	})
	mux.HandleFunc("GET /dicom-web/studies/{study}/metadata", func(w http.ResponseWriter, r *http.Request) {
		body, ok := metadata[r.PathValue("study")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		answer(w, r, append(append([]byte{'['}, body...), ']'))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// clinicServer is the address of a server with the demonstration's images.
func clinicServer(t *testing.T, root string) string {
	return pacs(t, filepath.Join(root, "testdata", "clinic", "dicom")).URL + "/dicom-web"
}
