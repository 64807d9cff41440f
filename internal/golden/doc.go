// Package golden runs tests over files: corpora beside the tests, and the
// shared data sets that lie next to a checkout of the repository.
//
// A case of a corpus is one input file with the expected outputs beside it,
// told apart by the ending of their names: patient.json, patient.issues.txt,
// patient.out.json. A missing expectation means that the output is expected to
// be empty. With CARABINER_UPDATE=1 in the environment the expectations are
// rewritten, and a test that rewrote one fails, so that a refreshed run is
// never taken for a passed one.
//
// Shared data sets are found in the folder "shared" beside the repository, or
// where CARABINER_SHARED says. Tests that need one are skipped where it is
// absent, and fail there when CI=true.
//
// The package is for tests alone; nothing else imports it.
package golden
