package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// screen is standard error, shared by lines of text and a progress bar: while
// there is a bar, lines go through it and come to stand above it.
type screen struct {
	mu   sync.Mutex
	w    io.Writer
	bars *mpb.Progress // nil while there is no bar
}

// Write writes whole lines. Beside a bar they are seen at its next refresh.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bars != nil {
		n, err := s.bars.Write(p)
		if !errors.Is(err, mpb.ErrDone) {
			return n, err
		}
		s.bars = nil // it ended by itself: the terminal takes no bar any more
	}
	return s.w.Write(p)
}

// progress shows how far a long run is: a bar on a terminal, a plain line now
// and then elsewhere, nothing when silent.
type progress struct {
	screen *screen
	name   string
	bars   func() *mpb.Progress // nil where there is no terminal

	// The screen's mutex guards the rest.
	silent bool
	bar    *mpb.Bar // nil until there is something to show
	began  time.Time
	next   time.Time // no plain line before
}

const (
	barEvery   = 100 * time.Millisecond
	barWidth   = 42
	plainEvery = 10 * time.Second // a shorter run shows no plain line
)

func newProgress(s *screen, stderr io.Writer, name string, silent bool) *progress {
	now := time.Now()
	p := &progress{screen: s, name: name, silent: silent, began: now, next: now.Add(plainEvery)}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		// A terminal that does not tell its size has no room for a bar.
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 && height > 0 {
			p.bars = func() *mpb.Progress {
				return mpb.New(mpb.WithOutput(f), mpb.WithRefreshRate(barEvery))
			}
		}
	}
	return p
}

// show tells that done of total bytes are read; total is 0 or less where it is
// not known. It is safe for concurrent use.
func (p *progress) show(done, total int64) {
	p.screen.mu.Lock()
	defer p.screen.mu.Unlock()
	if p.silent {
		return
	}
	if p.bars == nil {
		if now := time.Now(); !now.Before(p.next) {
			p.next = now.Add(plainEvery)
			fmt.Fprintf(p.screen.w, "%s: %s\n", p.name, progressText(done, total))
		}
		return
	}
	if p.bar == nil {
		p.screen.bars = p.bars()
		p.bar = p.raise(p.screen.bars, total)
	}
	p.bar.SetCurrent(done)
}

// raise adds a bar to bars: name, bar, percentage, bytes, and the time that is
// left at the speed so far; a spinner and bytes where the total is not known.
func (p *progress) raise(bars *mpb.Progress, total int64) *mpb.Bar {
	style, width := mpb.BarFillerBuilder(mpb.BarStyle().Padding(" ")), barWidth
	if total <= 0 {
		style, width = mpb.SpinnerStyle("|", "/", "-", "\\"), 1
	}
	// The bar is made without a total, for else it would end with the input,
	// when there is work left to do.
	bar := bars.New(0, style, mpb.BarWidth(width), mpb.PrependDecorators(decor.Name(p.name)),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			return progressText(s.Current, s.Total) + leftText(s.Current, s.Total, time.Since(p.began))
		})))
	bar.SetTotal(max(total, 0), false)
	return bar
}

// close takes the bar away, for good, and lets the lines above it be seen.
func (p *progress) close() {
	p.screen.mu.Lock()
	defer p.screen.mu.Unlock()
	p.silent = true
	if p.screen.bars != nil {
		p.bar.Abort(true)
		p.screen.bars.Wait()
		p.screen.bars = nil
	}
}

// progressText tells how much of total is done, or how much is done where the
// total is not known.
func progressText(done, total int64) string {
	if total <= 0 {
		return bytesText(done)
	}
	percent := min(max(int64(float64(done)/float64(total)*100), 0), 100)
	return fmt.Sprintf("%d %% of %s", percent, bytesText(total))
}

// leftText tells the time that is left, once that can be told. (The library's
// own estimate counts whole nanoseconds a byte, which is too coarse here.)
func leftText(done, total int64, took time.Duration) string {
	if took <= 2*time.Second || done <= 0 || done >= total {
		return ""
	}
	left := time.Duration(float64(took) * float64(total-done) / float64(done))
	return fmt.Sprintf(", %s left", left.Round(time.Second))
}

// bytesText writes a number of bytes for people.
func bytesText(n int64) string {
	if n < 0 {
		return "unknown size"
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, u := float64(n), 0
	for f >= 1024 && u < len(units)-1 {
		f /= 1024
		u++
	}
	if u == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}
