package dicommeta

import (
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
)

// mutate changes, moves, removes and adds elements of d as the bytes say.
func mutate(d *Dataset, bytes []byte, depth int) {
	for len(bytes) >= 4 && len(d.Elements) > 0 {
		op, at, a, b := bytes[0], int(bytes[1]), bytes[2], bytes[3]
		bytes = bytes[4:]
		e := &d.Elements[at%len(d.Elements)]
		switch op % 9 {
		case 0:
			d.Elements = append(d.Elements[:at%len(d.Elements)], d.Elements[at%len(d.Elements)+1:]...)
		case 1:
			e.Value = append(e.Value[:len(e.Value):len(e.Value)], a, b)
		case 2:
			e.Value = e.Value[:len(e.Value)*int(a)/256]
		case 3:
			e.Tag = dict.Tag(uint32(e.Tag) ^ uint32(a)<<8 ^ uint32(b))
		case 4:
			e.VR = []dict.VR{dict.SQ, dict.US, dict.DS, dict.AT, dict.UI, dict.OB, dict.UN, dict.PN}[a%8]
		case 5:
			if n := int(a) % (len(d.Elements) + 1); n < 8 { // else a few bytes would grow a forest
				e.Items = append(e.Items, Dataset{Elements: slices.Clone(d.Elements[:n])})
			}
		case 6:
			e.Items = nil
		case 7:
			if len(e.Items) > 0 && depth < 4 {
				mutate(&e.Items[int(a)%len(e.Items)], bytes, depth+1)
			}
		case 8:
			e.Written = dict.VR(uint16(a)<<8 | uint16(b))
		}
	}
}

func FuzzValidateNeverPanics(f *testing.F) {
	uids := []string{"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.5.1.4.1.1.2.1"}
	for i := range uids {
		f.Add(uint8(i), []byte("\x05\x03\x05\x01\x07\x00\x00\x00\x01\x01ab\x03\x02\x10\x01\x04\x04\x00\x00"))
	}
	v, err := NewValidator(&ValidateOptions{PerCode: 20})
	if err != nil {
		f.Fatal(err)
	}
	whole := make([]Dataset, len(uids))
	for i, uid := range uids {
		whole[i] = filled(uid)
	}
	f.Fuzz(func(t *testing.T, which uint8, bytes []byte) {
		if len(bytes) > 120 {
			return
		}
		x := &Instance{Dataset: whole[int(which)%len(uids)].Clone()}
		mutate(&x.Dataset, bytes, 0)
		seen := map[string]int{}
		for _, f := range v.Validate(x) {
			if seen[string(f.Code)]++; seen[string(f.Code)] > 40 {
				t.Fatalf("want at most 20 findings of %s", f.Code)
			}
		}
	})
}

// filled returns a data set with the attributes of an object, one item in each sequence.
func filled(uid string) Dataset {
	d := NewDataset()
	for _, u := range iod.Find(uid).Modules {
		fill(&d, u.Module.Rules, 0)
	}
	d.Set(TextElement(dict.SOPClassUID, uid))
	return d
}

func fill(d *Dataset, rules []iod.Rule, depth int) {
	for _, r := range rules {
		switch r.Kind {
		case iod.Include:
			if depth < 6 {
				fill(d, r.Macro.Rules, depth+1)
			}
		case iod.Sequence:
			item := NewDataset()
			if depth < 2 {
				fill(&item, r.Rules, depth+1)
			}
			d.Set(SequenceElement(r.Tag, item))
		case iod.Attribute:
			if entry := dict.Find(r.Tag); entry != nil && entry.VR().IsText() {
				d.Set(TextElement(r.Tag, "1"))
			} else {
				d.Set(NumberElement(r.Tag, 0, 1))
			}
		}
	}
}
