package fhirproto

import (
	"reflect"
	"strings"
	"time"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"google.golang.org/protobuf/proto"
)

// complaint is what the library says about a place; details name elements and
// types of the standard, never a value.
type complaint struct {
	path, details string
	known         bool // the library says where
}

// complaints takes an error of the library apart. Its types are internal, so
// their fields are read by name; a test holds that they are there.
func complaints(err error) []complaint {
	v := reflect.ValueOf(err)
	switch v.Kind() {
	case reflect.Slice:
		var all []complaint
		for i := range v.Len() {
			if e, ok := v.Index(i).Interface().(error); ok {
				all = append(all, complaints(e)...)
			}
		}
		return all
	case reflect.Pointer:
		if s := v.Elem(); s.Kind() == reflect.Struct {
			path, details := s.FieldByName("Path"), s.FieldByName("Details")
			if path.IsValid() && details.IsValid() {
				return []complaint{{path: path.String(), details: details.String(), known: true}}
			}
		}
	}
	return []complaint{{}}
}

// listener gathers what the library's validation says.
type listener struct{ list []complaint }

func (l *listener) ReportValidationError(path string, err error) error {
	for _, c := range complaints(err) {
		c.path = path
		l.list = append(l.list, c)
	}
	return nil
}

func (l *listener) ReportValidationWarning(path string, err error) error {
	return l.ReportValidationError(path, err)
}

// guard runs a call into the library; a panic of the library ends there.
func guard(call func() error) (err error, panicked bool) {
	defer func() {
		if recover() != nil {
			panicked = true
		}
	}()
	return call(), false
}

// unmarshal has the library read a resource.
func unmarshal(text []byte, zone *time.Location, validate bool) (cr *r4pb.ContainedResource, said []complaint, err error, panicked bool) {
	var l listener
	err, panicked = guard(func() error {
		make := jsonformat.NewUnmarshallerWithoutValidation
		if validate {
			make = jsonformat.NewUnmarshaller
		}
		u, err := make("UTC", fhirversion.R4)
		if err != nil {
			return err
		}
		if zone != nil {
			u.TimeZone = zone
		}
		m, err := u.UnmarshalWithErrorReporter(text, &l)
		if err != nil {
			return err
		}
		cr, _ = m.(*r4pb.ContainedResource)
		return nil
	})
	return cr, l.list, err, panicked
}

// marshal has the library write a resource. The library changes the message on
// the way, so it must be a copy.
func marshal(m proto.Message) (text []byte, err error, panicked bool) {
	err, panicked = guard(func() error {
		w, err := jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
		if err != nil {
			return err
		}
		text, err = w.MarshalResource(m)
		return err
	})
	return text, err, panicked
}

// quoted returns what stands between the first quotes of a library's sentence.
func quoted(s string) string {
	_, s, _ = strings.Cut(s, `"`)
	s, _, _ = strings.Cut(s, `"`)
	return s
}
