module github.com/carabiner-health/carabiner/internal/tools

go 1.26.0

require (
	github.com/carabiner-health/carabiner v0.0.0
	github.com/klauspost/compress v1.20.3
)

require (
	github.com/dave/jennifer v1.7.1 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/santhosh-tekuri/jsonschema/v5 v5.3.1 // indirect
	golang.org/x/text v0.36.0 // indirect
)

replace github.com/carabiner-health/carabiner => ../..
