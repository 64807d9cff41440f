package dataset

func (b *fhirBuilder) sliceList(o *Object, f *Field, c *fhirNode, typ string) {}
