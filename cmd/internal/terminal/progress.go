package terminal

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Progress is a bar with rate and time left; in a pipe it is silent. Only one goroutine may use it.
type Progress struct {
	container *mpb.Progress
	bar       *mpb.Bar

	first int64 // where the work was when it was looked at first: a rebuild that was broken off goes on from there
	began time.Time

	mu   sync.Mutex
	said string
}

// NewProgress draws a bar that is full at total. A total of 0 is set by the first move.
func NewProgress(s *Screen, name string) *Progress {
	p := &Progress{}
	if !s.IsTerminal() {
		return p
	}
	p.container = mpb.New(mpb.WithOutput(s.to), mpb.WithWidth(min(s.Width-2, 100)), mpb.WithAutoRefresh())
	p.bar = p.container.New(0, mpb.BarStyle().Lbound(" ").Filler("━").Tip("━").Padding(" ").Rbound(" "),
		mpb.PrependDecorators(decor.Name("  "+name, decor.WC{C: decor.DindentRight, W: 14})),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(p.status)),
	)
	return p
}

func (p *Progress) status(decor.Statistics) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// Move tells how far the work is, and of what it consists: done and perSecond count those.
func (p *Progress) Move(current, total int64, done int64, of string, perSecond float64) {
	if p.bar == nil {
		return
	}
	if p.began.IsZero() {
		p.first, p.began = current, time.Now()
	}
	left := timeLeft(time.Since(p.began), p.first, current, total)
	p.mu.Lock()
	p.said = fmt.Sprintf("  %s %s  %s/s  %s left", Number(done), of, Number(int64(perSecond)), left.Round(time.Second))
	p.mu.Unlock()
	p.bar.SetTotal(total, false)
	p.bar.SetCurrent(current)
}

// timeLeft is how long the rest takes at the rate of what was done since first.
func timeLeft(elapsed time.Duration, first, current, total int64) time.Duration {
	if current <= first {
		return 0
	}
	return time.Duration(float64(elapsed) * float64(total-current) / float64(current-first))
}

// End leaves the bar as it is where the work was done, and takes it away where it was not.
func (p *Progress) End(ok bool) {
	if p.bar == nil {
		return
	}
	if ok {
		p.bar.SetTotal(-1, true)
	} else {
		p.bar.Abort(true)
	}
	p.container.Wait()
}
