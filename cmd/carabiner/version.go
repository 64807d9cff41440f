package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// release is the version of a released binary, set when it is linked.
var release string

type versionInfo struct {
	Version  string   `json:"version"`
	Revision string   `json:"revision,omitempty"`
	Modified bool     `json:"modified,omitempty"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	FHIR     string   `json:"fhir"`
	CDM      []string `json:"cdm"`
	Policies []string `json:"policies"`
}

func currentVersion() versionInfo {
	v := versionInfo{
		Version: release, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		FHIR: "4.0.1", CDM: []string{string(cdm.V54), string(cdm.V53)}, Policies: mapping.PolicyNames(),
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	if v.Version == "" {
		v.Version = build.Main.Version
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// toolVersion is what goes into outputs: equal builds write equal bytes.
func toolVersion() string { return currentVersion().Version }

func (a *app) version() *cobra.Command {
	return a.command("version", "Print the version and what it knows", "", "", cobra.NoArgs,
		func(_ context.Context, s *session, _ []string) error {
			v := currentVersion()
			if s.format != text {
				return s.printJSON(v)
			}
			_, err := fmt.Fprintf(s.stdout, "carabiner %s\n", v.Version)
			if err != nil {
				return err
			}
			row := func(w io.Writer, name, value string) error {
				_, err := fmt.Fprintf(w, "  %-9s %s\n", name, value)
				return err
			}
			revision := v.Revision
			if v.Modified {
				revision += " (modified)"
			}
			for _, r := range [][2]string{{"revision", revision}, {"go", v.Go}, {"platform", v.Platform}, {"fhir", v.FHIR},
				{"cdm", joined(v.CDM)}, {"policies", joined(v.Policies)}} {
				if r[1] == "" {
					continue
				}
				if err := row(s.stdout, r[0], r[1]); err != nil {
					return err
				}
			}
			return nil
		})
}
