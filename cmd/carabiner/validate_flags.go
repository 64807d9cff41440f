package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// validateFlags are the flags of validate.
type validateFlags struct {
	as, version        string
	profiles, packages []string
	anyExtension       bool
	security           bool
	bestPractice       string
	references         string
	show               string
	maxRecord          sizeFlag

	shown     issue.Severity // findings from this severity on are printed
	recommend issue.Severity // of invariants that are recommendations; 0 = none
}

const (
	bestIgnore = "ignore"

	followAuto   = "auto"
	followInside = "inside"
	followExist  = "exist"
)

func (f *validateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.as, "as", "auto", "what SRC is: auto, fhir, dicom or omop")
	flags.StringVar(&f.version, "cdm", string(cdm.V54), "edition of the OMOP CDM: 5.4 or 5.3")
	flags.StringArrayVar(&f.profiles, "profile", nil, "check all resources of its type against the profile with this `URL` (may be repeated)")
	flags.StringArrayVar(&f.packages, "ig", nil, "load definitions: a `package` (.tgz), a folder or a file (may be repeated)")
	flags.BoolVar(&f.anyExtension, "any-extension", false, "allow extensions whose definitions are not loaded")
	flags.StringVar(&f.bestPractice, "best-practice", issue.Warning.String(), "severity of invariants that are recommendations: ignore, information, warning or error")
	flags.BoolVar(&f.security, "security-checks", false, "make text that looks like HTML an error")
	flags.StringVar(&f.references, "references", followAuto, "which references must lead to a resource of SRC: auto, inside or exist")
	flags.StringVar(&f.show, "show", "", "write FHIR and DICOM findings from this `severity` on: information, warning or error (default warning, or that of --fail-on)")
	flags.Var(&f.maxRecord, "max-record", "how long a resource may be; a Bundle beyond it is checked entry by entry (default 256MiB)")
	complete(cmd, "as", "auto", "fhir", "dicom", "omop")
	complete(cmd, "cdm", "5.4", "5.3")
	complete(cmd, "best-practice", bestIgnore, "information", "warning", "error")
	complete(cmd, "references", followAuto, followInside, followExist)
	complete(cmd, "show", "information", "warning", "error")
}

// check refuses values that flags cannot have, and takes in the others.
func (f *validateFlags) check(a *app) error {
	f.shown = issue.Warning
	if v := issue.Severity(a.failOn); v != 0 && v < f.shown {
		f.shown = v
	}
	switch {
	case f.as != "auto" && f.as != string(kindFHIR) && f.as != string(kindDICOM) && f.as != string(kindOMOP):
		return usagef("--as: want auto, fhir, dicom or omop")
	case cdm.Version(f.version).Model() == nil:
		return usagef("--cdm: want 5.4 or 5.3")
	case !slices.Contains([]string{followAuto, followInside, followExist}, f.references):
		return usagef("--references: want auto, inside or exist")
	}
	if f.show != "" {
		v, err := issue.ParseSeverity(f.show)
		if err != nil || v > issue.Error {
			return usagef("--show: want information, warning or error")
		}
		f.shown = v
	}
	if f.bestPractice != bestIgnore {
		v, err := issue.ParseSeverity(f.bestPractice)
		if err != nil || v > issue.Error {
			return usagef("--best-practice: want ignore, information, warning or error")
		}
		f.recommend = v
	}
	return nil
}

// packageJSON is a package of definitions that was loaded.
type packageJSON struct {
	Path    string `json:"path"`
	Package string `json:"package"`
	// Missing are the packages that it depends on and that are not loaded.
	Missing []string `json:"missing_dependencies,omitempty"`
}

// definitions are R4's and those of --ig. What is wrong with a package is an
// error of what the user typed.
func (f *validateFlags) definitions(ctx context.Context, s *session) (*fhirdef.Definitions, []packageJSON, error) {
	defs := fhirdef.R4()
	var loaded []*fhirdef.Package
	for _, path := range f.packages {
		p, err := fhirdef.Load(ctx, path, nil)
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist) && !exists(path):
			return nil, nil, usagef("--ig %s: want a package.tgz, a folder or a file of definitions, have none of that name (packages are not fetched)", path)
		case err != nil:
			return nil, nil, usagef("--ig %s: %w", path, err)
		case p.Len() == 0:
			return nil, nil, usagef("--ig %s: want definitions in it, have none", path)
		}
		loaded = append(loaded, p)
	}
	if len(loaded) > 0 {
		defs = defs.With(loaded...)
	}
	held := make(map[string]bool)
	for _, id := range defs.Packages() {
		held[plainName(id)] = true
	}
	var list []packageJSON
	told := make(map[string]bool)
	for i, p := range loaded {
		x := packageJSON{Path: f.packages[i], Package: p.ID()}
		for _, id := range p.Dependencies {
			if !held[plainName(id)] {
				x.Missing = append(x.Missing, id)
			}
		}
		if news := slices.DeleteFunc(slices.Clone(x.Missing), func(id string) bool { return told[id] }); len(news) > 0 {
			s.note("validate: %s depends on %s: not loaded, give it with --ig if its definitions are needed", p.ID(), joined(news))
			for _, id := range news {
				told[id] = true
			}
		}
		list = append(list, x)
	}
	return defs, list, f.wanted(defs, list)
}

// wanted refuses profiles of --profile that cannot be checked.
func (f *validateFlags) wanted(defs *fhirdef.Definitions, packages []packageJSON) error {
	hint := "; load its package with --ig"
	var missing []string
	for _, p := range packages {
		missing = append(missing, p.Missing...)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		hint += ", it may be in " + strings.Join(slices.Compact(missing), ", ")
	}
	for _, url := range f.profiles {
		st := defs.Structure(url)
		if st == nil {
			if plain, _, ok := strings.Cut(url, "|"); ok && len(defs.Versions(plain)) > 0 {
				return usagef("--profile %s: want a version that is loaded (%s), have another", url, joined(defs.Versions(plain)))
			}
			return usagef("--profile %s: want the URL of a profile that is loaded, have another%s", url, hint)
		}
		if len(st.Elements) == 0 {
			return usagef("--profile %s: want its base %s loaded, have not%s", url, st.Base, hint)
		}
	}
	return nil
}

// plainName is the name of a package without its version and edition of FHIR.
func plainName(id string) string {
	name, _, _ := strings.Cut(id, "#")
	return strings.TrimSuffix(name, ".r4")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
