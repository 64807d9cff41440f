// Package tools is the module of the makers: small programs that turn
// published specification files into the facts and the Go code that the
// repository commits. No program that imports carabiner links them.
//
// A maker reads its source files from the folder that its -shared flag names.
// Where that folder is absent it says so on standard error, leaves the
// committed files untouched and exits with 0, so that go generate works on
// every clone.
package tools
