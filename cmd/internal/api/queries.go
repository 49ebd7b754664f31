package api

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
)

// GetMemoryRequest asks for one memory.
type GetMemoryRequest struct {
	MemoryID
	Moment
}

// ListMemoriesRequest asks for a page of memories.
type ListMemoriesRequest struct {
	Filter
	State      string `json:"state,omitempty" minLength:"1" enum:"active,forgotten,expired,all" default:"active" doc:"Only memories in this state; default all where filters ask for a state."`
	Order      string `json:"order,omitempty" minLength:"1" enum:"created,updated,recorded,confidence" default:"created" doc:"What to order by."`
	Descending bool   `json:"descending,omitempty" doc:"The newest, or the most certain, first."`
	Cursor     string `json:"cursor,omitempty" doc:"The next_cursor of the page before, with the same order and filter."`
	Limit      int    `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many at most; a page of very large memories ends earlier."`
	Moment
}

// GetHistoryRequest asks for the versions of one memory.
type GetHistoryRequest struct {
	MemoryID
	AfterVersion int `json:"after_version,omitempty" minimum:"0" maximum:"2147483647" doc:"The next_after_version of the page before."`
	Limit        int `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many versions at most."`
	Moment
}

// ListRecentRequest asks for what changed in the last days.
type ListRecentRequest struct {
	Owners
	Days  int `json:"days,omitempty" minimum:"1" maximum:"36525" default:"7" doc:"How many days back."`
	Limit int `json:"limit,omitempty" minimum:"1" maximum:"1000" default:"50" doc:"How many at most."`
	Moment
}

// GetStatsRequest asks how many memories there are.
type GetStatsRequest struct {
	Filter
	Moment
}

// GetPositionRequest asks where the log ends.
type GetPositionRequest struct{}

// Position is where a log ends.
type Position struct {
	SequenceID int64 `json:"sequence_id" doc:"That of the last event; 0 if there is none."`
}

// The questions about memories.
var (
	GetMemory = define(Operation{
		Name: "getMemory", Scope: Read, Summary: "Get one", Detail: "In whatever state it is.",
	}, (*Service).getMemory)

	ListMemories = define(Operation{
		Name: "listMemories", Scope: Read, Summary: "List",
		Detail: "Page by page: pass next_cursor on as cursor until it is empty.",
	}, (*Service).listMemories)

	GetHistory = define(Operation{
		Name: "getHistory", Scope: Read, Summary: "History of one",
		Detail: "Every version, the oldest first, with who made it and why.",
	}, (*Service).getHistory)

	ListRecent = define(Operation{
		Name: "listRecent", Scope: Read, Summary: "Recent",
		Detail: "What was created or changed in the last days, or in those before as_of, the latest first.",
	}, func(s *Service, ctx context.Context, c Caller, r *ListRecentRequest) (answer[queries.ListResult], error) {
		at, err := r.at()
		if err != nil {
			return answer[queries.ListResult]{}, err
		}
		return listed(s.deps.Queries.Recent(ctx, c.Tenant, (&Filter{Owners: r.Owners}).filter(), cmp.Or(r.Days, 7), r.Limit, at))
	})

	GetStats = define(Operation{
		Name: "getStats", Scope: Read, Summary: "Counts",
		Detail: "How many memories there are, by state, type, agent and user.",
	}, func(s *Service, ctx context.Context, c Caller, r *GetStatsRequest) (answer[queries.Stats], error) {
		at, err := r.at()
		if err != nil {
			return answer[queries.Stats]{}, err
		}
		stats, err := s.deps.Queries.Stats(ctx, c.Tenant, r.filter(), at)
		return answer[queries.Stats]{body: stats, sequenceID: stats.SequenceID}, err
	})

	GetPosition = define(Operation{
		Name: "getPosition", Scope: Read, Summary: "End of the log",
		Detail: "A query that is given it as min_sequence_id sees everything that was written before, by anyone.",
	}, func(s *Service, ctx context.Context, c Caller, _ *GetPositionRequest) (answer[Position], error) {
		head, err := s.deps.Log.Head(ctx, c.Tenant)
		return answer[Position]{body: Position{head.SequenceID}, sequenceID: head.SequenceID}, err
	})
)

