package eventstore

// The statements that look something up.
var (
	ReadStreams  = readStreams
	ReadLog      = readLog
	ReadImported = readImported
)
