package gen

import "testing"

func TestReadersAreNamedInThePlural(t *testing.T) {
	for name, want := range map[string]string{
		"Patient": "ReadPatients", "ImagingStudy": "ReadImagingStudies", "Series": "ReadSeries", "TumorObs": "ReadTumorObs",
		"Survey": "ReadSurveys", "Box": "ReadBoxes", "Batch": "ReadBatches", "X": "ReadXs", "Y": "ReadYs", "Übung": "ReadÜbungs",
	} {
		if have := readerName(name); have != want {
			t.Errorf("%s: want %s, have %s", name, want, have)
		}
	}
}
