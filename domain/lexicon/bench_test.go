package lexicon_test

import (
	"strings"
	"testing"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// BenchmarkDocument takes texts of a kilobyte.
func BenchmarkDocument(b *testing.B) {
	for name, sentence := range map[string]string{
		"English":            "Yesterday she went running with her children along the river, since the doctor said that it would help her to sleep better. ",
		"English apostrophe": "Yesterday she’d gone running with Ana’s children along the river – the doctor said it’ll help her to sleep better… ",
		"Code":               "The function getUserById in /srv/app/users.go returns user_id and e-mail (ana@example.com) within 10ms, see #4711. ",
		"Russian":            "Вчера она бегала с детьми вдоль реки, потому что врач сказал, что это поможет ей лучше спать. ",
		"Chinese":            "昨天她和孩子们沿着河边跑步，因为医生说这会帮助她睡得更好。",
		"Thai":               "เมื่อวานเธอไปวิ่งกับลูกๆ ริมแม่น้ำ เพราะหมอบอกว่าจะช่วยให้เธอนอนหลับได้ดีขึ้น ",
	} {
		text := strings.Repeat(sentence, 20)
		var texts []lexicon.Text // that begin at different places
		for at := range len(sentence) {
			texts = append(texts, lexicon.Text{Type: "observation", Content: canonjson.Text(strings.ToValidUTF8(text[at:at+1000], ""))})
		}
		b.Run(name, func(b *testing.B) {
			a := lexicon.Default()
			b.SetBytes(1000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a.Document(texts[i%len(texts)])
			}
		})
	}
}
