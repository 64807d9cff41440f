package duck

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	dicomindex "github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/google/go-cmp/cmp"
)

// openIndex indexes a folder and opens its tables as its own script does.
func openIndex(t *testing.T, dir string) *sql.DB {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if _, err := dicomindex.Build(t.Context(), dicommeta.Sources(dir), &dicomindex.Options{Out: out}); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(out, "load.duckdb.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := openDuck(t)
	execute(t, db, "SET file_search_path = '%s'", out)
	if _, err := db.Exec(string(script)); err != nil {
		t.Fatal(err)
	}
	return db
}

// images is a folder with two patients: CT with contrast and its structure set, MR, a slide.
func images(t *testing.T) string {
	dir := t.TempDir()
	st := &dicomgen.Study{Patient: dicomgen.Patient{ID: "P1", Name: "A^B", BirthDate: "19600215", Sex: "F"}, UID: "2.25.1", ID: "1", Date: "20240501", Time: "101500", Description: "Thorax"}
	second := *st
	second.Patient.ID, second.UID, second.Date = "P2", "2.25.2", "20240601"
	ct := dicomgen.CT(st, &dicomgen.Siemens, 1, 4)
	for i := range ct {
		ct[i].Data.Set(dicommeta.TextElement(dict.ContrastBolusAgent, "Iomeron"))
	}
	all := append(ct, dicomgen.StructureSet(st, &dicomgen.Plain, 2, ct))
	all = append(all, dicomgen.MR(&second, &dicomgen.Plain, 1, 3)...)
	all = append(all, dicomgen.Slide(&second, &dicomgen.Plain, 2, 2, 2, 1000)...)
	for i := range all {
		all[i].Name = string(rune('a'+i)) + ".dcm"
		if all[i].Pixels.Bytes > 0 {
			all[i].Shrink(32)
		}
		if err := all[i].WriteFile(dir); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Queries in the manner of IDC's own examples run on the tables as they are.
func TestQueriesOfIDCRunOnTheIndex(t *testing.T) {
	db := openIndex(t, images(t))
	tests := []struct {
		name, query string
		want        [][]string
	}{
		{"modalities", `SELECT Modality, COUNT(DISTINCT SeriesInstanceUID) AS series, SUM(instanceCount) FROM index GROUP BY Modality ORDER BY Modality`,
			[][]string{{"CT", "1", "4"}, {"MR", "1", "3"}, {"RTSTRUCT", "1", "1"}, {"SM", "1", "2"}}},
		{"of the repository", `SELECT collection_id, license_short_name, aws_bucket, crdc_series_uuid, series_aws_url, COUNT(*) FROM index WHERE collection_id IS NULL GROUP BY ALL`,
			[][]string{{"<nil>", "<nil>", "<nil>", "<nil>", "<nil>", "4"}}},
		{"dates", `SELECT DISTINCT StudyDate FROM index WHERE CAST(StudyDate AS DATE) BETWEEN '2024-05-01' AND '2024-05-31'`, [][]string{{"2024-05-01"}}},
		{"size and patients", `SELECT COUNT(DISTINCT PatientID), COUNT(DISTINCT StudyInstanceUID), ROUND(SUM(series_size_MB), 2) > 0 FROM index WHERE SeriesNumber = '1'`,
			[][]string{{"2", "2", "true"}}},
		{"arrays", `SELECT i.Modality, array_to_string(ct.ImageType, '/'), len(cb.ContrastBolusAgent) > 0, vg.regularly_spaced_3d_volume, ct.KVP, ct.ConvolutionKernel[1]
			FROM index i JOIN ct_index ct USING (SeriesInstanceUID) LEFT JOIN contrast_index cb USING (SeriesInstanceUID) LEFT JOIN volume_geometry_index vg USING (SeriesInstanceUID)
			WHERE array_to_string(ct.ImageType, '/') LIKE '%AXIAL%' AND i.instanceCount >= 3`,
			[][]string{{"CT", "ORIGINAL/PRIMARY/AXIAL", "true", "true", "120", "B31f"}}},
		{"echoes", `SELECT m.MagneticFieldStrength, m.EchoTime[1] FROM index i JOIN mr_index m ON i.SeriesInstanceUID = m.SeriesInstanceUID WHERE list_contains(m.ScanningSequence, 'SE')`,
			[][]string{{"1.5", "12"}}},
		{"structures", `SELECT r.total_rois, src.Modality, src.BodyPartExamined FROM rtstruct_index r JOIN index src ON r.referenced_SeriesInstanceUID = src.SeriesInstanceUID WHERE list_contains(r.ROINames, 'GTV')`,
			[][]string{{"4", "CT", "CHEST"}}},
		{"slides", `SELECT i.PatientID, s.ObjectiveLensPower, s.ContainerIdentifier FROM index i JOIN sm_index s ON i.SeriesInstanceUID = s.SeriesInstanceUID WHERE array_to_string(s.staining_usingSubstance_CodeMeaning, ', ') NOT LIKE '%nothing%'`,
			[][]string{{"P2", "20", "SLIDE-1"}}},
		{"instances of slides", `SELECT COUNT(*), MIN(list_contains(ImageType, 'VOLUME')) FROM sm_instance_index JOIN index USING (SeriesInstanceUID)`, [][]string{{"2", "true"}}},
		{"elements", `SELECT COUNT(DISTINCT path), MIN(number), MAX(number) FROM elements WHERE keyword = 'SliceThickness' AND tag_path = '(0018,0050)'`, [][]string{{"7", "4", "5"}}},
		{"private elements", `SELECT DISTINCT private_creator FROM elements WHERE private_creator IS NOT NULL AND tag LIKE '0029%'`, [][]string{{"SIEMENS CSA HEADER"}}},
		{"instances", `SELECT i.SOPClassUID = '1.2.840.10008.5.1.4.1.1.2', COUNT(*), MAX("Rows"), typeof(MIN(modified)) FROM instance i WHERE i.Modality = 'CT' GROUP BY 1`,
			[][]string{{"true", "4", "32", "TIMESTAMP"}}},
		{"studies and patients", `SELECT p.PatientID, s.ModalitiesInStudy, s.seriesCount, p.studyCount FROM patient p JOIN study s USING (PatientID) ORDER BY 1`,
			[][]string{{"P1", "CT,RTSTRUCT", "2", "1"}, {"P2", "MR,SM", "2", "1"}}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, texts(t, db, "%s", test.query)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
	}
}

// DuckDB sees the columns of the schema in its types, and in IDC's names.
func TestDuckDBSeesTheSchemaOfTheIndex(t *testing.T) {
	db := openIndex(t, images(t))
	types := map[string]string{"VARCHAR": "STRING", "BIGINT": "INTEGER", "INTEGER": "INTEGER", "DOUBLE": "FLOAT", "BOOLEAN": "BOOLEAN", "TIMESTAMP": "TIMESTAMP", "VARCHAR[]": "STRING[]", "DOUBLE[]": "FLOAT[]"}
	for _, table := range dicomindex.Schema() {
		var want, got [][]string
		for _, c := range table.Columns {
			want = append(want, []string{c.Name, c.Type})
		}
		for _, row := range texts(t, db, `DESCRIBE SELECT * FROM "%s"`, table.Name) {
			got = append(got, []string{row[0], types[row[1]]})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", table.Name, diff)
		}
	}
}

// What DuckDB counts in the tables of shared files is what is in the index.
func TestDuckDBReadsTheIndexOfSharedFiles(t *testing.T) {
	db := openIndex(t, golden.Shared(t, "data/dicom/files/highdicom"))
	got := texts(t, db, `SELECT (SELECT COUNT(*) FROM seg_index), (SELECT SUM(total_segments) > 0 FROM seg_index), (SELECT COUNT(*) FROM ann_group_index),
		(SELECT COUNT(*) FROM instance) = (SELECT COUNT(DISTINCT path) FROM elements), (SELECT SUM(instanceCount) FROM index) = (SELECT COUNT(*) FROM instance),
		(SELECT COUNT(*) FROM seg_index s WHERE segmented_SeriesInstanceUID IS NULL)`)
	if diff := cmp.Diff([][]string{{"12", "true", "1", "true", "true", "0"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
