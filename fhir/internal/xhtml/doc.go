// Package xhtml reads the XHTML of narratives (R4 §2.15, Narrative.div) into a
// tree.
//
//	doc, err := xhtml.Parse(div)
//	if err != nil {
//		return err // not well-formed
//	}
//	for n := range doc.All() {
//		fmt.Println(n.Name)
//	}
//
// # Standards
//
// XML 1.0 (fifth edition) without a document type; the named character entities
// of XHTML 1.0 are known. Names are compared as written, prefix included.
//
// # Limits
//
// 512 levels, as many bytes as the caller has. What a document type declares is
// not read, so no entity can grow or reach outside.
package xhtml
