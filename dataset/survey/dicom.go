package survey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// omop drafts a table for each table of the CDM of which there is a file.
func (d *drafter) omop(_ context.Context, in *inputs) error {
	for _, name := range in.omop {
		from := d.name(name)
		ref := "5.4"
		if cdm.V54.Model().Table(name) == nil {
			ref = "imaging"
		}
		d.sources = append(d.sources, source{name: from, kind: string(dataset.OMOP), ref: ref, table: name})
		d.tables = append(d.tables, table{name: from, from: from, grain: string(grainOfOMOP(name)), comment: "all fields of the CDM, with its keys; list those that are needed"})
	}
	return nil
}

func grainOfOMOP(table string) dataset.Grain {
	switch table {
	case "person", "death":
		return dataset.PerPatient
	case "visit_occurrence":
		return dataset.PerEncounter
	case "specimen":
		return dataset.PerSpecimen
	case "image_occurrence":
		return dataset.PerSeries
	}
	if t := cdm.V54.Model().Table(table); t != nil && t.Schema == cdm.Vocabulary {
		return dataset.PerRow
	}
	return dataset.PerEvent
}

// dicom drafts a table of series and one of instances.
func (d *drafter) dicom(ctx context.Context, in *inputs) error {
	if len(in.dicom) == 0 {
		return nil
	}
	seen, err := attributes(ctx, in.dicom, d.opts)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		return nil
	}
	series := []dict.Tag{dict.SeriesInstanceUID, dict.StudyInstanceUID, dict.PatientID}
	instances := []dict.Tag{dict.SOPInstanceUID, dict.SeriesInstanceUID}
	for _, t := range slices.Sorted(maps.Keys(seen)) {
		switch dicommeta.LevelOf(t) {
		case dicommeta.PatientLevel, dicommeta.StudyLevel, dicommeta.SeriesLevel:
			if !slices.Contains(series, t) {
				series = append(series, t)
			}
		case dicommeta.InstanceLevel:
			if !slices.Contains(instances, t) {
				instances = append(instances, t)
			}
		}
	}
	seriesTable := d.dicomTable("series", dataset.PerSeries, series)
	d.dicomTable("instances", dataset.PerInstance, instances)
	t := &d.tables[len(d.tables)-1]
	t.refs = append(t.refs, dataset.Ref{Fields: []string{identifier("SeriesInstanceUID")}, Table: seriesTable})
	return nil
}

var errEnough = errors.New("enough")

// attributes returns which attributes of whole data sets occur with a value.
func attributes(ctx context.Context, files []string, o InferOptions) (map[dict.Tag]int, error) {
	seen := make(map[dict.Tag]int)
	n := 0
	srcs := dicommeta.Sources(files...)
	_, err := dicommeta.Each(ctx, srcs, &dicommeta.ReadOptions{Workers: 1, Reporter: o.Reporter}, func(_ int, x *dicommeta.Instance) error {
		if n++; o.Records > 0 && n > o.Records {
			return errEnough
		}
		x.Walk(func(path dicommeta.Path, _ *dicommeta.Dataset, e *dicommeta.Element) bool {
			entry := dict.Find(e.Tag)
			if len(path) <= 1 && entry != nil && entry.Keyword != "" && len(e.Value) > 0 && entry.VR() != dict.SQ && !bulky(entry.VR()) {
				seen[e.Tag]++
			}
			return false
		})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("survey: %w", err)
	}
	return seen, nil
}

// bulky reports whether values of a VR are bytes and no attribute of a table.
func bulky(vr dict.VR) bool {
	return slices.Contains([]dict.VR{dict.OB, dict.OW, dict.OD, dict.OF, dict.OL, dict.OV, dict.UN}, vr)
}

// dicomTable drafts a table and the list of attributes that it comes from, and
// returns its name.
func (d *drafter) dicomTable(text string, grain dataset.Grain, tags []dict.Tag) string {
	name := d.name(text)
	file := name + ".attrs.txt"
	t := table{name: name, from: name, grain: string(grain), key: []string{identifier(tags[0].Keyword())}}
	var list strings.Builder
	list.WriteString("# Attributes that occur in the data, a line each: keyword = column\n")
	for i, tag := range tags {
		keyword := tag.Keyword()
		column := identifier(keyword)
		fmt.Fprintf(&list, "%s = %s\n", keyword, column)
		t.fields = append(t.fields, field{name: column, required: i == 0, role: roleOfDICOM(tag)})
	}
	d.files[file] = []byte(list.String())
	d.sources = append(d.sources, source{name: name, kind: string(dataset.DICOMList), ref: file})
	d.tables = append(d.tables, t)
	return name
}

// roleOfDICOM proposes the role of an attribute by its VR and keyword (the
// attributes that PS3.15 table E.1-1 acts on are none of them safe).
func roleOfDICOM(t dict.Tag) dataset.Role {
	keyword := t.Keyword()
	vr := dict.VR(0)
	if e := dict.Find(t); e != nil {
		vr = e.VR()
	}
	switch {
	case slices.Contains([]dict.Tag{dict.Modality, dict.SOPClassUID, dict.Rows, dict.Columns, dict.BitsAllocated, dict.BitsStored, dict.PhotometricInterpretation, dict.SamplesPerPixel, dict.NumberOfFrames, dict.ImageType}, t):
		return dataset.Safe
	case vr == dict.UI || vr == dict.PN || strings.HasSuffix(keyword, "ID") || strings.HasSuffix(keyword, "Number") && t.Group() <= 0x0010:
		return dataset.DirectID
	case strings.HasPrefix(keyword, "Patient") || strings.HasPrefix(keyword, "Institution") || slices.Contains([]string{"Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "StationName"}, keyword):
		return dataset.QuasiID
	case vr == dict.DA || vr == dict.TM || vr == dict.DT:
		return dataset.EventDate
	case slices.Contains([]dict.VR{dict.LO, dict.LT, dict.SH, dict.ST, dict.UT, dict.UC}, vr):
		return dataset.FreeText
	}
	return dataset.Sensitive
}
