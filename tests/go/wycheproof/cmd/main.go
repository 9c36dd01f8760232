// This program writes Wycheproof's HMAC vectors to standard output, as JSON.
package main

import (
	"encoding/json"
	"log"
	"os"

	"gorandom.dev/tests/go/wycheproof"
)

func main() {
	vectors, err := wycheproof.HMAC()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(vectors)
	}
	if err != nil {
		log.Fatal(err)
	}
}
