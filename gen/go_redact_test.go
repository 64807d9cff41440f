package gen

import (
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// redactModel is the small patient with roles on some fields, on fields of an
// object without a role, and on a slice.
func redactModel() *dataset.Model {
	m := patientModel()
	patient := m.Tables[0].Object
	roles := map[string]dataset.Role{"gender": dataset.QuasiID, "active": dataset.Safe, "contact": dataset.Safe, "score": dataset.Sensitive, "id": dataset.DirectID}
	for _, f := range patient.Fields {
		if f.Role == "" {
			f.Role = roles[f.Name]
		}
		if f.Name == "name" {
			f.Type.Elem.Object.Field("use").Role = dataset.Safe
			f.Type.Elem.Object.Field("given").Role = dataset.DirectID
		}
		if f.Name == "extension" {
			f.Slices[0].Field.Role = dataset.Sensitive
		}
	}
	extra := dataset.NewType(dataset.Text)
	note := &dataset.Object{Name: "note", Extra: &extra, Fields: []*dataset.Field{
		{Name: "text", Type: dataset.NewType(dataset.Text)}, {Name: "list", Type: dataset.ListOf(dataset.ListOf(dataset.NewType(dataset.Text)))},
		{Name: "raw", Type: dataset.NewType(dataset.Any)}, {Name: "kept", Type: dataset.NewType(dataset.Any), Role: dataset.FreeText},
	}}
	byName := dataset.NewType(dataset.Map)
	inner := objectOf(note)
	byName.Elem = &inner
	patient.Fields = append(patient.Fields,
		&dataset.Field{Name: "note", Type: objectOf(note), Nullable: true},
		&dataset.Field{Name: "notes", Type: byName, Role: dataset.Safe})
	m.Objects = append(m.Objects, note)
	return m
}

const redactTest = `package redact

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// plant gives every field a value; texts tell the place.
func plant(v reflect.Value, path string, depth int) {
	if depth > 6 {
		return
	}
	switch x := v.Addr().Interface().(type) {
	case *Decimal:
		*x, _ = ParseDecimal("48151.623")
		return
	case *Date:
		*x = NewDate(1911, 11, 11)
		return
	case *DateTime:
		*x, _ = ParseDateTime("1912-12-12")
		return
	case *Raw:
		*x = Raw(fmt.Sprintf("{\"a\":\"planted %s\"}", path))
		return
	case *Extension:
		*x = Extension{URL: "http://planted/" + path, JSON: Raw(fmt.Sprintf("{\"url\":\"http://planted/%s\"}", path))}
		return
	case *Companions:
		x.Set("family", "{\"id\":\"planted companion\"}")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("planted " + path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(777777)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		plant(v.Elem(), path, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			plant(v.Index(i), path, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		plant(e, path, depth+1)
		v.SetMapIndex(reflect.ValueOf("planted key"), e)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Null" {
				plant(v.Field(i), path+"."+f.Name, depth+1)
			}
		}
	}
}

func planted() Patient {
	var p Patient
	plant(reflect.ValueOf(&p).Elem(), "p", 0)
	return p
}

// leaves are the scalars in JSON.
func leaves(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if strings.Contains(k, "planted") {
				into[k] = true
			}
			leaves(e, into)
		}
	case []any:
		for _, e := range v {
			leaves(e, into)
		}
	default:
		into[fmt.Sprint(v)] = true
	}
}

func remains(t *testing.T, keep ...Role) map[string]bool {
	t.Helper()
	p := planted()
	p.Redact(keep...)
	text := p.AppendJSON(nil)
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("want JSON: %v", err)
	}
	out := make(map[string]bool)
	leaves(v, out)
	for leaf := range out {
		if !strings.Contains(leaf, "planted") && leaf != "48151.623" && leaf != "777777" && leaf != "true" && !strings.HasPrefix(leaf, "191") {
			delete(out, leaf)
		}
	}
	return out
}

func check(t *testing.T, have map[string]bool, want ...string) {
	t.Helper()
	for _, w := range want {
		if !have[w] {
			t.Errorf("want %q to remain, have it cleared", w)
		}
		delete(have, w)
	}
	for leaf := range have {
		t.Errorf("want %q cleared, have it left", leaf)
	}
}

func TestEveryPlaceIsPlanted(t *testing.T) {
	p := planted()
	text := string(p.AppendJSON(nil))
	for _, want := range []string{"planted p.ID", "planted p.Gender", "planted p.Name.Given", "p.Extension", "planted companion", "planted key", "48151.623", "planted p.Note", "planted p.Race.Text"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in the JSON before redacting", want)
		}
	}
}

func TestOnlySafeFieldsRemain(t *testing.T) {
	check(t, remains(t), "true", "planted p.Name.Use.Value", "planted p.Contact.Gender.Value", "planted p.Contact.Name.Use.Value",
		"planted p.Contact.Name.Family", "planted key", "planted p.Notes.Text.Value", "planted p.Notes.List")
}

func TestRolesThatAreKeptRemain(t *testing.T) {
	check(t, remains(t, RoleQuasiID, RoleSensitive, RoleFreeText), "true", "planted p.Name.Use.Value", "planted p.Contact.Gender.Value", "planted p.Contact.Name.Use.Value",
		"planted p.Contact.Name.Family", "planted key", "planted p.Notes.Text.Value", "planted p.Notes.List",
		"planted p.Gender", "1911-11-11", "48151.623", "planted p.Race.Text.Value", "planted p.Race.URL", "planted p.Note.Value.Kept", "planted p.Notes.Kept")
}

func TestNothingReachableHoldsWhatIsCleared(t *testing.T) {
	p := planted()
	p.Redact()
	if p.Extension != nil || p.Race != nil || p.Companions != nil || cap(p.Contact[0].Companions) != 0 || cap(p.Name[0].Given) != 0 || p.BirthDate != (Opt[Date]{}) {
		t.Error("want nil in place of what is cleared")
	}
}
`

func TestRedactLeavesNothingBehind(t *testing.T) {
	files, _, err := Go(redactModel(), &GoOptions{Package: "redact"})
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Files: map[string][]byte{"redact/own_test.go": []byte(redactTest)}}
	for _, f := range files {
		run.Files["redact/"+f.Name] = f.Content
	}
	run.Do(t)
}
