// Package gorandom gives cryptographic random bytes from Fortuna, the generator
// of Ferguson, Schneier and Kohno (Cryptography Engineering, chapter 9), fed by
// the operating system.
//
//	key := make([]byte, 32)
//	if err := gorandom.Read(key); err != nil {
//		return err
//	}
//
// # Why not the system's generator alone
//
// The bytes are as good as the kernel's: nothing here can be better than the
// 256 bits that it takes from there. What it adds is speed (AES at the processor's
// limit, and bytes kept ready for small draws), a second net should the kernel's
// generator turn out weak (the pools), and a generator whose algorithm stands in
// a book and can be checked against its vectors.
//
// # Threat model
//
// An attacker may see any amount of output, choose when and how much is drawn,
// feed events of its own, and fork or clone the process. Then:
//
//   - What it has not seen is, to it, random: AES-256 in counter mode, at most
//     2^16 blocks under one key.
//   - A leaked state reveals nothing about earlier output (backtracking
//     resistance): the key is replaced after each request, and the old one
//     erased. Bytes made ahead are erased when they are handed out.
//   - A leaked state is soon useless: each reseed, at the latest a second after
//     the last, mixes in 32 bytes straight from the kernel. Should the attacker
//     know those too, Fortuna's pools will sooner or later gather more events
//     than it can guess, and nobody has to estimate their entropy.
//   - No event can do harm. One that an attacker chose is hashed with all others.
//   - A child of a fork never repeats its parent's bytes, nor its siblings'.
//
// Not in the model: an attacker who reads the memory of the process at will, or
// replaces its code or the kernel.
//
// # What feeds the pools
//
//	when                  source                    number  what
//	the start             the kernel                255     32 bytes for each of the 32 pools
//	the start             the cycle counter         254     nothing: 1024 steps are tested
//	the start             RDSEED or RNDRRS          253     8 bytes, the last of 32 times 8 that are tested
//	the start             a hardware generator      252     8 bytes, the last of 32 times 8 that are tested
//	16 requests, lane     the cycle counter         254     32 bytes: the 2 low ones at each request
//	64 requests, lane     RDSEED or RNDRRS          253     8 bytes
//	64 requests, lane     a hardware generator      252     8 bytes
//	seedfile.Load         the seed file             251     32 bytes for each of the 32 pools
//	AddEvent              the program               any     1 to 32 bytes, longer ones hashed
//	a reseed              RDSEED or RNDRRS          none    32 bytes, into the root's key and no pool
//	a millisecond, lane   RDSEED or RNDRRS          none    8 bytes, into the lane's key and no pool
//
// A draw is a request to a lane's generator, or many; one of at most 256 bytes is a
// part of one (see Lanes). An event is the source's number, the length and the data. Each source goes
// round the pools: its first event goes into pool 0, its second into pool 1, its
// 33rd into pool 0 again. (A test counts the events at the accumulator and compares
// them with this table.) Every seed has 32 bytes of the kernel's besides, so none of
// the other sources can make it worse, whoever decides what they give.
//
// The last two rows are no events. They are for machines that were saved once and
// restored twice, in which all else may be the same: words go straight into keys,
// and with them the 8 bytes of the cycle counter, which go there without words too.
// The first reseed takes none, as a word is in pool 0. A lane's key takes
// them at the first request and then at one that comes a millisecond or more after
// the last.
//
// The processor's instruction is RDSEED on amd64 and RNDRRS on arm64, where it has
// one. A hardware generator, /dev/hwrng, feeds an RNG that was given one
// (csprng.Config), and not the one of this package: the kernel reads that device by
// itself, and nobody can promise that another read of it doesn't wait.
//
// The kernel's bytes come from getrandom(2) on Linux and FreeBSD, from getentropy(2) on
// macOS and OpenBSD, and from ProcessPrng on Windows.
//
// # How Linux is asked
//
// This rule holds for package entropy and for the C of the Python package
// (pyext/front/source/kernel.c), which reads the kernel where there is no Go.
//
//   - getrandom(2) is asked first at each read, without blocking. It is the system
//     call itself and not the vDSO, whose key stands in this process's memory. A
//     short answer and EINTR are no errors. EAGAIN means that the kernel's generator
//     is not ready.
//   - If getrandom is refused (ENOSYS, EPERM), /dev/urandom serves. Any other error is
//     final.
//   - Before the first read of /dev/urandom, a poll must have found /dev/random
//     readable. Until then the generator is not ready.
//   - Both are opened with O_RDONLY, O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK. A symbolic
//     link is refused, and a FIFO is not waited for.
//   - Each must be the character device of its number: 1:9 and 1:8.
//   - The descriptor of /dev/urandom is kept, for programs that chroot later. A
//     program may close it, and its number may come to mean another file. So it must
//     be the device 1:9 before a read and after it. If it is not, the bytes are thrown
//     away, the descriptor is left alone and the device is opened anew. A read makes
//     at most four tries.
//   - An error of the device itself is final.
//
// # Health of the sources
//
// The cycle counter's steps from one request to the next and each byte of the other
// two sources' words, those for keys too, are raw noise, and pass two tests of NIST SP 800-90B, at the
// start and as long as the source is used: the repetition count test (section 4.4.1)
// and the adaptive proportion test (4.4.2, windows of 512 samples). The cut-offs are
// for a false alarm once in 2^40, from an entropy that is assessed low:
// 0.09 bits for each step of the counter, 4 bits for each byte of a word. They find a
// source that is stuck or nearly so, and say nothing of how good one is; nothing
// relies on that. A source that fails one test once is dropped, with the words that
// failed, for as long as the process lasts, and Status names it; a child of a fork tests anew. One that has
// nothing to give for a while hasn't failed.
//
// The kernel's bytes are compared, block of 32 by block, with the block before. A
// repeat, which chance would bring once in 2^256, is read once more and then is the
// kernel's failure, as if it had refused. A digest of the last block is kept for
// that, in secret memory, and not the block, which is a part of a seed.
//
// Output is not tested. A cipher's output passes every such test, whatever its key is
// worth, and in the long run fails each by chance.
//
// # When a reseed happens
//
//   - At the start: with 32 kernel bytes in each pool the first reseed, and any
//     later one, has full strength.
//   - By the book's rule, looked at before each request, and before a draw from
//     ready bytes if a millisecond has passed: pool 0 has 64 bytes, and 100 ms have
//     passed since the last. Reseed number r uses pool i if 2^i divides r.
//   - When the last was a second ago. If pool 0 has less than 64 bytes then, the
//     reseed leaves the pools as they are: pools emptied early are what lets an
//     attacker guess events one at a time.
//   - By Reseed.
//   - In a child of a fork, where all begins anew.
//   - In a machine that was restored from a saved state, if something tells.
//
// Each of them mixes 32 fresh bytes from the kernel into the key, besides what
// comes from the pools, and after these, but for the first, 32 of RDSEED's or
// RNDRRS's where that serves, and the cycle counter. If the kernel refuses at a
// reseed, the generator goes on with its pools and its old key, which is as good as
// it was, and Status counts the failure. If it refuses at the start, after a fork or in a restored machine,
// there is no byte, only an error.
//
// # Lanes
//
// The accumulator, with the pools and a generator, is the root. Draws come from
// lanes, generators that take a 32-byte seed from the root after each of its
// reseeds. A goroutine takes a lane that no other is using, so that draws on many
// processors wait for each other only when the root has been reseeded. Reseed,
// fork and age make all lanes stale at once.
//
// For draws of at most 256 bytes a lane makes 512 at once, in its secret memory,
// and erases them as it hands them out. They are stale when the lane is. Whether
// a second has passed is asked of the clock only when the processor's cycle
// counter has moved on by about a millisecond, or back: the clock costs as much
// as the rest of the draw.
//
// # Forks
//
// The secrets stand in pages that the kernel replaces by zeros in a child
// (MADV_WIPEONFORK, INHERIT_ZERO), however the child was made. A zero page is an
// unseeded generator, which gives no byte, so this holds by construction and
// nothing has to be called. Where the system can't do that (macOS, OpenBSD, some
// emulators that only claim to), the process ID is compared at each draw. That is
// weaker: an ID can come round again. Status().Protection says which holds.
//
// A Go program's child that doesn't exec has no Go runtime to speak of: nearly
// everything in it may hang. The guard makes sure that if it draws, it draws
// anew; it can't make forking a Go program a good idea.
//
// # Clones
//
// A virtual machine that was saved once and restored twice has its secrets twice.
// Where its monitor shows a page that changes then (vmclock, which is root's alone
// by default, or sysgenid), a draw looks at that before and after it has its
// bytes, and none that was begun after the restore is from an old key. Elsewhere a
// machine shares its state with its twin until the next reseed, so for a second of
// running time at most; but a lane's key takes 8 bytes of RDSEED's and the cycle
// counter at the first request after a millisecond, so that mostly only bytes that
// were ready are given out twice.
//
// The kernel may give both the same bytes: it is told by vmgenid, some moments
// after programs run again, and where there is none it reseeds itself in about a
// minute. RDSEED is what makes copies differ then; without it the cycle counter
// does, which an attacker might guess.
//
// # Memory
//
// The key, the counters and the pools stand outside the Go heap, in pages that
// are left out of core dumps and locked into memory, as far as the system and
// the process's limits allow (Status().Protection), and each secret is erased
// when it is replaced. What can't be promised: a hash's intermediate values pass
// through an object in the Go heap, erased and used again, and through the
// stack; the processor's registers are saved wherever the system saves them when
// a thread is interrupted; and a byte that has been handed out is the caller's.
//
// # Limits
//
// At most 1 MiB comes from one key; a larger draw is a row of requests, and may
// see a reseed in its middle. The fast kernels are for amd64 and arm64 with AES
// instructions. Elsewhere crypto/aes makes a block at a time, at a tenth of the
// speed or less, and allocates at each request.
//
// The sub-packages can be used alone: fortuna is the algorithm and nothing else,
// keystream its cipher, entropy the sources, health their tests, process the memory
// and the fork guard, csprng all of it put together without a global variable.
package gorandom
