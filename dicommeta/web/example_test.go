package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/web"
)

// server answers for one study of one instance.
func server() *httptest.Server {
	mux := http.NewServeMux()
	answer := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/dicom+json")
			fmt.Fprint(w, body)
		})
	}
	answer("/dicom-web/studies", `[{"0020000D":{"vr":"UI","Value":["1.2"]},"00081030":{"vr":"LO","Value":["Thorax"]}}]`)
	answer("/dicom-web/studies/1.2/metadata", `[{"0020000D":{"vr":"UI","Value":["1.2"]},"0020000E":{"vr":"UI","Value":["1.2.3"]},"00080018":{"vr":"UI","Value":["1.2.3.4"]},"00080060":{"vr":"CS","Value":["CT"]}}]`)
	return httptest.NewServer(mux)
}

func ExampleClient_ReadStudies() {
	s := server()
	defer s.Close()
	c, q, err := web.Open(s.URL+"/dicom-web/studies?ModalitiesInStudy=CT", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for study, err := range c.ReadStudies(context.Background(), q) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(study.Text(dict.StudyInstanceUID), study.Text(dict.StudyDescription))
		for _, series := range study.Series {
			fmt.Println(" ", series.Text(dict.Modality), len(series.Instances))
		}
	}
	// Output:
	// 1.2 Thorax
	//   CT 1
}

func ExampleClient_Metadata() {
	s := server()
	defer s.Close()
	c, err := web.NewClient(s.URL+"/dicom-web", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for d, err := range c.Metadata(context.Background(), "1.2", "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Text(dict.SOPInstanceUID), d.Text(dict.Modality))
	}
	// Output: 1.2.3.4 CT
}