func (s *Service) getMemory(ctx context.Context, c Caller, r *GetMemoryRequest) (answer[queries.Memory], error) {
	at, err := r.at()
	if err != nil {
		return answer[queries.Memory]{}, err
	}
	m, sequenceID, err := s.deps.Queries.Get(ctx, c.Tenant, r.ID, at)
	return answer[queries.Memory]{body: m, version: m.Version, sequenceID: sequenceID}, err
}

func (s *Service) listMemories(ctx context.Context, c Caller, r *ListMemoriesRequest) (answer[queries.ListResult], error) {
	at, err := r.at()
	if err != nil {
		return answer[queries.ListResult]{}, err
	}
	f := r.filter()
	f.State = r.State
	page := queries.Page{Order: queries.Order(r.Order), Descending: r.Descending, Cursor: r.Cursor, Limit: r.Limit}
	return listed(s.deps.Queries.List(ctx, c.Tenant, f, page, at))
}

func listed(l queries.ListResult, err error) (answer[queries.ListResult], error) {
	return answer[queries.ListResult]{body: l, sequenceID: l.SequenceID}, err
}

func (s *Service) getHistory(ctx context.Context, c Caller, r *GetHistoryRequest) (answer[queries.HistoryResult], error) {
	at, err := r.at()
	if err != nil {
		return answer[queries.HistoryResult]{}, err
	}
	h, err := s.deps.Queries.History(ctx, c.Tenant, r.ID, queries.HistoryPage{AfterVersion: r.AfterVersion, Limit: r.Limit}, at)
	return answer[queries.HistoryResult]{body: h, sequenceID: h.SequenceID}, err
}

// SearchMemoriesRequest asks for the memories that answer a question.
type SearchMemoriesRequest struct {
	Query   string   `json:"query,omitempty" nullable:"false" doc:"A question, or any words, in any language. No character of it has a meaning of its own; a phrase in \"quotes\" adds to the score of memories that hold it. Either query, queries, must, phrase or prefix must be given."`
	Queries []string `json:"queries,omitempty" nullable:"false" minItems:"1" maxItems:"20" doc:"Several, in place of query: each is answered in answers as if it were asked alone, all as of the same state. max_tokens is for all together."`
	Must    []string `json:"must,omitempty" nullable:"false" maxItems:"32" doc:"Texts, all of whose words a result must hold itself."`
	MustNot []string `json:"must_not,omitempty" nullable:"false" maxItems:"32" doc:"Texts, none of whose words a result may hold."`
	Phrase  []string `json:"phrase,omitempty" nullable:"false" maxItems:"32" doc:"Texts that must stand in the content, word after word."`
	Prefix  string   `json:"prefix,omitempty" nullable:"false" minLength:"1" doc:"The beginning of a word that a result must hold, such as what a person has typed so far."`
	Filter
	Limit     int        `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"How many results at most."`
	MinScore  float64    `json:"min_score,omitempty" minimum:"0" maximum:"1" doc:"Leave out results with a lower score."`
	Weights   Weights    `json:"weights,omitempty" nullable:"false" doc:"Shares of the score that are not those of words; none by default."`
	Neighbors *bool      `json:"neighbors,omitempty" nullable:"false" default:"true" doc:"Whether a word also counts, at a discount, if it stands in a memory told just before or after."`
	Explain   bool       `json:"explain,omitempty" doc:"Tell how each score came about."`
	Total     bool       `json:"total,omitempty" doc:"Tell how many memories are found in all."`
	Cursor    string     `json:"cursor,omitempty" doc:"The next_cursor of the page before, with everything else as there but limit, explain, total, max_tokens, context and why_not. The page is of the state of the memories that the first page was of."`
	MaxTokens int        `json:"max_tokens,omitempty" minimum:"1" maximum:"1000000" doc:"How many tokens the texts of the results take at most, by an estimate: 1 for each character of a script without spaces between words and for each emoji, 1 for each 4 bytes of UTF-8 of anything else. Results come in their order while they fit; too_long names those that exceed it alone. Each has its tokens."`
	Context   int        `json:"context,omitempty" minimum:"1" maximum:"6" doc:"Show so many memories told before, and so many told after each result, of the same agent, user and session, whatever the other filters say. None stands in an answer twice. They count within max_tokens, after the results."`
	WhyNot    *uuid.UUID `json:"why_not,omitempty" nullable:"false" doc:"A memory that is not among the results: why_not says what leaves it out. One that is not of the agents and users searched is not_found, as one that does not exist."`
	Fold      bool       `json:"fold,omitempty" doc:"Show one of the memories whose texts say nearly the same, the best, with the ids of the others as duplicates. The 1,000 best memories are compared, and no others are found."`
	Moment
}

