// A Go library that is loaded beside gorandom (test_faults.py).
package main

import "C"

import "runtime"

// Work keeps this runtime's scheduler, its preemption signals and its collector busy.
//
//export Work
func Work(n C.int) C.int {
	done := make(chan int)
	for i := range int(n) {
		go func() {
			sum := 0
			for j := range 300_000 {
				sum += j * i
			}
			s := make([]byte, 1<<16)
			done <- sum&1 + int(s[0])
		}()
	}
	total := 0
	for range int(n) {
		total += <-done
	}
	runtime.GC()
	return C.int(total)
}

func main() {}
