// Package api is the one door to AUREN: every operation that a program or a person can ask for is a row of Operations,
// with its name, the scope it needs, the types of its request and answer, and its documentation. Transports (HTTP, the
// command line, and those to come) only bind rows: they say where the parts of a request stand and how an answer looks.
//
// # A call
//
//	Caller, Operation ──Admit──▶ Admission ──Run(request)──▶ Reply, or an error
//
// Admit checks the caller and asks the Authorizer; nothing can be run without an Admission. A request is a JSON object,
// read by the Decoder of its row, which every transport uses: so an unknown field, a bound and a missing value are the
// same error everywhere. ProblemOf is the one table of how errors are shown.
//
// # A typed call
//
// Remember.Call(ctx, door, caller, request) makes the same call through any Door: a Service in this process, or a server
// elsewhere. The request is encoded and decoded on both, so the two cannot differ in what they accept.
package api

// Operations returns every row, commands first.
func Operations() []*Operation {
	return []*Operation{
		Remember.Operation, RememberBatch.Operation, Revise.Operation, AdjustConfidence.Operation, RecordEvidence.Operation,
		SetExpiry.Operation, Restore.Operation, Forget.Operation, ForgetMatching.Operation,
		GetMemory.Operation, ListMemories.Operation, SearchMemories.Operation, GetHistory.Operation, ListRecent.Operation,
		GetStats.Operation, GetPosition.Operation,
		ReadStream.Operation, ReadLog.Operation, FollowLog.Operation,
		ListProjections.Operation,
	}
}
