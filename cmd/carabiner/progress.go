package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// screen is standard error, shared by lines of text and a progress bar: before
// a line is written the bar is taken away.
type screen struct {
	mu  sync.Mutex
	w   io.Writer
	bar string // what stands on the last line
}

// Write writes whole lines.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.draw(""); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}

// draw puts bar in place of the bar that is there; "" takes it away.
func (s *screen) draw(bar string) error {
	if bar == s.bar {
		return nil
	}
	s.bar = bar
	_, err := io.WriteString(s.w, "\r\x1b[K"+bar) // return, erase to the end of the line
	return err
}

// progress shows how far a long run is: a bar on a terminal, a plain line now
// and then elsewhere, nothing when silent.
type progress struct {
	screen   *screen
	name     string
	silent   bool
	terminal func() (width int, ok bool)
	began    time.Time
	next     time.Time // nothing is shown before
}

const (
	barEvery   = 100 * time.Millisecond
	plainEvery = 10 * time.Second // a shorter run shows no plain line
)

func newProgress(s *screen, stderr io.Writer, name string, silent bool) *progress {
	p := &progress{screen: s, name: name, silent: silent, began: time.Now(), terminal: func() (int, bool) { return 0, false }}
	p.next = p.began.Add(plainEvery)
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.next = p.began
		p.terminal = func() (int, bool) {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width <= 0 {
				width = 80
			}
			return width, true
		}
	}
	return p
}

// show tells that done of total bytes are read; total is 0 or less where it is
// not known. It is safe for concurrent use.
func (p *progress) show(done, total int64) {
	if p.silent {
		return
	}
	p.screen.mu.Lock()
	defer p.screen.mu.Unlock()
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	if width, ok := p.terminal(); ok {
		p.next = now.Add(barEvery)
		// A bar that cannot be drawn is no reason to stop.
		_ = p.screen.draw(bar(p.name, done, total, now.Sub(p.began), width))
		return
	}
	p.next = now.Add(plainEvery)
	if total > 0 {
		fmt.Fprintf(p.screen.w, "%s: %d %% of %s\n", p.name, percent(done, total), bytesText(total))
	} else {
		fmt.Fprintf(p.screen.w, "%s: %s\n", p.name, bytesText(done))
	}
}

// bar draws a line that is shorter than width: name, bar, percentage, bytes,
// and the time that is left at the speed so far.
func bar(name string, done, total int64, took time.Duration, width int) string {
	if total <= 0 {
		return cut(fmt.Sprintf("%s  %s", name, bytesText(done)), width)
	}
	tail := fmt.Sprintf(" %3d %% of %s", percent(done, total), bytesText(total))
	if took > 2*time.Second && done > 0 && done < total {
		left := time.Duration(float64(took) * float64(total-done) / float64(done))
		tail += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	room := min(width-len(name)-len(tail)-4, 40)
	if room < 5 {
		return cut(name+tail, width)
	}
	full := int(percent(done, total)) * room / 100
	return name + " [" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]" + tail
}

func cut(line string, width int) string { return line[:min(len(line), max(width-1, 0))] }

func percent(done, total int64) int64 {
	return min(max(int64(float64(done)/float64(total)*100), 0), 100)
}

// close takes the bar away.
func (p *progress) close() {
	p.screen.mu.Lock()
	defer p.screen.mu.Unlock()
	_ = p.screen.draw("")
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
