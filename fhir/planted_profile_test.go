package fhir_test

func profilePlanters() []planter { return nil }
func rulePlanters() []planter    { return nil }
func linkPlanters() []planter    { return nil }
