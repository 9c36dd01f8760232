// A module of its own, because the vectors are a hundred megabytes that only these tests want.
module gorandom.dev/tests/go/wycheproof

go 1.26.4

require gorandom.dev v0.0.0

require (
	github.com/c2sp/wycheproof v0.0.0-20260902155932-3fa63dd0344a
	golang.org/x/crypto v0.59.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace gorandom.dev => ../../..
