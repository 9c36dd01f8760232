//go:build race

package mac_test

const raceEnabled = true
