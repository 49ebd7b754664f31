package eventstore

// The statements that look something up.
var (
	ReadStreams = readStreams
	ReadLog     = readLog
)

// AppendTime is appendTime.
var AppendTime = appendTime
