package jsonimport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/google/uuid"
)

// reader turns files into batches. It runs in its own goroutine and shares only what it sends; in a FileReport it sets
// only the problem and the remarks.
type reader struct {
	options Options
	mapper  mapper
	tree    *tree
	seen    seen
	send    func(*batch) error
	batch   *batch
	files   []*FileReport
	// before is the total size of the files before the current one.
	before int64
	// failed is the error that ends the run, as opposed to one that ends a file.
	failed error
}

func newReader(r *run, send func(*batch) error) *reader {
	return &reader{
		options: r.options, tree: r.tree, seen: seen{}, send: send, batch: newBatch(), files: []*FileReport{},
		mapper: mapper{owners: newOwners(r.options), zone: r.options.Zone, secret: r.deps.Secret, merge: r.options.MergeDuplicateHypotheses},
	}
}

func (r *reader) all(ctx context.Context, sources []source) error {
	for _, s := range sources {
		file := &FileReport{Path: s.path, Bytes: s.size, Problem: s.problem}
		r.files = append(r.files, file)
		if file.Problem == "" {
			file.Problem = r.file(ctx, s, file)
		}
		if r.failed != nil {
			return r.failed
		}
		r.before += s.size
	}
	return r.flush(r.before)
}

func (r *reader) flush(read int64) error {
	b := r.batch
	if len(b.items) == 0 {
		return nil
	}
	b.read = read
	r.batch = newBatch()
	return r.send(b)
}

// file reads one file and returns the problem that ended it early, if any.
func (r *reader) file(ctx context.Context, s source, file *FileReport) (problem string) {
	in, err := r.tree.open(s.path)
	if err != nil {
		return unreadable(err)
	}
	defer in.Close()
	marks, err := byteOrderMark(in)
	switch {
	case err != nil:
		return unreadable(err)
	case marks < 0:
		return "is in UTF-16; save it as UTF-8"
	case marks > 0:
		file.remark("begins with a byte order mark")
	}
	from := origin{path: s.path, rooted: path.Join(r.tree.name, s.path), modified: s.modified, statements: statements{}}
	outline, err := surveyor{tokens: newTokenizer(in), hypothesis: from.statements.add}.survey(0)
	if outline.kind == 0 {
		if errors.Is(err, errEndsEarly) {
			return "is empty"
		}
		return unreadable(err)
	}
	from.level = outline.fileLevel()
	if _, err := in.Seek(int64(marks), io.SeekStart); err != nil {
		return unreadable(err)
	}
	tokens := newTokenizer(in)
	tokens.base = int64(marks)
	tokens.fault = func(offset int64, problem string) { file.remark(fmt.Sprintf("at byte %d: %s", offset, problem)) }
	c := cutter{
		tokens: tokens,
		emit:   func(e element) error { return r.record(ctx, &from, file, e, tokens) },
		unread: func(section string) { file.remark(section + " is not part of a record and was not imported") },
	}
	err = c.cut(outline, "")
	if err == nil || errors.Is(err, errBroken) {
		if restErr := c.rest(); err == nil {
			err = restErr
		}
	}
	return r.fileProblem(err)
}

func (r *reader) fileProblem(err error) string {
	switch {
	case err == nil || r.failed != nil:
		return ""
	case errors.Is(err, errEndsEarly) || errors.Is(err, errBroken):
		return err.Error()
	default:
		return unreadable(err)
	}
}

// record maps one record, decides its verdict if the importer is not needed for it, and adds it to the batch.
func (r *reader) record(ctx context.Context, from *origin, file *FileReport, e element, tokens *tokenizer) error {
	m, err := r.mapper.record(from, e)
	i := item{element: e, file: file, outcome: Outcome{
		File: from.path, Section: e.section, Index: e.index, ID: m.record.ID,
		AgentID: m.record.Draft.AgentID, UserID: m.record.Draft.UserID, Notes: m.notes,
	}}
	if err == nil {
		i.outcome.Verdict, i.outcome.Reason = r.seen.judge(&m, file, e)
	} else {
		i.outcome.Verdict, i.outcome.Reason = Rejected, err.Error()
		if _, ok := errors.AsType[*mergedError](err); ok {
			i.outcome.Verdict = Duplicate
		}
	}
	if i.outcome.Verdict == "" {
		i.mapped = &m
	}
	r.batch.add(i)
	if len(r.batch.records) >= r.options.BatchRecords || r.batch.size >= r.options.BatchBytes {
		if r.failed = r.flush(r.before + tokens.offset()); r.failed == nil {
			r.failed = ctx.Err()
		}
	}
	return r.failed
}

// seen holds the records of a run by id, or by the first bytes of their keys. It grows by about 100 bytes per record.
type seen map[uuid.UUID]first

// first is the first record with an id.
type first struct {
	digest  [16]byte
	file    *FileReport
	section string
	index   int
}

// judge looks for an earlier record of this run with the same id and returns the verdict and its reason: the same record
// is a duplicate, a different one is a conflict, which rejects the second.
func (s seen) judge(m *mapped, file *FileReport, e element) (Verdict, string) {
	id, short := m.record.ID, [16]byte(m.record.Digest[:])
	if id == uuid.Nil {
		id = uuid.UUID(m.record.Key[:16])
	}
	before, ok := s[id]
	if !ok {
		s[id] = first{digest: short, file: file, section: e.section, index: e.index}
		return "", ""
	}
	where := Outcome{File: before.file.Path, Section: before.section, Index: before.index}.place()
	if before.digest == short {
		return Duplicate, "the same record as " + where
	}
	return Rejected, "id: another record has the same id, " + strconv.Quote(where)
}

// byteOrderMark looks for a byte order mark at the start of a file and returns its length for UTF-8, -1 for UTF-16, 0 if
// there is none. The file is then positioned after it.
func byteOrderMark(in io.ReadSeeker) (int, error) {
	head := make([]byte, 3)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return 3, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return -1, nil
	}
	_, err = in.Seek(0, io.SeekStart)
	return 0, err
}
