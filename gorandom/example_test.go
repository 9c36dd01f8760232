package gorandom_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"time"

	"gorandom.dev/gorandom"
)

func ExampleRead() {
	key := make([]byte, 32)
	if err := gorandom.Read(key); err != nil {
		log.Fatal(err) // the system has no generator, or refuses it
	}
	token := base64.RawURLEncoding.EncodeToString(key)
	fmt.Println(len(token), "characters")
	// Output: 43 characters
}

// Reader is for functions that take an io.Reader.
func ExampleReader() {
	n, err := io.CopyN(io.Discard, gorandom.Reader, 1<<20)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "bytes")
	// Output: 1048576 bytes
}

// Early at boot a program can do other things while the kernel gathers entropy.
func ExampleUrandom() {
	b := make([]byte, 16)
	err := gorandom.Urandom(b)
	switch {
	case errors.Is(err, gorandom.ErrNotReady):
		fmt.Println("not yet")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println("16 bytes")
	}
	// Output: 16 bytes
}

func ExampleWait() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := gorandom.Wait(ctx); err != nil {
		log.Fatal(err) // context.DeadlineExceeded, or what Read would return
	}
	fmt.Println("ready")
	// Output: ready
}

// A program adds an event of its own, from source number 7. A later reseed uses it.
func ExampleAddEvent() {
	arrived := time.Now().UnixNano()
	if err := gorandom.AddEvent(7, fmt.Append(nil, arrived)); err != nil {
		log.Fatal(err)
	}
	// Output:
}

// A program reseeds when it knows that its machine was restored from a snapshot.
func ExampleReseed() {
	if err := gorandom.Reseed(); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleStatus() {
	if err := gorandom.Read(make([]byte, 16)); err != nil {
		log.Fatal(err)
	}
	status := gorandom.Status()
	fmt.Println("seeded:", status.Started)
	for _, source := range status.Dropped {
		fmt.Fprintln(os.Stderr, "a source of noise failed:", source)
	}
	// Output: seeded: true
}

func ExampleSource() {
	r := rand.New(gorandom.Source{})
	dice := r.IntN(6) + 1
	fmt.Println(dice >= 1 && dice <= 6)

	cards := r.Perm(52)
	r.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
	fmt.Println(len(cards), "cards")
	// Output:
	// true
	// 52 cards
}
