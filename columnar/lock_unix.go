//go:build unix && !solaris && !aix

package columnar

import (
	"os"
	"syscall"
)

// locksWork says that a lock which could be taken means a dead holder.
const locksWork = true

// lockFolder opens the folder and says whether it now holds its lock; the lock
// ends with the process or with the handle.
func lockFolder(path string) (f *os.File, held bool, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, false, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			break
		}
	}
	return f, err == nil, nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
