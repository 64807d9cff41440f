package dicommeta

import (
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func TestVRsAreResolved(t *testing.T) {
	signed := Element{Tag: dict.PixelRepresentation, VR: dict.US, Value: []byte{1, 0}}
	unsigned := Element{Tag: dict.PixelRepresentation, VR: dict.US, Value: []byte{0, 0}}
	siemens := Element{Tag: 0x00290011, VR: dict.LO, Value: []byte("SIEMENS CSA HEADER")}
	padded := Element{Tag: 0x00290012, VR: dict.LO, Value: []byte("SIEMENS CSA HEADER\x00 ")}
	nobody := Element{Tag: 0x00290013, VR: dict.LO, Value: []byte("NOBODY")}
	floats := Element{Tag: 0x00270010, VR: dict.LO, Value: []byte("FDMS 1.0")}
	one := Element{Tag: dict.LUTDescriptor, VR: dict.US, Value: []byte{1, 0, 0, 0, 16, 0}}
	many := Element{Tag: dict.LUTDescriptor, VR: dict.US, Value: []byte{0, 1, 0, 0, 16, 0}}
	const unknown = dict.VR('Z')<<8 | 'Z'
	for _, c := range []struct {
		name    string
		seen    []Element
		tag     dict.Tag
		written dict.VR
		length  uint32
		want    dict.VR
	}{
		{"dictionary", nil, dict.PatientName, 0, 10, dict.PN},
		{"written", nil, dict.PatientName, dict.LO, 10, dict.LO},
		{"written choice", []Element{signed}, dict.PixelPaddingValue, dict.US, 2, dict.US},
		{"repeating group", nil, 0x60040010, 0, 2, dict.US},
		{"group length", nil, 0x00100000, 0, 4, dict.UL},
		{"group length of a private group", nil, 0x00290000, 0, 4, dict.UL},
		{"group length that is none", nil, 0x00100000, 0, 6, dict.UN},
		{"unknown", nil, 0x0010FF00, 0, 4, dict.UN},
		{"unknown letters", nil, dict.PatientName, unknown, 10, dict.PN},
		{"unknown letters of an unknown tag", nil, 0x0010FF00, unknown, 10, dict.UN},
		{"signed", []Element{signed}, dict.PixelPaddingValue, 0, 2, dict.SS},
		{"unsigned", []Element{unsigned}, dict.PixelPaddingValue, 0, 2, dict.US},
		{"sign not known", nil, dict.PixelPaddingValue, 0, 2, dict.US},
		{"descriptor as pixels", []Element{signed}, dict.LUTDescriptor, 0, 6, dict.SS},
		{"UN with a known tag", nil, dict.Rows, dict.UN, 2, dict.US},
		{"UN that does not fit", nil, dict.Rows, dict.UN, 3, dict.UN},
		{"implicit that does not fit", nil, dict.Rows, 0, 3, dict.US},
		{"long UN", nil, dict.ContourData, dict.UN, 1 << 20, dict.DS},
		{"UN of undefined length", nil, 0x00291110, dict.UN, Undefined, dict.SQ},
		{"UN of a sequence", nil, dict.ReferencedImageSequence, dict.UN, 20, dict.SQ},
		{"implicit of undefined length", nil, 0x0010FF00, 0, Undefined, dict.SQ},
		{"fragments", nil, dict.PixelData, 0, Undefined, dict.OB},
		{"pixels", nil, dict.PixelData, 0, 100, dict.OW},
		{"overlay", nil, 0x60023000, 0, 100, dict.OW},
		{"waveform", nil, dict.WaveformData, 0, 100, dict.OW},
		{"table", []Element{many}, dict.LUTData, 0, 512, dict.OW},
		{"table of one", []Element{one}, dict.LUTData, 0, 2, dict.US},
		{"gray table", nil, dict.GrayLookupTableData, 0, 2, dict.OW},
		{"creator", nil, 0x00290010, 0, 10, dict.LO},
		{"creator as UN", nil, 0x00290010, dict.UN, 10, dict.LO},
		{"private", []Element{siemens}, 0x00291108, 0, 10, dict.CS},
		{"private as UN", []Element{siemens}, 0x00291108, dict.UN, 10, dict.CS},
		{"private as written", []Element{siemens}, 0x00291108, dict.OB, 10, dict.OB},
		{"padded creator", []Element{siemens, padded}, 0x00291208, 0, 10, dict.CS},
		{"another creator's block", []Element{siemens, nobody}, 0x00291308, 0, 10, dict.UN},
		{"nobody's block", []Element{siemens}, 0x00291008, 0, 10, dict.UN},
		{"below the blocks", []Element{siemens}, 0x00290108, 0, 10, dict.UN},
		{"private choice", []Element{floats, signed}, 0x002710A3, 0, 10, dict.SS},
		{"delimiter", nil, 0xFFFEE00D, 0, 0, dict.UN},
	} {
		var s vrScope
		for i := range c.seen {
			s.see(&c.seen[i])
		}
		for range 2 { // the second time creators have been looked up
			if have := s.resolve(c.tag, c.written, c.length); have != c.want {
				t.Errorf("%s: want %s, have %s", c.name, c.want, have)
			}
		}
	}
}

func TestItemsKnowTheSignButNotTheCreators(t *testing.T) {
	var root vrScope
	root.see(&Element{Tag: dict.PixelRepresentation, Value: []byte{1, 0}})
	root.see(&Element{Tag: 0x00290011, Value: []byte("SIEMENS CSA HEADER")})
	item := root.item()
	if have := item.resolve(dict.PixelPaddingValue, 0, 2); have != dict.SS {
		t.Errorf("want SS, have %s", have)
	}
	if have := item.resolve(0x00291108, 0, 2); have != dict.UN {
		t.Errorf("want UN, have %s", have)
	}
	item.see(&Element{Tag: dict.PixelRepresentation, Value: []byte{0, 0}})
	if have := item.resolve(dict.PixelPaddingValue, 0, 2); have != dict.US {
		t.Errorf("want US by the item's own sign, have %s", have)
	}
	root.leave(&item)
	if have := root.resolve(dict.PixelPaddingValue, 0, 2); have != dict.SS {
		t.Errorf("want SS after the item, have %s", have)
	}
	if root.late {
		t.Error("want no choice left open")
	}
	root.reset()
	if have := root.resolve(0x00291108, 0, 2); have != dict.UN {
		t.Errorf("want nothing known after reset, have %s", have)
	}
}

func TestChoicesBeforePixelRepresentationAreSettled(t *testing.T) {
	pad := func(written dict.VR) Element {
		return Element{Tag: dict.PixelPaddingValue, VR: dict.US, Written: written, Value: []byte{0x30, 0xF8}}
	}
	d := Dataset{Elements: []Element{
		{Tag: dict.ReferencedImageSequence, VR: dict.SQ, Items: []Dataset{
			{Elements: []Element{pad(0), pad(dict.US)}},
			{Elements: []Element{{Tag: dict.PixelRepresentation, VR: dict.US, Value: []byte{0, 0}}, pad(0)}},
		}},
		{Tag: dict.ZeroVelocityPixelValue, VR: dict.US, Value: []byte{0xFF, 0xFF}},
		{Tag: dict.PixelRepresentation, VR: dict.US, Value: []byte{1, 0}},
	}}
	var s vrScope
	if have := s.resolve(dict.ZeroVelocityPixelValue, 0, 2); have != dict.US || !s.late {
		t.Fatalf("want US to be settled, have %s", have)
	}
	s.settle(&d)
	items := d.Items(dict.ReferencedImageSequence)
	for _, c := range []struct {
		name       string
		have, want dict.VR
	}{
		{"of the data set", d.Elements[1].VR, dict.SS},
		{"of an item", items[0].Elements[0].VR, dict.SS},
		{"as written", items[0].Elements[1].VR, dict.US},
		{"of an item with a sign", items[1].Elements[1].VR, dict.US},
		{"the sign itself", d.Elements[2].VR, dict.US},
	} {
		if c.have != c.want {
			t.Errorf("%s: want %s, have %s", c.name, c.want, c.have)
		}
	}
	if n, ok := d.Int(dict.ZeroVelocityPixelValue); n != -1 || !ok {
		t.Errorf("want -1, have %d", n)
	}
}

func TestResolvingAllocatesNothing(t *testing.T) {
	var s vrScope
	e := Element{Tag: 0x00290011, Value: []byte("SIEMENS CSA HEADER")}
	dict.FindCreator(e.Value)
	if n := testing.AllocsPerRun(100, func() {
		s.reset()
		s.see(&e)
		item := s.item()
		if s.resolve(0x00291108, 0, 2) != dict.CS || item.resolve(dict.Rows, dict.UN, 2) != dict.US {
			t.Error("want CS and US")
		}
	}); n != 0 {
		t.Errorf("want 0 allocations, have %v", n)
	}
}
