// Package iod is the standard's tables of what an information object must carry:
// which modules, which attributes of which type, how many items, which values,
// and under which conditions.
//
//	ct := iod.Find("1.2.840.10008.5.1.4.1.1.2")
//	for _, u := range ct.Modules {
//		fmt.Println(u.Entity, u.Usage, u.Module.Title) // Patient M Patient
//	}
//
// # Terms
//
// An object is an information object definition (IOD); SOP classes name it. It
// uses Modules; a module is a list of Rules. Macros are modules that rules include, functional
// group macros among them. A Rule is one line of a module's table, or an additional check of a
// value. A Condition is the machine-readable form of the standard's "required if".
// A profile, such as those of IHE, is a stricter object for the same SOP class.
//
// # Standards
//
// PS3.3 of 2025 as David Clunie's dicom3tools states it; modules that only
// edition 2026b uses, and the module tables of 68 SOP classes without other rules, are of
// 2026b and say so in their field Edition. data/SOURCES names the origins.
//
// # Limits
//
// Conditions that cannot be told from a data set have no Condition, see
// Rule.Untold. Context groups are named by number, their codes are not here.
//
// Everything is read once, on first use, which takes some 20 ms, and is safe for
// concurrent use; what is returned is shared and read-only.
package iod

//go:generate go -C ../../internal/tools run ./iodmaker
