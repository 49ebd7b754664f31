// Package fanout relays every event, after it has been projected, to the JetStream stream AUREN_EVENTS: each once,
// in the order of the log. JetStream is never the only copy: the relay publishes lost messages again.
//
// # Messages
//
// The subject is auren.evt.<tenant>.<agent>.<user>.<event_type>, each token escaped by EscapeToken. A message is a
// CloudEvent 1.0 in binary mode: its attributes are headers, in lower case since NATS compares headers byte by byte,
// with values percent-encoded as in the HTTP binding (space, quotation mark, per cent sign and everything that is not
// printable ASCII). The body is the whole event as JSON, as everywhere else in the API.
//
//	Nats-Msg-Id          the event's id
//	ce-specversion       1.0
//	ce-id                the event's id
//	ce-type              the event_type
//	ce-source            /auren/<tenant>
//	ce-subject           the memory's id
//	ce-time              occurred_at
//	ce-datacontenttype   application/json; also as Content-Type, for readers that look there
//	ce-tenant, ce-sequenceid, ce-version, ce-actor, ce-recordedtime (created_at), and, if the
//	command had them, ce-correlationid, ce-causationid, ce-traceparent
//
// An event that exceeds the server's maximum message size is published with a payload of null and a ce-dataref, the
// path of the HTTP API at which it can be read.
//
// # Once, and in order
//
// For each tenant the relay knows the tail: the stream sequence of the last message on auren.evt.<tenant>.>. It
// publishes a batch atomically (all messages become visible or none) on condition that the tail has not moved. So if two
// relays both believe that they lead, the server rejects the batch of one as a whole. The lease of the runner merely makes
// that rare.
//
// A recreated stream begins with the microseconds since 1970 as its first sequence, so a tail that a relay remembers from
// the stream before cannot match. A store that is replaced by an older copy continues the copy's sequence: a relay that
// is suspended in mid-delivery meanwhile, and wakes when others have reached the very sequence that it knows, is not
// rejected.
//
// After any failure, and whenever it takes a lease, the relay reads the tail again and resumes after that event: a batch
// whose acknowledgement was lost is found in the stream and not sent again. The checkpoint follows.
//
// # Back-pressure
//
// A batch waits for the one before it, so at most one batch of the runner is in memory. If the server is full, slow,
// paused or without a leader, deliveries fail: the runner pauses, reads the tail again and resumes from there. Meanwhile
// the checkpoint's lag shows how much waits in the log. While the connection is down the relay publishes nothing: messages
// that the client buffers would be stale by the time it sends them.
//
// # Loss
//
// JetStream syncs its files every two minutes, so it can lose acknowledged messages; an operator can roll a stream back,
// purge or delete it. Then the tail is behind the checkpoint, and the relay resumes from the tail. If the stream holds no
// message of the tenant at all, there are two cases:
//
//	case      | condition                                                    | resume
//	----------+--------------------------------------------------------------+------------------------------------------
//	made room | the stream is full (by its bytes or the operator's limit of  | from the checkpoint
//	          | messages), the tenant was last relayed into this very        |
//	          | stream, and the stream's oldest message is newer than that   |
//	lost      | otherwise: lost, purged or dropped for their age             | from the oldest event younger than
//	          |                                                              | Config.MaxAge; older ones would be gone
//
// A tenant was last relayed when its checkpoint last moved (updated_at); the stream reports when it was created and the
// time of its oldest message. So each tenant is refilled once after a loss, even if the refill drops messages of other
// tenants: those were relayed after the stream was created. A stream does not report a purge; a relay that finds it empty
// treats it as new. If another relay has filled a purged stream before this one reads it, or if a stream gets more room
// after it has dropped messages, the relay cannot tell the cases apart and decides by whether the stream is full.
//
// The relay notices a tenant's loss with its next event, or when it takes the lease.
//
// A tail that is not in the log (the database was restored from a backup that is older than the stream, or is another
// database) stops the tenant with that reason: whichever of the two is right, publishing more would be wrong.
//
// # Requirements
//
// nats-server 2.12 or newer, with jetstream.limits.max_batch_size unset or at least 1,000. The relay's account needs to
// publish on auren.evt.> and to call STREAM.INFO and STREAM.MSG.GET of the stream; it needs STREAM.CREATE and
// STREAM.UPDATE only if the stream is missing or configured differently.
package fanout
