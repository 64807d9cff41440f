/*
Package fhirproto is the door to google/fhir: FHIR R4 resources become its
protocol buffer messages, and messages become resources.

	m, findings, err := fhirproto.ToProto(r, nil)
	if err != nil {
		return err // no message at all
	}
	r, findings, err = fhirproto.FromProto(m, nil)

To returns the message of one type, such as *patient_go_proto.Patient. Programs
that do not import the package do not link google/fhir, which makes a program
about 30 MB larger and start about 70 ms later.

# Nothing is lost in silence

A message cannot hold everything that a resource can, and the library that reads
and writes messages has faults of its own. For each of them the package either
carries the data over or reports it:

  - a resource in Parameters.parameter, which the library refuses: carried;
  - the companion (id, extensions) of Reference.reference beside a text, which
    the library forgets: carried;
  - base64 with spaces, for which the library's time goes with the square of its
    length: carried;
  - nulls in lists of dates and codes, and lists shorter than their companion,
    which the library refuses: carried; the shorter list is filled up with null,
    which is reported;
  - unknown members, members that stand twice, several types of one element,
    values that no message can hold, for which the library refuses the whole
    resource or takes any one: left out, each reported with path and position
    and handed to Options.Rest;
  - fractions of seconds beyond microseconds, empty arrays: reported;
  - XHTML and other text is carried as it is, legal or not;
  - a panic of the library is a Fatal finding about that resource.

The order of members is not part of a message: FromProto writes the order of R4's
definition. A byte order mark is passed over by package fhir.

Besides, ToProto converts every message back and compares the result with the
source by value, and FromProto does the same the other way. Each difference is a
finding. Options.Unchecked leaves the check out: it costs a little more than the
conversion itself.

# Terms

A companion is the _x member beside the primitive member x. The library is
google/fhir. A message's findings are those of issue.Issue and never hold a value
of the data.

# Standards

FHIR R4 (4.0.1), JSON representation (§2.6.2), as google/fhir v0.7.4 has it.

# Limits

Resources nest at most 512 levels deep unless Options.MaxDepth says otherwise,
and at most 1,000 findings are listed for one. A message takes several times the memory of its
resource. Reading runs at a few megabytes a second.

# What it does not do

Other versions than R4, XML, profiles and terminology: Options.Validate has the
library look at required elements, the targets of references and the form of
primitives, no more. The Validator of package fhir checks all of that by
definitions, and without the weight.
*/
package fhirproto
