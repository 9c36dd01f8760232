//go:build !race

package fortuna_test

const raceEnabled = false
