//go:build !race

package csprng_test

const raceEnabled = false
