package terminal

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Progress is a bar with rate and time left for each phase of a piece of work, one below the other; in a pipe it is silent.
// Only one goroutine may use it.
type Progress struct {
	screen    *Screen
	phase     string
	container *mpb.Progress
	bar       *mpb.Bar // nil between two phases

	// Where the phase was when it was looked at first: a rebuild that was interrupted goes on from there.
	first, firstDone int64
	began            time.Time

	mu   sync.Mutex
	said string
}

// NewProgress makes a progress without a bar; the first move draws one.
func NewProgress(s *Screen) *Progress { return &Progress{screen: s} }

func (p *Progress) begin(phase string, current, done int64) {
	p.phase, p.first, p.firstDone, p.began = phase, current, done, time.Now()
	p.container = mpb.New(mpb.WithOutput(p.screen.to), mpb.WithWidth(min(p.screen.Width-2, 100)), mpb.WithAutoRefresh())
	p.bar = p.container.New(0, mpb.BarStyle().Lbound(" ").Filler("━").Tip("━").Padding(" ").Rbound(" "),
		mpb.PrependDecorators(decor.Name("  "+phase, decor.WC{C: decor.DindentRight, W: 14})),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(p.status)),
	)
}

func (p *Progress) status(decor.Statistics) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// Move tells how far a phase is, and of what it consists: done counts those. A phase other than before gets a bar of its own. A
// total of 0 means that there is nothing to do.
func (p *Progress) Move(phase string, current, total, done int64, of string) {
	if !p.screen.IsTerminal() {
		return
	}
	if p.bar == nil || phase != p.phase {
		p.End(true)
		p.begin(phase, current, done)
	}
	if total == 0 {
		current, total = 1, 1
	}
	elapsed := time.Since(p.began)
	perSecond := float64(done-p.firstDone) / max(elapsed.Seconds(), 1e-3)
	left := timeLeft(elapsed, p.first, current, total)
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
	p.bar = nil
}
