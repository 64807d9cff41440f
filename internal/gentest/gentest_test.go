package gentest

import (
	"strings"
	"testing"
)

func TestRunTestsPackagesWithAndWithoutTheCheckout(t *testing.T) {
	out := Run{
		Carabiner: true,
		Files: map[string][]byte{
			"a/a.go":      []byte("package a\n\nimport \"github.com/carabiner-health/carabiner/issue\"\n\nfunc F() issue.Severity { return issue.Error }\n"),
			"b/b.go":      []byte("package b\n\nfunc F() int { return 1 }\n"),
			"b/b_test.go": []byte("package b\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) {\n\tif F() != 1 {\n\t\tt.Fatal()\n\t}\n}\n"),
		},
	}.Do(t)
	if !strings.Contains(out, "ok  \tgenerated/b") {
		t.Errorf("want the tests of b to pass, have\n%s", out)
	}
}
