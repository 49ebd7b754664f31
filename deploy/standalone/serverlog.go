package standalone

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const maxLog = 10 * mib

// serverLog is the file that the server writes its stderr to, itself: what it says after our death is kept.
type serverLog struct {
	file  *os.File
	start int64 // where this run of the server begins
}

func openLog(path string) (*serverLog, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("server log: %w", err)
	}
	l := &serverLog{file: file}
	if err := l.rotate(maxLog); err != nil {
		file.Close()
		return nil, fmt.Errorf("server log: %w", err)
	}
	return l, nil
}

// mark begins a run of the server.
func (l *serverLog) mark() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("server log: %w", err)
	}
	l.start = info.Size()
	return nil
}

// rotate copies a log that has reached limit to the file with .1 appended and empties it. It cannot be
// renamed: the server holds it open. What the server says between the two steps is lost.
func (l *serverLog) rotate(limit int64) error {
	info, err := l.file.Stat()
	if err != nil || info.Size() < limit {
		return err
	}
	former, err := os.OpenFile(l.file.Name()+".1", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer former.Close()
	if _, err := io.Copy(former, io.NewSectionReader(l.file, 0, info.Size())); err != nil {
		return err
	}
	l.start = 0
	return l.file.Truncate(0)
}

// tail is the end of what the server said in this run, for an error.
func (l *serverLog) tail() string {
	info, err := l.file.Stat()
	if err != nil {
		return ""
	}
	from := max(l.start, info.Size()-2000)
	text := make([]byte, max(0, info.Size()-from))
	n, _ := l.file.ReadAt(text, from) // less is better than nothing
	return strings.TrimSpace(string(text[:n]))
}

func (l *serverLog) close() {
	l.file.Close()
}
