package eventstore

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// encodeAtOnce has the payloads of a batch encoded into a buffer that is large enough from the beginning. Else it would grow with
// them, and copy and throw away several times what is sent.
func encodeAtOnce(types *pgtype.Map) {
	if t, ok := types.TypeForOID(pgtype.JSONArrayOID); ok {
		if _, done := t.Codec.(jsonArrayCodec); done {
			return
		}
	}
	element, _ := types.TypeForOID(pgtype.JSONOID)
	types.RegisterType(&pgtype.Type{Name: "_json", OID: pgtype.JSONArrayOID, Codec: jsonArrayCodec{&pgtype.ArrayCodec{ElementType: element}}})
}

type jsonArrayCodec struct{ *pgtype.ArrayCodec }

// PlanEncode is that of every array, but for JSON that is encoded already.
func (c jsonArrayCodec) PlanEncode(types *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	plan := c.ArrayCodec.PlanEncode(types, oid, format, value)
	if _, ok := value.(pgtype.FlatArray[[]byte]); ok && plan != nil {
		return encodeJSONArray{plan}
	}
	return plan
}

type encodeJSONArray struct{ pgtype.EncodePlan }

// Encode appends the array.
func (p encodeJSONArray) Encode(value any, buf []byte) ([]byte, error) {
	const header, elementHeader = 20, 4 // the length
	size := header
	for _, element := range value.(pgtype.FlatArray[[]byte]) {
		size += elementHeader + len(element)
	}
	return p.EncodePlan.Encode(value, slices.Grow(buf, size))
}
