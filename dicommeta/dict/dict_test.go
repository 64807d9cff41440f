package dict

import (
	"strings"
	"testing"
)

func TestEveryEntryIsFoundByItsTagAndItsKeyword(t *testing.T) {
	check := func(e *Entry, all Tag) {
		t.Helper()
		// An entry of its own hides that of a repeating group: (0028,0400) and (0028,04x0).
		if have := Find(e.Tag); have != e && (e.Mask == 0xFFFFFFFF || have == nil || have.Mask != 0xFFFFFFFF) {
			t.Errorf("%s: want its own entry", e.Tag)
		}
		if have := Find(e.Tag | all); have == nil || have.Mask == e.Mask && have != e {
			t.Errorf("%s: want its own entry for the last tag of the group", e.Tag)
		}
		if e.Keyword == "" {
			return
		}
		if tag, ok := ByKeyword(e.Keyword); !ok || tag != e.Tag {
			t.Errorf("%s: want its tag by keyword, have %s", e.Tag, tag)
		}
		if have, err := ParseTag(e.Keyword); err != nil || have != e.Tag {
			t.Errorf("%s: want its tag, have %s, %v", e.Keyword, have, err)
		}
		if have, err := ParseTag(e.Tag.String()); err != nil || have != e.Tag {
			t.Errorf("%s: want its tag, have %s, %v", e.Tag, have, err)
		}
	}
	if len(tags) != len(entries) || len(tags)+len(repeating) < 5300 {
		t.Fatalf("want tags for all entries, have %d for %d and %d repeating", len(tags), len(entries), len(repeating))
	}
	for i := range entries {
		if entries[i].Tag != tags[i] || entries[i].Mask != 0xFFFFFFFF {
			t.Fatalf("%s: want its tag beside it", entries[i].Tag)
		}
		check(&entries[i], 0)
	}
	for i := range repeating {
		// Even groups alone repeat; odd ones are private.
		check(&repeating[i], ^repeating[i].Mask&0xFFFEFFFF)
	}
}

func TestEveryEntryHasARepresentation(t *testing.T) {
	none := 0
	for i := range entries {
		e := &entries[i]
		if e.VR() == 0 {
			none++
			if e.Tag.Group() != 0xFFFE {
				t.Errorf("%s: want a VR", e.Tag)
			}
		}
		for _, v := range e.VRs {
			if v != 0 && !v.Known() {
				t.Errorf("%s: want a VR of the standard, have %s", e.Tag, v)
			}
		}
	}
	if none != 3 {
		t.Errorf("want no VR for items and delimiters alone, have %d", none)
	}
}

func TestRepeatingGroupsAreFound(t *testing.T) {
	for tag, keyword := range map[Tag]string{
		0x60000010: "OverlayRows", 0x601E3000: "OverlayData", 0x50023000: "CurveData",
		0x00203101: "SourceImageIDs", 0x00280410: "RowsForNthOrderCoefficients",
		0x10000011: "RunLengthTriplet", 0x10101234: "ZonalMap",
		0x7FE00010: "PixelData", 0x7F000010: "VariablePixelData",
		0x60010010: "", 0x00091001: "", 0x0010FFFF: "", 0xFFFFFFFF: "", 0: "CommandGroupLength",
	} {
		if have := tag.Keyword(); have != keyword {
			t.Errorf("%s: want %q, have %q", tag, keyword, have)
		}
	}
}

func TestWhatIsNotInTheDictionaryIsNotFound(t *testing.T) {
	have := map[Tag]bool{}
	for _, tag := range tags {
		have[tag] = true
	}
	for _, tag := range tags {
		for _, near := range []Tag{tag + 1, tag - 1, tag ^ 0x10000} {
			e := Find(near)
			if (e != nil && e.Mask == 0xFFFFFFFF) != have[near] {
				t.Fatalf("%s: want an entry if it is in the table, have %v", near, e)
			}
		}
	}
	for _, s := range []string{"", "001000", "0010,00200", "PatientIdentifier", "(0010,0020", "0010,0020)", "(00100020)", "0010002G", "+0100020"} {
		if tag, err := ParseTag(s); err == nil {
			t.Errorf("%q: want an error, have %s", s, tag)
		}
	}
}

func TestPrivateFactsCanBeRead(t *testing.T) {
	all, err := parsePrivate(privateFacts)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, c := range all {
		if c.Name != name || strings.TrimSpace(name) != name || len(c.elements) == 0 {
			t.Errorf("%q: want a name and elements", name)
		}
		n += len(c.elements)
	}
	if len(all) != 448 || n < 10_000 {
		t.Errorf("want 448 creators of more than 10,000 elements, have %d of %d", len(all), n)
	}
	if _, err := parsePrivate([]byte("nonsense")); err == nil {
		t.Error("want an error")
	}
}

