// Package fanout relays every event, after it has been projected, to the JetStream stream AUREN_EVENTS: each once,
// in the order of the log. JetStream is never the only copy: what it lost is relayed again.
//
// # Messages
//
// The subject is auren.evt.<tenant>.<agent>.<user>.<event_type>, each token escaped by EscapeToken. A message is a
// CloudEvent 1.0 in binary mode: its attributes are headers, written in lower case since NATS compares
// headers byte by byte, their values percent-encoded as the HTTP binding has it (space, quotation mark, per cent
// sign and whatever is not printable ASCII). The body is the whole event as JSON, the same as everywhere else in the API.
//
//	Nats-Msg-Id          the event's id
//	ce-specversion       1.0
//	ce-id                the event's id
//	ce-type              the event_type
//	ce-source            /auren/<tenant>
//	ce-subject           the memory's id
//	ce-time              occurred_at
//	ce-datacontenttype   application/json; also as Content-Type, where some readers look for it
//	ce-tenant, ce-sequenceid, ce-version, ce-actor, ce-recordedtime (created_at), and where the
//	command had them ce-correlationid, ce-causationid, ce-traceparent
//
// An event larger than the server lets a message be leaves with a payload of null and a ce-dataref, the
// path of the HTTP API at which it can be read.
//
// # Once, and in order
//
// Of each tenant the relay knows the tail: the stream's last message on auren.evt.<tenant>.>, by its place in the stream.
// It publishes a batch atomically (all messages or none become visible) with the condition that the tail is still
// where it was. So of two relays that believe to lead at once, one is refused and nothing of its batch is written. A stream that
// is made anew begins to count at the microseconds since 1970: no place in it is one that a relay remembers of the stream before.
// A store that is replaced by an older copy counts on from there: a relay that is suspended in mid-delivery all the while, and
// wakes when others have come to the very place that it knows, is not refused.
// The lease of the runner merely keeps that from happening often.
//
// After any failure, and whenever a lease was taken, the tail is read anew and says after which event to go on: a
// batch whose acknowledgement was lost is found to be there, and is not sent again. The checkpoint follows.
//
// # Back-pressure
//
// A batch waits for the one before it, so that of the log at most one batch of the runner is in memory. A server that is
// full, slow, paused or without a leader makes deliveries fail: the runner pauses, asks for the tail again and goes
// on from there, and meanwhile the checkpoint's lag says how much waits in the log. While the connection is down
// nothing is published: what it would keep to send later has come too late by then.
//
// # Loss
//
// JetStream syncs its files every two minutes, so it can lose what it acknowledged; it can be rolled back, purged or
// deleted. Then the tail is behind the checkpoint, and relaying goes on from the tail. Where the tenant has no
// message at all,
//
//   - and the stream is full (by its bytes or by the messages that the operator allows), the tenant was last relayed into
//     this very stream, and the stream's oldest message came later: then its messages had to make room, and relaying goes on
//     from the checkpoint;
//   - otherwise they were lost or dropped for their age: all events younger than Config.MaxAge are relayed again,
//     since older ones would be gone anyway.
//
// When the tenant was last relayed is when its checkpoint last moved (updated_at); the stream tells when it was made and
// when its oldest message came. So each tenant is refilled once after a loss, though what is refilled drives out what was
// before: a tenant that others drove out was relayed later than the stream was made. That a stream was purged, it
// does not tell; a relay that finds it empty takes it for a new one. Where another relay has filled it before
// this one looks, or a stream is given more room after it has dropped something, the relay cannot tell the one from the other
// and goes by whether the stream is full.
//
// A tenant's loss is found out with its next event, or when its lease is taken.
//
// A tail that the log does not hold (the database was restored from a backup that is older than the stream, or is another
// one) stops the tenant with that reason: whichever of the two is right, more of the same would be wrong.
//
// # Requirements
//
// nats-server 2.12 or newer; where its configuration sets jetstream.limits.max_batch_size, to 1,000 or more. The relay
// needs to publish on auren.evt.> and to call STREAM.INFO and STREAM.MSG.GET of the stream; STREAM.CREATE and
// STREAM.UPDATE only where the stream is missing or is configured differently.
package fanout
