package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/examples/breastimaging/breast"
)

// view is one of the four views of a screening.
type view struct {
	side     breast.ImageLaterality
	position breast.ImageViewPosition
}

func (v view) String() string { return string(v.side) + " " + string(v.position) }

// screening returns the views that a screening has.
func screening() []view {
	return []view{
		{breast.ImageLateralityR, breast.ImageViewPositionCC}, {breast.ImageLateralityR, breast.ImageViewPositionMLO},
		{breast.ImageLateralityL, breast.ImageViewPositionCC}, {breast.ImageLateralityL, breast.ImageViewPositionMLO},
	}
}

// print writes a line for each study, with the patient whom FHIR knows by the number
// in the images.
func (x *tables) print(w io.Writer) error {
	patients := map[string]breast.Patient{}
	for _, p := range x.patients {
		if p.PatientNumber.Valid {
			patients[p.PatientNumber.Value] = p
		}
	}
	conditions := map[string]int{}
	for _, c := range x.conditions {
		conditions[c.PatientID]++
	}
	studies := map[string][]breast.Image{}
	for _, i := range x.images {
		studies[i.StudyInstanceUID] = append(studies[i.StudyInstanceUID], i)
	}
	lines := []string{}
	for _, images := range studies {
		first := images[0]
		id, years, known := "unknown", "-", "-"
		if p, ok := patients[first.PatientNumber]; ok {
			id, years, known = p.PatientID, age(p.BirthDate, first.StudyDate), fmt.Sprint(conditions[p.PatientID])
		}
		present, missing := views(images)
		lines = append(lines, fmt.Sprintf("%-7s %-15s %s  %5s %10s  %-27s %s\n", first.PatientNumber, id, first.StudyDate, years, known, present, missing))
	}
	slices.Sort(lines)
	_, err := fmt.Fprintf(w, "%-7s %-15s %-10s  %5s %10s  %-27s %s\n%s", "number", "patient", "study", "age", "conditions", "views", "missing", strings.Join(lines, ""))
	return err
}

// views returns the views of a screening that the images have, and the others.
func views(images []breast.Image) (present, missing string) {
	var yes, no []string
	for _, v := range screening() {
		if slices.ContainsFunc(images, func(i breast.Image) bool { return v == view{i.Laterality, i.ViewPosition.Value} }) {
			yes = append(yes, v.String())
		} else {
			no = append(no, v.String())
		}
	}
	return cmp.Or(strings.Join(yes, ", "), "-"), cmp.Or(strings.Join(no, ", "), "-")
}

// age returns the full years between two dates, "about" where the day of birth is not
// known, and "-" where a date is missing.
func age(born breast.Opt[breast.Date], at breast.Date) string {
	if !born.Valid {
		return "-"
	}
	from := born.Value
	years := int(at.Year - from.Year)
	if at.Month < from.Month || at.Month == from.Month && at.Day < from.Day {
		years--
	}
	if from.Precision() < breast.PrecisionDay {
		return fmt.Sprintf("~%d", years)
	}
	return fmt.Sprint(years)
}
