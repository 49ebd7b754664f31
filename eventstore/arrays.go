package eventstore

import (
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
)

// firstArray is an array of JSON that is encoded before the other arrays of a statement, into a buffer that then has room for so
// many bytes. Else the buffer would grow with what is encoded, and copy and throw away several times what is sent.
type firstArray struct {
	pgtype.FlatArray[[]byte]
	room int
}

// encodeFirstArrays has the firstArrays of a connection encoded so.
func encodeFirstArrays(types *pgtype.Map) {
	if t, ok := types.TypeForOID(pgtype.JSONArrayOID); ok {
		if _, done := t.Codec.(jsonArrayCodec); done {
			return
		}
	}
	element, _ := types.TypeForOID(pgtype.JSONOID)
	types.RegisterType(&pgtype.Type{Name: "_json", OID: pgtype.JSONArrayOID, Codec: jsonArrayCodec{&pgtype.ArrayCodec{ElementType: element}}})
}

type jsonArrayCodec struct{ *pgtype.ArrayCodec }

// PlanEncode is that of every array, but for a firstArray.
func (c jsonArrayCodec) PlanEncode(types *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	plan := c.ArrayCodec.PlanEncode(types, oid, format, value)
	if _, ok := value.(firstArray); ok && plan != nil {
		return encodeFirstArray{plan}
	}
	return plan
}

type encodeFirstArray struct{ pgtype.EncodePlan }

// Encode appends the array.
func (p encodeFirstArray) Encode(value any, buf []byte) ([]byte, error) {
	return p.EncodePlan.Encode(value, slices.Grow(buf, value.(firstArray).room))
}
