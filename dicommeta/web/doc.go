// Package web reads DICOM metadata from DICOMweb servers: what studies, series and
// instances there are, and the headers of the instances, without any pixels.
//
//	c, q, err := web.Open("https://pacs.example.org/dicom-web/studies?StudyDate=20240101-", &web.Options{AuthorizationEnv: "PACS_AUTHORIZATION"})
//	if err != nil {
//		return err
//	}
//	for study, err := range c.ReadStudies(ctx, q) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(study.Text(dict.StudyInstanceUID), len(study.Series))
//	}
//
// # Terms
//
// A search (QIDO-RS) returns a data set a study, series or instance with the attributes
// the server thinks worth telling. Metadata (WADO-RS) is the whole data set of each
// instance, with an address instead of each long value. A study as dicommeta.Study is made
// from metadata, completed by what the search said.
//
// # Standards
//
// PS3.18 2024d: search transaction §10.6, retrieve metadata §10.4, DICOM JSON model
// annex F, warnings for cut results §8.3.4.4. Only JSON is asked for. HTTP as of RFC 9110.
//
// # Trying again
//
// A request is made again, with growing waits, when the server cannot be reached, breaks
// off or is silent for too long, and after statuses 408, 429, 502, 503 and 504; Retry-After is
// obeyed. No other 4xx or 5xx is. A result is returned once, however often
// its page was asked for, and also by servers that ignore limit or offset.
//
// # Privacy
//
// The authorization comes from an environment variable, goes to the server's own scheme,
// host and port alone, redirects included, and is in no error or finding. Addresses in
// errors and findings are without their query, which may name a patient; those of studies,
// series and instances hold their UIDs. What servers say in headers and in the
// bodies of errors is not repeated.
//
// # Limits
//
// Requests are made one after the other. One data set of an answer is held at a time, of
// 64 MiB of JSON at most, ReadStudies holds what a dicommeta.Study keeps of one study, and
// a search 16 bytes a result; an answer may have 8 GiB. A server may be silent for a
// minute. No multipart answers, no pixels, no bulk data, no storing: a server's own
// tools do these.
package web
