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
