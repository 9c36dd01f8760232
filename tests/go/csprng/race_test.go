//go:build race

package csprng_test

const raceEnabled = true