func TestPrivateElementsAreFoundInAnyBlock(t *testing.T) {
	for _, c := range []struct {
		creator string
		tag     Tag
		vr      VR
	}{
		{"SIEMENS CSA HEADER", 0x00291010, OB},
		{"SIEMENS CSA HEADER", 0x0029E110, OB},
		{"SIEMENS CSA HEADER", 0x00290010, 0}, // the creator itself
		{"SIEMENS CSA HEADER", 0x00281010, 0},
		{"ELSCINT1", 0x01F11026, FD}, // this block alone
		{"ELSCINT1", 0x01F11126, DS},
		{"PAPYRUS 3.0", 0x60211110, US}, // any group 60xx
		{"CANON_MEC_MR3", 0x00291101, SQ},
		{"FDMS 1.0", 0x002710A3, US},
		{"nobody", 0x00091001, 0},
	} {
		var have VR
		if e := FindPrivate(c.creator, c.tag); e != nil {
			have = e.VR()
		}
		if have != c.vr {
			t.Errorf("%s %s: want %s, have %s", c.creator, c.tag, c.vr, have)
		}
		if e := FindCreator([]byte(c.creator)).Find(c.tag); (e != nil) != (c.vr != 0) {
			t.Errorf("%s %s: want the same by bytes", c.creator, c.tag)
		}
	}
}

func TestEveryUIDIsFound(t *testing.T) {
	for i := range uids {
		e := &uids[i]
		if FindUID(e.UID) != e {
			t.Errorf("%s: want its own entry", e.UID)
		}
		if e.Keyword != "" && UIDByKeyword(e.Keyword) != e {
			t.Errorf("%s: want its own entry by keyword", e.Keyword)
		}
		if s := FindTransferSyntax(e.UID); (s != nil) != (e.Type == "Transfer Syntax") {
			t.Errorf("%s: want a transfer syntax if it is one", e.UID)
		}
	}
	for _, uid := range []string{"", "1.2.840.10008.1.2 ", "9"} {
		if FindUID(uid) != nil || FindTransferSyntax(uid) != nil || UIDByKeyword(uid) != nil {
			t.Errorf("%q: want none", uid)
		}
	}
}

func TestTransferSyntaxesSayHowTheyAreWritten(t *testing.T) {
	for uid, want := range map[string]TransferSyntax{
		UIDImplicitVRLittleEndian:         {Implicit: true},
		UIDExplicitVRLittleEndian:         {},
		UIDDeflatedExplicitVRLittleEndian: {Deflated: true},
		UIDExplicitVRBigEndian:            {BigEndian: true, Retired: true},
		UIDJPEG2000:                       {Encapsulated: true},
		UIDJPIPReferencedDeflate:          {Deflated: true, Encapsulated: true},
		UIDDeflatedImageFrameCompression:  {Encapsulated: true},
	} {
		have := *FindTransferSyntax(uid)
		want.UID, want.Name = have.UID, have.Name
		if have != want {
			t.Errorf("%s: want %+v, have %+v", uid, want, have)
		}
	}
}

func TestVRsAreSorted(t *testing.T) {
	for v := VR('A')<<8 | 'A'; v <= 'Z'<<8|'Z'; v++ {
		parsed, ok := ParseVR(v.String())
		if ok != v.Known() || parsed != v {
			t.Fatalf("%s: want itself", v)
		}
		if !v.Known() && (v.IsText() || v.LongLength() || v.Size() != 0) {
			t.Errorf("%s: want nothing said of a VR that is none", v)
		}
		if v.Known() && v.IsText() == (v.Size() > 0) && v != SQ {
			t.Errorf("%s: want text or numbers", v)
		}
		if v.HasCharset() && !v.IsText() || v.Multiple() && !v.IsText() {
			t.Errorf("%s: want text", v)
		}
	}
	if VR(0).String() != "" {
		t.Error("want no letters for none")
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	Find(PatientID)
	FindCreator("SIEMENS CSA HEADER")
	name := []byte("SIEMENS CSA HEADER")
	if n := testing.AllocsPerRun(100, func() {
		if Find(PatientID) == nil || Find(0x601E3000) == nil || FindCreator(name).Find(0x00291010) == nil || FindUID(UIDCTImageStorage) == nil {
			t.Error("want entries")
		}
	}); n != 0 {
		t.Errorf("want 0 allocations, have %v", n)
	}
}

func BenchmarkFind(b *testing.B) {
	seen := [...]Tag{SOPClassUID, PatientID, StudyDate, Rows, 0x00091001, PixelData, SliceThickness, CodeValue}
	i := 0
	for b.Loop() {
		Find(seen[i&7])
		i++
	}
}
