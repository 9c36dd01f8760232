package csprng_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorandom.dev/gorandom/csprng"
	"gorandom.dev/gorandom/seedfile"
)

// sourceNames is what the table in gorandom/doc.go calls the sources. Two sources with one
// number don't compile.
var sourceNames = map[byte]string{
	csprng.SourceKernel:    "the kernel",
	csprng.SourceCycles:    "the cycle counter",
	csprng.SourceProcessor: "RDSEED or RNDRRS",
	csprng.SourceHardware:  "a hardware generator",
	seedfile.Source:        "the seed file",
}

// documented returns the rows of that table.
func documented(t *testing.T) (rows []string) {
	t.Helper()
	text, err := os.ReadFile("../../../gorandom/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "// # What feeds the pools\n")
	section, _, ended := strings.Cut(section, "// # ")
	if !found || !ended {
		t.Fatal("gorandom/doc.go has no section \"What feeds the pools\"")
	}
	gap := regexp.MustCompile(` {2,}`)
	for line := range strings.Lines(section) {
		if row, isRow := strings.CutPrefix(line, "//\t"); isRow && !strings.HasPrefix(row, "when ") {
			rows = append(rows, gap.ReplaceAllString(strings.TrimSpace(row), " | "))
		}
	}
	return rows
}

// TestDocumentedEvents counts the events at the accumulator and writes the documentation's
// table from the counts. If the tables differ, one of them is wrong.
func TestDocumentedEvents(t *testing.T) {
	var got []string
	x := newObserved(t, 2, nil)
	row := func(when string, source byte, format string, args ...any) {
		got = append(got, fmt.Sprintf("%s | %s | %d | %s", when, sourceNames[source], source, fmt.Sprintf(format, args...)))
	}
	size := func(events []event) int {
		t.Helper()
		for _, e := range events {
			if e.size != events[0].size {
				t.Errorf("events of different sizes: %v", events)
			}
		}
		return events[0].size
	}

	// An empty draw starts the RNG without making a request.
	x.draw(t, 0, 0)
	sources := []byte{csprng.SourceProcessor, csprng.SourceHardware}
	kernel := x.of(csprng.SourceKernel)
	for i, e := range kernel {
		if e.pool != i {
			t.Errorf("the kernel's event %d is in pool %d", i, e.pool)
		}
	}
	row("the start", csprng.SourceKernel, "%d bytes for each of the %d pools", size(kernel), len(kernel))
	if n := len(x.of(csprng.SourceCycles)); n != 0 {
		t.Errorf("%d events of the cycle counter at the start", n)
	}
	row("the start", csprng.SourceCycles, "nothing: %d steps are tested", x.reads.Load()-1)
	words := map[byte]uint64{csprng.SourceProcessor: x.processor.words, csprng.SourceHardware: x.hardware.words}
	for _, source := range sources {
		if n := len(x.of(source)); n != 1 {
			t.Errorf("%s: %d events at the start", sourceNames[source], n)
		}
		n := size(x.of(source))
		row("the start", source, "%d bytes, the last of %d times %d that are tested", n, words[source], n)
	}

	// Requests to one lane, of different sizes; then the other one does the same.
	const requests = 64 * 40
	for lane := range 2 {
		x.events = nil
		at := map[byte][]int{} // after which request a source's events came
		for i := range requests {
			before := len(x.events)
			x.draw(t, lane, 1+i%300)
			for _, e := range x.events[before:] {
				at[e.source] = append(at[e.source], i+1)
			}
		}
		for _, source := range append([]byte{csprng.SourceCycles}, sources...) {
			every := at[source][0]
			for i, n := range at[source] {
				if n != (i+1)*every {
					t.Errorf("%s: event %d after %d requests, want %d", sourceNames[source], i, n, (i+1)*every)
				}
			}
			if lane > 0 {
				continue
			}
			when := fmt.Sprintf("%d requests, lane", every)
			if n := size(x.of(source)); source == csprng.SourceCycles {
				row(when, source, "%d bytes: the %d low ones at each request", n, n/every)
			} else {
				row(when, source, "%d bytes", n)
			}
		}
		if n := len(x.of(csprng.SourceKernel)); n != 0 {
			t.Errorf("%d events of the kernel after the start", n)
		}
	}

	path := t.TempDir() + "/seed"
	if err := errors.Join(seedfile.Save(path, x), seedfile.Load(path, x)); err != nil {
		t.Fatal(err)
	}
	seed := x.of(seedfile.Source)
	for i, e := range seed {
		if e.pool != i {
			t.Errorf("the seed file's event %d is in pool %d", i, e.pool)
		}
	}
	row("seedfile.Load", seedfile.Source, "%d bytes for each of the %d pools", size(seed), len(seed))

	// The program's events, of any number and size.
	x.events = nil
	const most = 32
	for n := 1; n < 100; n++ {
		if err := x.AddEvent(byte(n), make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		if e := x.events[n-1]; e != (event{byte(n), 0, min(n, most)}) {
			t.Errorf("%d bytes: %+v", n, e)
		}
	}
	got = append(got, fmt.Sprintf("AddEvent | the program | any | 1 to %d bytes, longer ones hashed", most))

	// Words for keys: those that were asked for but are in no event.
	asked := func(do func()) (words uint64, size int) {
		t.Helper()
		before := x.processor.words
		events := len(x.of(csprng.SourceProcessor))
		do()
		if n := len(x.of(csprng.SourceProcessor)) - events; n != 0 {
			t.Errorf("%d events of the processor", n)
		}
		return x.processor.words - before, x.processor.size
	}
	keys := func(when, what string, do func()) {
		t.Helper()
		n, size := asked(do)
		if n != 1 {
			t.Errorf("%s: the processor was asked %d times", when, n)
		}
		got = append(got, fmt.Sprintf("%s | %s | none | %d bytes, into the %s's key and no pool", when, sourceNames[csprng.SourceProcessor], size, what))
	}
	keys("a reseed", "root", func() {
		if err := x.Reseed(); err != nil {
			t.Fatal(err)
		}
	})
	x.pass(2 * time.Millisecond)
	keys("a millisecond, lane", "lane", func() { x.draw(t, 0, 1) })
	if n, _ := asked(func() { x.draw(t, 0, 1) }); n != 0 {
		t.Errorf("less than a millisecond later: the processor was asked %d times", n)
	}

	if want := documented(t); !slices.Equal(got, want) {
		t.Errorf("what happens:\n\t%s\nwhat gorandom/doc.go says:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestSourcesHaveNumbersOfTheirOwn: sourceNames has the constants of all packages that
// number a source. Two with one number in it would not compile.
func TestSourcesHaveNumbersOfTheirOwn(t *testing.T) {
	files, err := filepath.Glob("../../../gorandom/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`(?m)^\t?(?:const )?(Source\w*) += (\d+)`)
	found := 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range constant.FindAllSubmatch(text, -1) {
			found++
			if number, err := strconv.Atoi(string(match[2])); err != nil || sourceNames[byte(number)] == "" {
				t.Errorf("%s: %s = %s is missing in sourceNames", path, match[1], match[2])
			}
		}
	}
	if found != len(sourceNames) {
		t.Errorf("found %d constants, want %d", found, len(sourceNames))
	}
}

// TestEachSourceGoesRoundThePools: event n of a source is in pool n modulo 32. It fails if
// sources share a position, or one always uses the same pool.
func TestEachSourceGoesRoundThePools(t *testing.T) {
	x := newObserved(t, 3, nil)
	for i := range 64 * 100 {
		x.draw(t, i%3, 1)
		if i%5 == 0 {
			if err := x.AddEvent(byte(i%2), []byte{1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := map[byte]int{}
	for _, e := range x.events {
		if e.pool != next[e.source]%32 {
			t.Fatalf("source %d: event %d is in pool %d", e.source, next[e.source], e.pool)
		}
		next[e.source]++
	}
	for _, source := range []byte{0, 1, csprng.SourceCycles, csprng.SourceProcessor, csprng.SourceHardware} {
		if next[source] <= 32 {
			t.Errorf("source %d: only %d events", source, next[source])
		}
	}
}