// Weights are shares of a score.
type Weights struct {
	Recency       float64 `json:"recency,omitempty" minimum:"0" maximum:"1" doc:"The share of how recently the memory was updated."`
	HalfLifeDays  float64 `json:"half_life_days,omitempty" minimum:"0.001" maximum:"36525" default:"30" doc:"After how many days a memory is half as recent."`
	Confidence    float64 `json:"confidence,omitempty" minimum:"0" maximum:"1" doc:"The share of the memory's confidence."`
	Importance    float64 `json:"importance,omitempty" minimum:"0" maximum:"1" doc:"The share of a number from 0 to 1 in the metadata."`
	ImportanceKey string  `json:"importance_key,omitempty" nullable:"false" minLength:"1" default:"importance" doc:"The member of the metadata that holds that number."`
}

func (r *SearchMemoriesRequest) search() queries.SearchRequest {
	w := r.Weights
	return queries.SearchRequest{
		Query: r.Query, Queries: r.Queries, Must: r.Must, MustNot: r.MustNot, Phrase: r.Phrase, Prefix: r.Prefix,
		Filter: r.filter(), Limit: r.Limit, MinScore: r.MinScore, Explain: r.Explain, Total: r.Total, Cursor: r.Cursor, MaxTokens: r.MaxTokens, Context: r.Context, Fold: r.Fold, WhyNot: r.WhyNot,
		WithoutNeighbors: r.Neighbors != nil && !*r.Neighbors,
		Weights: queries.Weights{
			Recency: w.Recency, HalfLifeDays: w.HalfLifeDays,
			Confidence: w.Confidence, Importance: w.Importance, ImportanceKey: w.ImportanceKey,
		},
	}
}

// SearchMemories recalls.
var SearchMemories = define(Operation{
	Name: "searchMemories", Scope: Read, Summary: "Recall",
	Detail:  "The active memories that answer a question best, each with a score from 0 to 1, the best first. Pass next_cursor on as cursor for the next ones. With as_of, what the same search answered then.",
	Example: `{"query":"What keeps Ana awake at night?","agent_id":"coach","user_id":"ana","filters":{"OR":[{"metadata.topic":"sleep"},{"confidence":{"gte":0.8}}]},"limit":5}`,
}, func(s *Service, ctx context.Context, c Caller, r *SearchMemoriesRequest) (answer[queries.SearchResult], error) {
	at, err := r.at()
	if err != nil {
		return answer[queries.SearchResult]{}, err
	}
	result, err := s.deps.Queries.Search(ctx, c.Tenant, r.search(), at)
	return answer[queries.SearchResult]{body: result, sequenceID: result.SequenceID}, err
})

// ListProjectionsRequest asks how far the projections are.
type ListProjectionsRequest struct{}

// Projections are all that there are, of every tenant.
type Projections struct {
	Projections []projections.Status `json:"projections"`
}

// ListProjections tells how far the read models are.
var ListProjections = define(Operation{
	Name: "listProjections", Scope: Operate, Summary: "Projections",
	Detail: "How far the read models of each tenant are, and who keeps them up to date.",
}, func(s *Service, ctx context.Context, _ Caller, _ *ListProjectionsRequest) (answer[Projections], error) {
	if s.deps.Projections == nil {
		return answer[Projections]{}, domain.Errorf(domain.Unavailable, "this process does not look at projections")
	}
	all, err := s.deps.Projections(ctx)
	if all == nil {
		all = []projections.Status{}
	}
	return answer[Projections]{body: Projections{all}}, err
})
