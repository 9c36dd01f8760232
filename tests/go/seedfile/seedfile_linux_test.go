package seedfile_test

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"testing"

	"gorandom.dev/gorandom/seedfile"
)

// descriptors returns the open ones, without opening any.
func descriptors() (found []string) {
	var b [256]byte
	for fd := range 100 {
		if n, err := syscall.Readlink("/proc/self/fd/"+strconv.Itoa(fd), b[:]); err == nil {
			found = append(found, strconv.Itoa(fd)+" "+string(b[:n]))
		}
	}
	return found
}

const bareFile = "SEEDFILE_TEST_BARE"

// A process that has opened no file by package os has no epoll descriptor, and must have none
// after a call. That is checked before the tests, in init.
func init() {
	path := os.Getenv(bareFile)
	if path == "" {
		return
	}
	before := len(descriptors())
	g := generator{}
	ok := seedfile.Save(path, &g) == nil && seedfile.Load(path, &g) == nil && seedfile.Refresh(path, &g) == nil &&
		seedfile.Load(path+"none", &g) != nil && seedfile.Load("/", &g) != nil
	if !ok {
		syscall.Exit(3)
	}
	if len(descriptors()) != before {
		syscall.Exit(4)
	}
	syscall.Exit(0)
}

// TestDescriptors: a call leaves none open, not even the runtime's own for polling.
func TestDescriptors(t *testing.T) {
	p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
		Env: append(os.Environ(), bareFile+"="+t.TempDir()+"/seed"), Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Wait()
	if err != nil || !s.Success() {
		t.Errorf("%v %v (4: a descriptor was left)", s, err)
	}
}

// TestNoSpace: a full file system leaves the old seed unused and in place.
func TestNoSpace(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("none", folder, "tmpfs", 0, "size=16k"); err != nil {
		t.Skip("needs CAP_SYS_ADMIN, to mount a small tmpfs: ", err)
	}
	defer func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) }()
	path := folder + "/seed"
	if err := seedfile.Save(path, &generator{}); err != nil {
		t.Fatal(err)
	}
	_ = os.WriteFile(folder+"/fill", make([]byte, 1<<20), 0o600)
	before := content(t, path)
	wantRefused(t, path, syscall.ENOSPC)
	if err := seedfile.Save(path, &generator{}); err != syscall.ENOSPC {
		t.Error(err)
	}
	if !bytes.Equal(before, content(t, path)) {
		t.Error("the file was changed")
	}
	if _, err := os.Lstat(path + ".new"); err == nil {
		t.Error("the temporary file is left")
	}
	// The file system becomes read-only.
	if err := syscall.Mount("none", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("cannot remount: ", err)
	}
	wantRefused(t, path, syscall.EROFS)
}
