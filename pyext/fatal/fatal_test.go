//go:build linux

package fatal_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	_ "gorandom.dev/pyext/fatal"
)

const wayToDie = "FATAL_TEST_WAY"

// ways are the ways in which a child dies: by an error of the program's, by one of the
// runtime's own (which shows all threads' frames, whatever GOTRACEBACK says), and by one
// whose message begins with words of memory.
var ways = map[string]func(){
	"unlock": func() { new(sync.Mutex).Unlock() },
	"overflow": func() {
		debug.SetMaxStack(1 << 16)
		deeper(0)
	},
	"words": func() {
		print("bad word ", new(byte), " here\n")
		new(sync.Mutex).Unlock()
	},
}

func deeper(n int) int { return deeper(n+1) + n }

func TestMain(m *testing.M) {
	if die, ok := ways[os.Getenv(wayToDie)]; ok {
		die()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestOneLine: a fatal error ends the process with one line that contains no word of
// memory. With a trace it fails if init doesn't set overrideWrite, or firstLine goes on
// after the line's end. "words" fails if length takes all of a hexadecimal number.
func TestOneLine(t *testing.T) {
	for way, want := range map[string]string{
		"unlock":   "gorandom: fatal error: sync: unlock of unlocked mutex\n",
		"overflow": "gorandom: runtime: goroutine stack exceeds 65536-byte limit\n",
		"words":    "gorandom: bad word 0x here\n",
	} {
		t.Run(way, func(t *testing.T) {
			for _, traces := range []string{"none", "system"} {
				child := exec.Command(os.Args[0])
				child.Env = append(os.Environ(), wayToDie+"="+way, "GOTRACEBACK="+traces)
				var text strings.Builder
				child.Stderr = &text
				if child.Run() == nil {
					t.Error("the child lived")
				}
				if got := text.String(); got != want || regexp.MustCompile("0x[0-9a-f]").MatchString(got) {
					t.Errorf("GOTRACEBACK=%s: %.500q, want %q", traces, got, want)
				}
			}
		})
	}
}
