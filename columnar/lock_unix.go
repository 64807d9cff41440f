//go:build unix && !solaris && !aix

package columnar

import (
	"errors"
	"os"
	"syscall"
)

// lockFolder opens the folder and tries to take its lock, which ends with the
// process or with the handle. A file system without locks gives lockUnknown.
func lockFolder(path string) (f *os.File, state lockState, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, lockUnknown, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return f, lockHeld, nil
		case err != nil:
			return f, lockUnknown, nil
		default:
			return f, lockTaken, nil
		}
	}
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some file systems have nothing to sync for a folder and say so.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// sameDevice says whether two folders are on one file system, as far as it is
// known.
func sameDevice(a, b string) bool {
	var x, y syscall.Stat_t
	if syscall.Stat(a, &x) != nil || syscall.Stat(b, &y) != nil {
		return true
	}
	return x.Dev == y.Dev
}
