package fortuna

// Pool collects events (section 9.5.2): a SHAd256 of everything appended, so
// that it never grows. Its zero value is empty.
type Pool struct{ hash SHAd256 }

// Append adds data to the pool.
func (p *Pool) Append(data []byte) { _, _ = p.hash.Write(data) }

// Len returns the number of bytes appended since the pool was last empty, the
// two header bytes of each event included.
func (p *Pool) Len() uint64 { return p.hash.Len() }

// Digest returns the SHAd256 digest of what the pool holds, and leaves the pool
// as it is.
func (p *Pool) Digest() [DigestSize]byte { return p.hash.Sum() }

// Wipe empties the pool.
func (p *Pool) Wipe() { p.hash.Wipe() }
