package mapping

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop"
)

// The shared golden cases: small FHIR inputs with the rows expected of them.
// Counts may only rise.
const (
	casesEqualFloor = 80 // rows and empty tables equal apart from places marked loose
	casesFullFloor  = 17 // equal in full
)

type goldenCase struct {
	ID, Resource string
	Compare      []string
	FHIR         []json.RawMessage
	Absent       []string
	Expect       map[string][]map[string]any
	Loose        []struct{ At, Why string }
}

// Types of resource whose cases wait for a later part of the mapping.
var casesNotMapped = []string{
	"Coverage", "Device", "MedicationAdministration", "MedicationDispense", "MedicationStatement", "PractitionerRole", "Specimen",
}

func TestSharedCasesGiveTheExpectedRows(t *testing.T) {
	dir := golden.Shared(t, "data/omop/fhir2omop-cases")
	f, err := os.Open(filepath.Join(dir, "cases.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	equal, full, run := 0, 0, 0
	for sc.Scan() {
		var c goldenCase
		mustJSON(t, sc.Bytes(), &c)
		if slices.Contains(casesNotMapped, c.Resource) {
			continue
		}
		run++
		loose, strict := c.check(t)
		if len(loose) == 0 {
			equal++
		} else {
			t.Logf("%s: %s", c.ID, strings.Join(loose, "; "))
		}
		if len(strict) == 0 {
			full++
		}
	}
	t.Logf("%d cases: %d equal apart from loose places, %d in full", run, equal, full)
	if equal < casesEqualFloor || full < casesFullFloor {
		t.Errorf("want at least %d and %d", casesEqualFloor, casesFullFloor)
	}
}

// check converts the case and compares; it returns the differences outside the
// loose places, and all of them.
func (c *goldenCase) check(t *testing.T) (outside, all []string) {
	var in bytes.Buffer
	for _, r := range c.FHIR {
		in.Write(r)
		in.WriteByte('\n')
	}
	for _, ref := range c.Absent {
		in.WriteString(c.stub(ref))
	}
	out, _, _ := convert(t, in.String(), ConvertOptions{Concepts: subset(t), Workers: 1})
	ids := map[string]map[string]bool{}
	for _, tb := range mappedTables {
		for _, row := range readIDsFS(t, out, tb) {
			k := row.ResourceID
			if ids[k] == nil {
				ids[k] = map[string]bool{}
			}
			ids[k][strconv.Itoa(int(row.ID))] = true
		}
	}
	diff := func(table, column, text string) {
		all = append(all, table+"."+column+" "+text)
		for _, l := range c.Loose {
			if l.At == table || l.At == table+"."+column {
				return
			}
		}
		outside = append(outside, table+"."+column+" "+text)
	}
	for _, table := range c.Compare {
		have := readAny(t, out, table)
		want := c.Expect[table]
		if len(have) != len(want) {
			diff(table, "", fmt.Sprintf("want %d rows, have %d", len(want), len(have)))
			continue
		}
		for i := range want {
			best := have[i]
			bestDiffs := compareRow(want[i], best, ids)
			for _, h := range have {
				if d := compareRow(want[i], h, ids); len(d) < len(bestDiffs) {
					bestDiffs = d
				}
			}
			for _, d := range bestDiffs {
				diff(table, d.column, d.text)
			}
		}
	}
	return outside, all
}

type columnDiff struct{ column, text string }

// compareRow follows the rules of the shared README: a column that is not
// listed is null; an optional concept that is null may be 0 and the other way.
func compareRow(want map[string]any, have map[string]string, ids map[string]map[string]bool) (out []columnDiff) {
	columns := map[string]bool{}
	for k := range want {
		columns[k] = true
	}
	for k := range have {
		columns[k] = true
	}
	names := make([]string, 0, len(columns))
	for k := range columns {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		w, h := plain(want[k]), have[k]
		if _, listed := want[k]; !listed && isKey(k, have) {
			continue
		}
		switch {
		case strings.HasPrefix(w, "ref:"):
			if !ids[strings.TrimPrefix(w, "ref:")][h] {
				out = append(out, columnDiff{k, "want the key of another resource"})
			}
		case strings.HasPrefix(w, "id:"):
			if h == "" {
				out = append(out, columnDiff{k, "want a key, have none"})
			}
		case w == h, strings.HasSuffix(k, "_concept_id") && (w == "" || w == "0") && (h == "" || h == "0"):
		default:
			out = append(out, columnDiff{k, fmt.Sprintf("want %q, have %q", w, h)})
		}
	}
	return out
}

// isKey reports whether a column is the row's own key.
func isKey(column string, row map[string]string) bool {
	return row["__key"] == column || column == "__key"
}

func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// stub makes a resource that the case refers to but does not hold.
func (c *goldenCase) stub(ref string) string {
	typ, id, _ := strings.Cut(ref, "/")
	switch typ {
	case "Patient":
		return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"birthDate":"1900-01-01"}`+"\n", id)
	}
	subject := "Patient/patient-1"
	for _, r := range c.FHIR {
		var p struct{ ResourceType, ID string }
		if json.Unmarshal(r, &p) == nil && p.ResourceType == "Patient" {
			subject = "Patient/" + p.ID
		}
	}
	return fmt.Sprintf(`{"resourceType":%q,"id":%q,"status":"finished","subject":{"reference":%q}}`+"\n", typ, id, subject)
}

func readIDsFS(t testing.TB, out fs.FS, tb Table) (rows []IDRow) {
	b, err := fs.ReadFile(out, "idmap/"+tb.String()+".parquet")
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range columnar.Read[IDRow](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// readAny reads a table as text by column; __key names the row's own key.
func readAny(t testing.TB, out fs.FS, name string) []map[string]string {
	switch name {
	case "person":
		return asText(table[omop.Person](t, out), "")
	case "death":
		return asText(table[omop.Death](t, out), "")
	case "location":
		return asText(table[omop.Location](t, out), "location_id")
	case "care_site":
		return asText(table[omop.CareSite](t, out), "care_site_id")
	case "provider":
		return asText(table[omop.Provider](t, out), "")
	case "visit_occurrence":
		return asText(table[omop.VisitOccurrence](t, out), "visit_occurrence_id")
	case "condition_occurrence":
		return asText(table[omop.ConditionOccurrence](t, out), "condition_occurrence_id")
	case "drug_exposure":
		return asText(table[omop.DrugExposure](t, out), "drug_exposure_id")
	case "procedure_occurrence":
		return asText(table[omop.ProcedureOccurrence](t, out), "procedure_occurrence_id")
	case "device_exposure":
		return asText(table[omop.DeviceExposure](t, out), "device_exposure_id")
	case "measurement":
		return asText(table[omop.Measurement](t, out), "measurement_id")
	case "observation":
		return asText(table[omop.Observation](t, out), "observation_id")
	case "note":
		return asText(table[omop.Note](t, out), "note_id")
	case "observation_period":
		return asText(table[omop.ObservationPeriod](t, out), "observation_period_id")
	case "visit_detail":
		return asText(table[omop.VisitDetail](t, out), "visit_detail_id")
	case "specimen":
		return asText(table[omop.Specimen](t, out), "specimen_id")
	case "payer_plan_period":
		return asText(table[omop.PayerPlanPeriod](t, out), "payer_plan_period_id")
	}
	t.Fatalf("no reader for table %s", name)
	return nil
}

func asText[T any](rows []T, key string) (out []map[string]string) {
	for _, row := range rows {
		m := map[string]string{}
		if key != "" {
			m["__key"] = key
		}
		v := reflect.ValueOf(row)
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Kind() == reflect.Pointer {
				if f.IsNil() {
					continue
				}
				f = f.Elem()
			}
			switch x := f.Interface().(type) {
			case columnar.Timestamp:
				m[v.Type().Field(i).Tag.Get("csv")] = strings.Replace(x.String(), " ", "T", 1)
			case float64:
				m[v.Type().Field(i).Tag.Get("csv")] = strconv.FormatFloat(x, 'f', -1, 64)
			default:
				m[v.Type().Field(i).Tag.Get("csv")] = fmt.Sprint(x)
			}
		}
		out = append(out, m)
	}
	return out
}
