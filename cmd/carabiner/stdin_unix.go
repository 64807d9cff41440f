//go:build unix

package main

import (
	"context"
	"os"
	"syscall"
	"time"
)

// interruptible returns standard input such that a read which waits for a pipe
// ends when ctx does. Of a terminal or a file it returns f itself: a terminal
// is shared with the shell and must stay as it is.
func interruptible(ctx context.Context, f *os.File) *os.File {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return f
	}
	fd := int(f.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		return f
	}
	pipe := os.NewFile(uintptr(fd), f.Name())
	context.AfterFunc(ctx, func() { _ = pipe.SetReadDeadline(time.Now()) })
	return pipe
}
