// Package gorandom generates cryptographic random bytes with Fortuna, the generator
// of Ferguson, Schneier and Kohno (Cryptography Engineering, chapter 9). The
// operating system supplies the entropy.
//
//	key := make([]byte, 32)
//	if err := gorandom.Read(key); err != nil {
//		return err
//	}
//
// # Why not the system's generator alone
//
// The bytes are as good as the kernel's and no better, because everything rests on
// the 256 bits taken from there. Fortuna adds three things:
//
//   - Speed: AES at the processor's limit, and bytes kept ready for small draws.
//   - A second line of defence, the pools, should the kernel's generator be weak.
//   - An algorithm that is published in a book and can be checked against vectors.
//
// # Threat model
//
// An attacker may see any amount of output, choose when and how much is drawn,
// add events, and fork or clone the process. Then:
//
//   - Output that the attacker has not seen looks random: it is AES-256 in counter
//     mode, at most 2^16 blocks under one key.
//   - A leaked state reveals nothing about earlier output (backtracking
//     resistance): the key is replaced after each request, and the old one
//     erased. Bytes made ahead are erased when they are handed out.
//   - A leaked state is soon useless. Each reseed, at most a second after the
//     last, mixes in 32 bytes straight from the kernel. If the attacker knows those
//     too, Fortuna's pools will eventually gather more events than it can guess.
//     Nobody has to estimate their entropy.
//   - No event can do harm: one that an attacker chose is hashed with all others.
//   - A child of a fork never repeats its parent's bytes, nor its siblings'.
//
// Outside the model: an attacker who can read the memory of the process at will,
// or replace its code or the kernel.
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
// A draw is one request to a lane's generator, or several; a draw of at most 256
// bytes is a part of one (see Lanes). An event is the source's number, the length
// and the data. Each source goes round the pools: its first event goes into pool 0,
// its second into pool 1, its 33rd into pool 0 again. (A test counts the events at
// the accumulator and compares them with this table.) Every seed also contains 32
// bytes from the kernel, so no other source can make it worse, whoever controls it.
//
// The last two rows are not events. They are for machines that were saved once and
// restored twice, where everything else may be the same. The words go straight into
// keys, together with 8 bytes of the cycle counter, which are mixed in even when
// there is no word. The first reseed takes neither, as a word is already in pool 0.
// A lane's key takes them at its first request, and again at the first request at
// least a millisecond after the last time.
//
// The processor's instruction is RDSEED on amd64 and RNDRRS on arm64, where it has
// one. A hardware generator, /dev/hwrng, feeds only an RNG that was given one
// (csprng.Config). This package's RNG does not use it: the kernel already reads that
// device, and another read of it may block.
//
// The kernel's bytes come from getrandom(2) on Linux and FreeBSD, from getentropy(2)
// on macOS and OpenBSD, and from ProcessPrng on Windows.
//
// # How Linux is asked
//
// This rule holds for package entropy and for the C of the Python package
// (pyext/front/source/kernel.c), which reads the kernel where there is no Go.
//
//   - Each read first asks getrandom(2), without blocking. It makes the system call
//     itself and avoids the vDSO, whose key is in this process's memory. A short
//     answer and EINTR are not errors. EAGAIN means that the kernel's generator is
//     not ready.
//   - If getrandom is refused (ENOSYS, EPERM), /dev/urandom is read instead. Any
//     other error is final.
//   - Before the first read of /dev/urandom, a poll must have found /dev/random
//     readable. Until then the generator is not ready.
//   - Both are opened with O_RDONLY, O_CLOEXEC, O_NOFOLLOW and O_NONBLOCK. A symbolic
//     link is refused, and opening a FIFO does not block.
//   - They must be the character devices 1:9 and 1:8 respectively.
//   - The descriptor of /dev/urandom is kept, for programs that chroot later. A
//     program may close it, and its number may then be reused for another file. So it
//     must be the device 1:9 before a read and after it. If it is not, the bytes are
//     thrown away, the descriptor is left alone and the device is opened again. A
//     read tries at most four times.
//   - An error of the device itself is final.
//
// # Health of the sources
//
// Two tests of NIST SP 800-90B check raw noise, at the start and as long as the
// source is used: the repetition count test (section 4.4.1) and the adaptive
// proportion test (4.4.2, windows of 512 samples). The samples are the cycle
// counter's steps from one request to the next, and each byte of the other two
// sources' words, including those for keys. The cut-offs give one false alarm in
// 2^40 for an entropy that is assessed low: 0.09 bits for each step of the counter,
// 4 bits for each byte of a word. The tests find a source that is stuck or nearly
// so. They don't say how good a source is, and nothing relies on that.
//
// A source that fails one test once is dropped, with the words that failed, for as
// long as the process lasts, and Status names it. A child of a fork tests anew. A
// source that temporarily has nothing to give hasn't failed.
//
// Each 32-byte block from the kernel is compared with the block before. By chance
// two are equal once in 2^256. If they are, the kernel is read once more; a second
// repeat counts as the kernel's failure, as if it had refused. Secret memory keeps a
// digest of the last block for that and not the block, which is a part of a seed.
//
// Output is not tested. A cipher's output passes every such test, whatever its key is
// worth, and in the long run fails each by chance.
//
// # When a reseed happens
//
//   - At the start. With 32 kernel bytes in each pool the first reseed, and any
//     later one, has full strength.
//   - By the book's rule: pool 0 has 64 bytes, and 100 ms have passed since the last
//     reseed. The rule is checked before each request, and before a draw from ready
//     bytes if a millisecond has passed. Reseed number r uses pool i if 2^i divides r.
//   - A second after the last. If pool 0 has less than 64 bytes then, the reseed
//     leaves the pools as they are: pools emptied early would let an attacker guess
//     events one at a time.
//   - By Reseed.
//   - In a child of a fork, where everything begins anew.
//   - In a machine that was restored from a saved state, where that can be detected.
//
// Each reseed mixes 32 fresh bytes from the kernel into the key, besides what comes
// from the pools. Each but the first then adds 32 bytes from RDSEED or RNDRRS, where
// available, and the cycle counter. If the kernel refuses at a reseed, the generator
// goes on with its pools and its old key, which is as good as it was, and Status
// counts the failure. If it refuses at the start, after a fork or in a restored
// machine, no bytes are given, only an error.
//
// # Lanes
//
// The accumulator, with the pools and a generator, is the root. Draws come from
// lanes, generators that take a 32-byte seed from the root after each of its
// reseeds. A goroutine takes a lane that no other is using, so draws on many
// processors wait for each other only when the root has been reseeded. A reseed, a
// fork or age makes all lanes stale at once.
//
// For draws of at most 256 bytes a lane makes 512 at once, in its secret memory,
// and erases them as it hands them out. They are stale when the lane is. Reading the
// clock costs as much as the rest of the draw. So a draw reads it only when the
// processor's cycle counter has moved on by about a millisecond, or back.
//
// # Forks
//
// The secrets are in pages that the kernel replaces by zeros in a child
// (MADV_WIPEONFORK, INHERIT_ZERO), however the child was made. A zero page is an
// unseeded generator, which gives no bytes. So this holds by construction, without
// any hook. Where the system can't do that (macOS, OpenBSD, some emulators that only
// claim to), the process ID is compared at each draw. That is weaker, because an ID
// can be reused. Status().Protection says which of the two holds.
//
// A Go program's child that doesn't exec has no working Go runtime: nearly
// everything in it may hang. The guard makes sure that if the child draws, it gets
// fresh bytes. It can't make forking a Go program a good idea.
//
// # Clones
//
// A virtual machine that was saved once and restored twice has its secrets twice.
// Some monitors show a page that changes at a restore: vmclock, which by default
// only root may read, or sysgenid. There a draw checks the page before and after it
// has its bytes, and none begun after the restore uses an old key. Elsewhere a
// machine shares its state with its twin until the next reseed, at most a second of
// running time later. A lane's key also takes 8 bytes of RDSEED's and the cycle
// counter at the first request after a millisecond. So mostly only bytes that were
// already made are given out twice.
//
// The kernel may give both the same bytes. vmgenid tells it of the restore, but some
// moments after programs run again; without vmgenid it reseeds itself in about a
// minute. Until then RDSEED makes the copies differ. Without RDSEED only the cycle
// counter does, which an attacker might guess.
//
// # Memory
//
// The key, the counters and the pools are outside the Go heap, in pages that are
// left out of core dumps and locked into memory, as far as the system and the
// process's limits allow (Status().Protection). Each secret is erased when it is
// replaced. Some copies can't be prevented:
//
//   - A hash's intermediate values pass through the stack, and through an object in
//     the Go heap that is erased and used again.
//   - When a thread is interrupted, the system saves the processor's registers
//     wherever it does that.
//   - A byte that has been handed out is the caller's.
//
// # Limits
//
// At most 1 MiB comes from one key. A larger draw is a series of requests, and may
// see a reseed in its middle. The fast kernels are for amd64 and arm64 with AES
// instructions. Elsewhere crypto/aes makes a block at a time, at a tenth of the
// speed or less, and allocates at each request.
//
// The sub-packages can be used alone: fortuna is only the algorithm, keystream its
// cipher, entropy the sources, health their tests, process the memory and the fork
// guard. Package csprng puts all of it together, without a global variable.
package gorandom
