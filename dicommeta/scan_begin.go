package dicommeta

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// read reads the header of the source that s was reset to.
func (s *scanner) read() error {
	head := s.look(0, firstRead)
	if s.win.err != nil {
		return fmt.Errorf("dicommeta: %w", s.win.err)
	}
	if s.fail != nil {
		return s.fail
	}
	b, ok := findBegin(head, s.win.size)
	if !ok {
		return s.refuse(CodeNotDICOM, ErrNotDICOM, "want DICOM, have something else")
	}
	if b.prefix && s.win.size == b.pos {
		return s.refuse(CodeTruncated, io.ErrUnexpectedEOF, "want file meta information, have the end of the source")
	}
	s.pos = b.pos
	s.x.Preamble = b.preamble
	if !b.preamble {
		s.note(issue.Warning, CodePreamble, 0, 0, "want a preamble and DICM, have none")
	}
	if b.meta {
		s.meta()
	} else {
		s.note(issue.Warning, CodeMetaMissing, s.pos, 0, "want file meta information, have none")
	}
	if !s.over {
		s.body(b)
	}
	if s.fail != nil {
		return s.fail
	}
	if err := errors.Join(s.base.err, s.win.err); err != nil && !errors.Is(err, errInflate) {
		return fmt.Errorf("dicommeta: %w", err)
	}
	s.judge()
	return nil
}

// refuse returns the error that says why the source cannot be read at all.
func (s *scanner) refuse(code issue.Code, err error, message string) error {
	return &Error{Issue: issue.Issue{Severity: issue.Fatal, Code: code, Pos: issue.Pos{Source: s.source, Offset: s.pos}, Message: message}, Err: err}
}

// meta reads the file meta information (PS3.10 §7.1).
func (s *scanner) meta() {
	f := s.at(0)
	*f = frame{end: unknown, around: unknown, meta: true, scope: f.scope}
	f.scope.reset()
	first := s.look(s.pos, headMax)
	if _, ok := headerAt(first, f.enc); !ok && len(first) == headMax {
		if dict.VR(first[4])<<8|dict.VR(first[5]) < 'A'<<8 {
			f.enc.Implicit = true
			s.note(issue.Warning, CodeMetaEncoding, s.pos, 0, "want file meta information in explicit VR, have implicit VR")
		}
	}
	begin := s.pos
	s.scan(f)
	s.x.Meta = Dataset{Elements: s.dataset(0), Offset: begin, End: s.pos}
	if s.over {
		return
	}
	e := s.x.Meta.Find(tagMetaLength)
	switch {
	case e == nil || len(e.Value) != 4:
		s.note(issue.Warning, CodeMetaLength, begin, tagMetaLength, "want the length of the file meta information, have none")
	case e.End+int64(binary.LittleEndian.Uint32(e.Value)) != s.pos:
		s.note(issue.Warning, CodeMetaLength, begin, tagMetaLength, "want the length of the file meta information, have another")
	}
}

// body finds out how the data set is written and reads it.
func (s *scanner) body(b begin) {
	f := s.at(0)
	*f = frame{end: unknown, around: unknown, top: true, scope: f.scope}
	f.scope.reset()
	switch {
	case b.meta || b.prefix:
		s.syntax()
	default:
		s.x.Encoding = b.bare
	}
	if s.over {
		return
	}
	f.enc = s.x.Encoding
	begin := s.pos
	s.scan(f)
	s.x.Dataset = Dataset{Elements: s.dataset(0), Charset: f.charset, Offset: begin, End: s.pos}
	f.scope.settle(&s.x.Dataset)
}

// syntax compares what the transfer syntax says with what the bytes look like.
func (s *scanner) syntax() {
	var stated *dict.TransferSyntax
	if e := s.x.Meta.Find(dict.TransferSyntaxUID); e != nil && len(e.Value) > 0 {
		uid := string(bytes.Trim(e.Value, " \x00"))
		if stated = dict.FindTransferSyntax(uid); stated != nil {
			uid = stated.UID
		} else {
			s.note(issue.Information, CodeTransferSyntaxUnknown, e.Offset, e.Tag, "want a transfer syntax of the standard, have another")
		}
		s.x.TransferSyntax = uid
	} else if len(s.x.Meta.Elements) > 0 {
		s.note(issue.Error, CodeTransferSyntaxMissing, s.pos, dict.TransferSyntaxUID, "want a transfer syntax, have none")
	}
	want := Encoding{}
	if stated != nil {
		want = Encoding{Implicit: stated.Implicit, BigEndian: stated.BigEndian, Deflated: stated.Deflated}
	}
	head := s.look(s.pos, detectLen)
	if len(head) == 0 {
		s.x.Encoding = want
		return
	}
	left := s.win.size
	if left != unknown {
		left -= s.pos
	}
	enc, ok := detect(head, left, want)
	if want.Deflated || !ok {
		n, clean := walk(head, left, enc)
		if deflated := !ok || !clean || n < 2; deflated && s.inflate(head, want.Deflated) {
			if !want.Deflated && stated != nil {
				s.note(issue.Warning, CodeTransferSyntaxWrong, s.pos, 0, "want a data set in %v, have a deflated one", want)
			}
			return
		}
	}
	s.x.Encoding = enc
	switch {
	case !ok:
		s.x.Encoding = want // as good as any
		s.x.Encoding.Deflated = false
	case stated != nil && enc != want:
		s.note(issue.Warning, CodeTransferSyntaxWrong, s.pos, 0, "want a data set in %v, have %v", want, enc)
	}
}

