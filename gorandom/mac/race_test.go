//go:build race

package mac

const raceEnabled = true
