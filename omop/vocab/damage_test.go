package vocab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/carabiner-health/carabiner/omop"
)

// toyIndex returns the bytes of an index of the toy.
func toyIndex(t testing.TB) []byte {
	t.Helper()
	b, err := build(t.Context(), toy(), &BuildOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := b.bytes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sign gives a changed index checksums that fit, so that only the checks of
// bounds are left.
func sign(data []byte) {
	if len(data) < headerSize {
		return
	}
	le := binary.LittleEndian
	for i := range sectionCount {
		p := data[tableOffset+tableEntry*i:]
		from, n := le.Uint64(p), le.Uint64(p[8:])
		if from <= uint64(len(data)) && n <= uint64(len(data))-from {
			le.PutUint64(p[16:], xxhash.Sum64(data[from:from+n]))
		}
	}
	le.PutUint64(data[headerSize-8:], xxhash.Sum64(data[:headerSize-8]))
}

// ask calls every method of a store with all there is and some more.
func ask(s *Store) int {
	n := 0
	var dst []omop.ConceptInfo
	for id := int32(-2); id < 130; id++ {
		c, ok := s.Concept(id)
		if ok {
			n += len(c.Name) + len(c.Code) + len(c.Vocabulary) + len(c.Domain) + len(c.Class)
		}
		dst = s.MapsToValue(id, s.MapsTo(id, dst[:0]))
		for _, c := range dst {
			n += len(c.Name) + len(c.Code)
		}
		n += len(s.Ingredients(id, nil))
	}
	for _, v := range []string{"Toy", "Other", "UCUM", ""} {
		for _, code := range []string{"A1", "A2", "NA", "A4", "S1", "S2", "0123456789-0123456789", "none", ""} {
			if c, ok := s.Lookup(v, code); ok {
				n += len(c.Name) + len(c.Code)
			}
			n += len(s.LookupAll(v, code, nil)) + len(s.FindCode(code))
		}
	}
	for c := range s.All() {
		n += len(c.Code)
		if t, ok := s.TraceID(c.ID); ok {
			n += len(t.MapsTo)
		}
	}
	if c, ok := s.Unit("A1"); ok {
		n += len(c.Code)
	}
	return n + len(s.Info().Vocabularies)
}

func openBytes(t testing.TB, data []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vocab.idx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err == nil {
		err = s.Close()
	}
	return err
}

func TestOpenRefusesWhatIsNoIndex(t *testing.T) {
	index := toyIndex(t)
	version := slices.Clone(index)
	version[8]--
	sign(version)
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrNotIndex},
		{"short", index[:7], ErrNotIndex},
		{"text", bytes.Repeat([]byte("concept_id\tconcept_name\n"), 100), ErrNotIndex},
		{"line ends changed on the way", bytes.ReplaceAll(index, []byte("\r\n"), []byte("\n")), ErrNotIndex},
		{"the version before", version, ErrVersion},
		{"header cut off", index[:headerSize-1], ErrDamaged},
		{"one byte more", append(slices.Clone(index), 0), ErrDamaged},
	} {
		if err := openBytes(t, c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: want %q, have %v", c.name, c.want, err)
		}
	}
	if err := openBytes(t, index); err != nil {
		t.Errorf("the index itself: %v", err)
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNotIndex) {
		t.Errorf("a folder: want %q, have %v", ErrNotIndex, err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: want %q, have %v", os.ErrNotExist, err)
	}
}

func TestEveryCutIsRefused(t *testing.T) {
	index := toyIndex(t)
	for n := range index {
		if _, err := newStore(index[:n]); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotIndex) {
			t.Fatalf("cut to %d of %d bytes: have %v", n, len(index), err)
		}
	}
}

func TestVerifyFindsEveryChangedByte(t *testing.T) {
	index := toyIndex(t)
	for i := range index {
		data := slices.Clone(index)
		data[i] ^= 0x10
		s, err := newStore(data)
		if err == nil {
			ask(s)
			err = s.Verify()
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotIndex) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d of %d changed: have %v", i, len(index), err)
		}
	}
}

func TestDamageThatChecksumsMissIsHarmless(t *testing.T) {
	index := toyIndex(t)
	for i := range index {
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			data := slices.Clone(index)
			data[i] = v
			sign(data)
			if s, err := newStore(data); err == nil {
				ask(s)
			}
		}
	}
}

func TestAClosedStoreKnowsNothing(t *testing.T) {
	s, err := newStore(toyIndex(t))
	if err != nil {
		t.Fatal(err)
	}
	if ask(s) == 0 {
		t.Error("want answers before Close")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := ask(s); n != 0 {
		t.Errorf("want no answers after Close, have %d", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzDamagedIndex changes bytes of an index at will: edits are made of 4 bytes
// each, a place and two bytes to put there.
func FuzzDamagedIndex(f *testing.F) {
	f.Add([]byte{44, 0, 0xff, 0xff})
	f.Add([]byte{24, 0, 0, 0, 28, 0, 0xff, 0xff, 0, 3, 9, 9})
	index := toyIndex(f)
	f.Fuzz(func(t *testing.T, edits []byte) {
		data := slices.Clone(index)
		for ; len(edits) >= 4; edits = edits[4:] {
			at := int(binary.LittleEndian.Uint16(edits)) % (len(data) - 1)
			copy(data[at:at+2], edits[2:4])
		}
		copy(data, magic)
		sign(data)
		s, err := newStore(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Fatalf("want a known error, have %v", err)
			}
			return
		}
		ask(s)
		if err := s.Verify(); err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("want a known error, have %v", err)
		}
	})
}