var errInflate = errors.New("deflated data is damaged")

// inflater is a reader of what is deflated in a window.
type inflater struct {
	from  *window
	pos   int64
	flate io.ReadCloser
}

// Read gives flate its bytes.
func (r *inflater) Read(p []byte) (int, error) {
	b := r.from.look(r.pos, min(len(p), 4<<10))
	if len(b) == 0 {
		if r.from.err != nil {
			return 0, r.from.err
		}
		return 0, io.EOF
	}
	r.pos += int64(len(b))
	return copy(p, b), nil
}

// inflated is the other end of an inflater.
type inflated struct{ *inflater }

func (r inflated) Read(p []byte) (int, error) {
	n, err := r.flate.Read(p)
	if err != nil && err != io.EOF && r.from.err == nil {
		err = errInflate
	}
	return n, err
}

// inflate puts the inflated bytes behind pos in place of the source; false if they do not begin
// with elements. head is what is at pos, declared whether the data set is to be deflated.
func (s *scanner) inflate(head []byte, declared bool) bool {
	at := s.pos
	framed := len(head) > 2 && head[0]&0x0F == 8 && (int(head[0])<<8|int(head[1]))%31 == 0
	for _, skip := range []int64{0, 2} {
		if skip > 0 && !framed {
			break
		}
		s.win, s.base = s.base, s.win
		s.inflater.from, s.inflater.pos = &s.base, at+skip
		if r, ok := s.inflater.flate.(flate.Resetter); !ok {
			s.inflater.flate = flate.NewReader(&s.inflater)
		} else if err := r.Reset(&s.inflater, nil); err != nil {
			s.inflater.flate = flate.NewReader(&s.inflater)
		}
		s.win.reset(nil, inflated{&s.inflater}, at, unknown, s.base.limit)
		s.win.maxPassed = maxInflated
		b := s.look(at, detectLen)
		enc, ok := detect(b, unknown, Encoding{})
		if declared && len(b) > 0 && skip == 0 && !framed {
			ok = true
		}
		if ok {
			if skip > 0 {
				s.note(issue.Warning, CodeDeflate, at, 0, "want a raw deflated data set, have a zlib header")
			}
			enc.Deflated = true
			s.x.Encoding = enc
			return true
		}
		s.win, s.base = s.base, s.win
		s.base.reset(nil, nil, 0, 0, 0)
	}
	return false
}

// judge adds the findings that only the whole header tells.
func (s *scanner) judge() {
	x := &s.x
	if s.win.err != nil && x.Stop.Tag == 0 {
		x.Partial = true
		s.note(issue.Error, CodeDeflate, s.pos, 0, "want deflated data, have other bytes or the end of the source")
	}
	if x.Partial || x.Stop.Tag != 0 {
		return
	}
	class, uid := x.Meta.Find(dict.MediaStorageSOPClassUID), x.Meta.Find(dict.MediaStorageSOPInstanceUID)
	switch {
	case len(x.Elements) == 0:
		x.Partial = true
		s.note(issue.Error, CodeNoDataset, s.pos, 0, "want a data set, have the end of the source")
	case uid != nil && len(uid.Value) > 0 && !isDirectory(class) && !x.Has(dict.SOPInstanceUID):
		x.Partial = x.Elements[len(x.Elements)-1].Tag < dict.SOPInstanceUID
		s.note(issue.Error, CodeNoInstance, s.pos, dict.SOPInstanceUID, "want the instance that the file meta information names, have none")
	case s.until == tagPixels && x.Has(dict.Rows) && x.Has(dict.BitsAllocated):
		s.note(issue.Warning, CodePixelsMissing, s.pos, 0, "want pixel data, have the end of the source")
	}
}

// isDirectory reports whether the SOP class is that of DICOMDIR.
func isDirectory(class *Element) bool {
	return class != nil && string(bytes.Trim(class.Value, " \x00")) == "1.2.840.10008.1.3.10"
}
