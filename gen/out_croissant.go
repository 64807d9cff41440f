package gen

import (
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// croissantContext is the context that Croissant 1.0 prescribes.
const croissantContext = `{"@language":"en","@vocab":"https://schema.org/","citeAs":"cr:citeAs","column":"cr:column","conformsTo":"dct:conformsTo",` +
	`"cr":"http://mlcommons.org/croissant/","rai":"http://mlcommons.org/croissant/RAI/","data":{"@id":"cr:data","@type":"@json"},` +
	`"dataType":{"@id":"cr:dataType","@type":"@vocab"},"dct":"http://purl.org/dc/terms/","examples":{"@id":"cr:examples","@type":"@json"},` +
	`"extract":"cr:extract","field":"cr:field","fileProperty":"cr:fileProperty","fileObject":"cr:fileObject","fileSet":"cr:fileSet","format":"cr:format",` +
	`"includes":"cr:includes","isLiveDataset":"cr:isLiveDataset","jsonPath":"cr:jsonPath","key":"cr:key","md5":"cr:md5","parentField":"cr:parentField",` +
	`"path":"cr:path","recordSet":"cr:recordSet","references":"cr:references","regex":"cr:regex","repeated":"cr:repeated","replace":"cr:replace",` +
	`"sc":"https://schema.org/","separator":"cr:separator","source":"cr:source","subField":"cr:subField","transform":"cr:transform"}`

// Croissant returns a description of the tables as record sets of Croissant 1.0:
// croissant.json. Each table is a Parquet file and a record set with a field for each of
// its columns; closed sets of codes are enumerations. The hashes that Croissant wants of
// files are not known before there are data.
func Croissant(m *dataset.Model) ([]File, issue.List, error) {
	lost := &losses{format: "Croissant"}
	doc := ordered{{"@context", raw(croissantContext)}, {"@type", "sc:Dataset"}}
	doc.put("conformsTo", "http://mlcommons.org/croissant/1.0")
	doc.put("name", titleOf(m))
	doc.put("description", m.Description)
	if strings.Contains(m.ID, "://") {
		doc.put("url", m.ID)
	}
	doc.put("version", m.Version)
	w := &croissantWriter{model: m, lost: lost, sets: map[*dataset.CodeSet]string{}}
	var files, records []any
	for _, t := range m.Tables {
		name := fileName(t.Name, ".parquet")
		files = append(files, ordered{{"@type", "cr:FileObject"}, {"@id", nodeID(name)}, {"name", name}, {"contentUrl", name}, {"encodingFormat", "application/x-parquet"}})
		lost.add(t, "", "the hash of a file before there are data")
	}
	for _, t := range m.Tables {
		for _, c := range columnsOf(t) {
			if e := w.enumeration(c); e != nil {
				records = append(records, e)
			}
		}
	}
	for _, t := range m.Tables {
		records = append(records, w.recordSet(t))
	}
	doc = append(doc, pair{"distribution", orEmpty(files)}, pair{"recordSet", orEmpty(records)})
	f, err := jsonDocument("croissant.json", doc)
	return []File{f}, lost.list(), err
}

type croissantWriter struct {
	model *dataset.Model
	lost  *losses
	// sets are the enumerations made so far with their ids.
	sets  map[*dataset.CodeSet]string
	taken map[string]bool
}

func id(s string) ordered { return ordered{{"@id", nodeID(s)}} }

// nodeID writes a name as an @id, in which no white space may be.
func nodeID(s string) string {
	if !strings.ContainsAny(s, " \t\r\n%") {
		return s
	}
	return strings.NewReplacer("%", "%25", " ", "%20", "\t", "%09", "\r", "%0D", "\n", "%0A").Replace(s)
}

// enumeration returns the record set of the codes of a column, nil where it has no closed
// set or one that stands already.
func (w *croissantWriter) enumeration(c column) any {
	const most = 1000
	codes := closedCodes(&c.elem)
	if len(codes) == 0 || len(codes) > most || w.sets[c.elem.Codes] != "" {
		return nil
	}
	if w.taken == nil {
		w.taken = map[string]bool{}
		for _, t := range w.model.Tables {
			w.taken[t.Name] = true
		}
	}
	name := first(c.elem.Codes.Name, c.Name)
	for base := name; w.taken[name]; {
		name = "codes-" + base
		base = name
	}
	w.taken[name] = true
	w.sets[c.elem.Codes] = name
	var data []any
	for _, x := range codes {
		data = append(data, ordered{{nodeID(name + "/code"), x.Code}, {nodeID(name + "/label"), first(x.Display, x.Code)}})
	}
	o := ordered{{"@type", "cr:RecordSet"}, {"@id", nodeID(name)}, {"name", name}}
	o.put("description", c.elem.Codes.Title)
	o.put("dataType", "sc:Enumeration")
	o.put("key", id(name+"/code"))
	o = append(o, pair{"field", []any{
		ordered{{"@type", "cr:Field"}, {"@id", nodeID(name + "/code")}, {"name", name + "/code"}, {"dataType", "sc:Text"}},
		ordered{{"@type", "cr:Field"}, {"@id", nodeID(name + "/label")}, {"name", name + "/label"}, {"dataType", []string{"sc:Text", "sc:name"}}},
	}}, pair{"data", data})
	return o
}

func (w *croissantWriter) recordSet(t *dataset.Table) ordered {
	o := ordered{{"@type", "cr:RecordSet"}, {"@id", nodeID(t.Name)}, {"name", t.Name}}
	o.put("description", first(t.Description, t.Title))
	switch key := keyColumns(t); len(key) {
	case 0:
	case 1:
		o.put("key", id(t.Name+"/"+key[0]))
	default:
		var all []any
		for _, k := range key {
			all = append(all, id(t.Name+"/"+k))
		}
		o.put("key", all)
	}
	refs := map[string]string{}
	for _, r := range t.Refs {
		to := target(w.model, r)
		if len(r.Fields) != 1 || !usable(w.model, t, r) {
			w.lost.add(t, "", "a reference of several fields, or to what is no column")
			continue
		}
		refs[r.Fields[0]] = r.Table + "/" + to[0]
	}
	var fields []any
	for _, c := range columnsOf(t) {
		fields = append(fields, w.field(t, c, refs[c.Name]))
	}
	return append(o, pair{"field", orEmpty(fields)})
}

func (w *croissantWriter) field(t *dataset.Table, c column, ref string) ordered {
	name := t.Name + "/" + c.Name
	o := ordered{{"@type", "cr:Field"}, {"@id", nodeID(name)}, {"name", name}}
	o.put("description", first(c.describe(), c.Title))
	kind := w.dataType(t, c)
	if p := propertyURL(t, c); p != "" {
		o.put("dataType", []string{kind, p})
	} else {
		o.put("dataType", kind)
	}
	if c.List {
		o.put("repeated", true)
	}
	set := w.sets[c.elem.Codes]
	switch {
	case ref != "":
		o.put("references", ordered{{"field", id(ref)}})
		if closedCodes(&c.elem) != nil {
			w.lost.add(t, c.Name, "codes of a field that is a reference too")
		}
	case set != "" && closedCodes(&c.elem) != nil:
		o.put("references", ordered{{"field", id(set + "/code")}})
	}
	o.put("source", ordered{{"fileObject", id(fileName(t.Name, ".parquet"))}, {"extract", ordered{{"column", c.Name}}}})
	if !c.Nullable {
		w.lost.add(t, c.Name, "that a value is required")
	}
	if e := &c.elem; e.Min != "" || e.Max != "" || e.MinLength > 0 || e.MaxLength >= 0 || e.Regex != "" || len(e.Enum) > 0 || e.Const != "" || len(e.Rules) > 0 || e.Pattern != "" {
		w.lost.add(t, c.Name, "lengths, bounds and other constraints of values")
	}
	return o
}

func (w *croissantWriter) dataType(t *dataset.Table, c column) string {
	switch e := &c.elem; e.Kind {
	case dataset.Boolean:
		return "sc:Boolean"
	case dataset.Integer:
		return "sc:Integer"
	case dataset.Decimal:
		w.lost.add(t, c.Name, "exact decimals: they are sc:Float")
		return "sc:Float"
	case dataset.Float:
		return "sc:Float"
	case dataset.Date:
		if !e.Partial {
			return "sc:Date"
		}
		w.lost.add(t, c.Name, "dates of lower precision: they are sc:Text")
	case dataset.DateTime:
		if !e.Partial {
			return "sc:DateTime"
		}
		w.lost.add(t, c.Name, "dates of lower precision: they are sc:Text")
	case dataset.Time:
		if !e.Partial {
			return "sc:Time"
		}
		w.lost.add(t, c.Name, "times of lower precision: they are sc:Text")
	case dataset.Text:
		if e.Format == "uri" || e.Format == "url" {
			return "sc:URL"
		}
	case dataset.Year, dataset.YearMonth, dataset.Duration:
		w.lost.add(t, c.Name, "years, months and durations: they are sc:Text")
	case dataset.Binary:
		w.lost.add(t, c.Name, "bytes: they are sc:Text")
	default:
		w.lost.add(t, c.Name, "the form of JSON in a text")
	}
	return "sc:Text"
}
