//go:build !race

package gorandom_test

const raceEnabled = false
