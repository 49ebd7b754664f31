package lexicon_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// prefixed tells whether a document has a term that begins with a word of the query, as a search by prefix looks for it.
func prefixed(a *lexicon.Analyzer, document, query string) bool {
	d := a.Document(lexicon.Text{Content: canonjson.Text(document)})
	return !slices.ContainsFunc(a.Prefixes(query), func(p lexicon.Prefix) bool {
		return !slices.ContainsFunc(d.Terms, func(t lexicon.Term) bool {
			return slices.ContainsFunc(p.Begins, func(begin string) bool { return strings.HasPrefix(t.Text, begin) }) ||
				slices.ContainsFunc(p.Terms, func(a lexicon.Alternative) bool { return a.Term == t.Text })
		})
	})
}

func TestEachLanguageIsFoundByAWordAndAPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		languages string // default English only
		sentence  string
		word      string // a word, perhaps in another form
		part      string // a part of a word or of the sentence
		prefix    bool   // the part is found by prefix
	}{
		{"English", "", "She has been running with her children since 2019.", "child runs", "runn", true},
		{"German", "german", "Er wohnt in alten Häusern an der Straße nach Köln.", "haus strasse koeln", "wohn", true},
		{"German among English", "english german", "Die Katzen schlafen, while the dogs are running", "katze dog run", "schlaf", true},
		{"French", "french", "L'école est fermée pendant les vacances d’été.", "ecole vacance", "été", false},
		{"French by default", "", "L'école est fermée pendant les vacances d’été.", "école vacances", "vacan", true},
		{"Spanish", "spanish", "A mi niña le gustan las canciones de José.", "nina canción jose", "cancion", false},
		{"Portuguese", "portuguese", "O coração dele está em São Paulo.", "coracao sao", "coraç", true},
		{"Italian", "italian", "Dell'amicizia parlavano le ragazze perché era città.", "amicizia ragazza citta", "ragazz", false},
		{"Dutch", "dutch", "De kinderen spelen in de grote huizen.", "kinderen spelen", "kind", true},
		{"Danish", "danish", "Hun spiser smørrebrød på Strøget.", "smoerrebroed stroget", "spise", false},
		{"Swedish", "swedish", "Flickorna åker båt i Göteborg.", "flickor göteborg", "goteborg", false},
		{"Norwegian", "no", "Jentene går på ski i fjellene.", "jenter fjell", "ski", false},
		{"Finnish", "finnish", "Hän asuu vanhassa talossa Jyväskylässä.", "talo vanha", "jyvaskyla", true},
		{"Hungarian", "hungarian", "A gyerekek a kertben játszanak.", "gyerekek kertben", "jatsz", true},
		{"Romanian", "romanian", "Fetele cântă în București.", "fete bucuresti", "cânt", true},
		{"Irish", "irish", "Tá an leabhar ar an mbord.", "leabhar", "leabh", true},
		{"Polish", "", "Ona pije gorącą kawę w Łodzi.", "kawe lodzi", "gorac", true},
		{"Czech", "", "Příliš žluťoučký kůň úpěl ďábelské ódy.", "kun zlutoucky", "žluť", true},
		{"Turkish", "turkish", "Ayşe İstanbul'da kitaplar okuyor.", "istanbul kitap ayse", "istanbul'da", false},
		{"Vietnamese", "", "Tôi thích uống cà phê sữa đá ở Hà Nội.", "cà phê", "ha noi sua da", false},
		{"Indonesian", "", "Dia membaca buku di perpustakaan.", "buku", "perpus", true},
		{"Swahili", "", "Watoto wanasoma vitabu shuleni.", "vitabu", "wanaso", true},
		{"Icelandic", "", "Þórður býr í Reykjavík og á hund.", "thordur reykjavik", "reykja", true},
		{"Catalan", "", "El col·legi és a Barcelona.", "collegi", "barcel", true},
		{"Russian", "", "Мои дети читают новые книги о Фёдоре.", "книга новый федоре", "читать", false},
		{"Ukrainian", "", "Він любить м'ясо та каву в Києві.", "мясо каву", "києв", true},
		{"Bulgarian", "", "Тя обича черно кафе сутрин.", "кафе", "черн", true},
		{"Greek", "", "Η Ελένη πίνει καφέ στην ΑΘΉΝΑ κάθε ΜΈΡΑΣ.", "αθηνα καφε μερας", "Ελέν", true},
		{"Armenian", "", "Նա սիրում է սուրճ Երևանում:", "սուրճ", "Երևան", true},
		{"Georgian", "", "მას უყვარს ყავა თბილისში.", "ყავა", "თბილის", true},
		{"Hebrew", "", "הילדה קוראת ספר בבית, וגם שָׁלוֹם לצה\"ל.", "בית ילדה שלום צהל", "קורא", true},
		{"Arabic", "", "الأطفالُ يقرؤون الكتب في المَدْرَسَة.", "كتب مدرسة", "اطفال", false},
		{"Persian", "", "او کتاب\u200cهای تازه را می\u200cخواند.", "کتاب تازه", "كتاب", false},
		{"Urdu", "", "وہ روزانہ چائے پیتا ہے۔", "چائے", "روزان", true},
		{"Hindi", "", "वह हर सुबह १० किताबें पढ़ती है।", "सुबह 10", "किताब", true},
		{"Bengali", "", "সে প্রতিদিন চা পান করে।", "চা", "প্রতি", true},
		{"Punjabi", "", "ਉਹ ਕਿਤਾਬ ਪੜ੍ਹਦੀ ਹੈ।", "ਕਿਤਾਬ", "ਪੜ੍ਹ", true},
		{"Gujarati", "", "તે પુસ્તક વાંચે છે.", "પુસ્તક", "વાંચ", true},
		{"Tamil", "", "அவள் புத்தகங்களை படிக்கிறாள்.", "புத்தகங்கள்", "படி", true},
		{"Telugu", "", "ఆమె పుస్తకాలు చదువుతుంది.", "పుస్తకాలు", "పుస్తక", true},
		{"Kannada", "", "ಅವಳು ಪುಸ್ತಕ ಓದುತ್ತಾಳೆ.", "ಪುಸ್ತಕ", "ಓದು", true},
		{"Malayalam", "", "അവൾ പുസ്തകം വായിക്കുന്നു.", "പുസ്തകം", "വായി", true},
		{"Sinhala", "", "ඇය පොත් කියවයි.", "පොත්", "කිය", true},
		{"Amharic", "", "እሷ መጽሐፍ፡ታነባለች።", "መጽሐፍ", "ታነባ", true},
		{"Mongolian", "", "Тэр өглөө бүр ном уншдаг.", "ном", "уншд", true},
		{"Chinese", "", "我昨天在东京吃了一碗拉面，2024年。", "拉面", "昨天", false},
		{"Chinese, one character", "", "她有一只猫。", "猫", "只猫", false},
		{"Japanese", "", "私は毎朝コーヒーを飲みます。iPhoneも好き。", "毎朝 iphone", "コーヒー", false},
		{"Japanese, half width", "", "ｺｰﾋｰとラーメン", "コーヒー", "らーめん", false},
		{"Korean", "", "저는 서울에서 커피를 마셔요.", "커피", "서울", false},
		{"Thai", "", "ฉันชอบดื่มกาแฟทุกเช้า", "กาแฟ", "ชอบ", false},
		{"Lao", "", "ຂ້ອຍມັກດື່ມກາເຟ", "ກາເຟ", "ດື່ມ", false},
		{"Khmer", "", "ខ្ញុំចូលចិត្តកាហ្វេ", "កាហ្វេ", "ចិត្ត", false},
		{"Burmese", "", "ကျွန်တော်ကော်ဖီကြိုက်တယ်", "ကော်ဖီ", "ကြိုက်", false},
		{"Tibetan", "", "ང་ཇ་འཐུང་གི་ཡོད།", "ཇ", "འཐུང", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, err := lexicon.New(strings.Fields(c.languages)...)
			require.NoError(t, err)
			requireFound(t, a, c.sentence, c.sentence)
			requireFound(t, a, c.sentence, c.word)
			if !c.prefix {
				requireFound(t, a, c.sentence, c.part)
			}
			require.True(t, prefixed(a, c.sentence, c.part), c.part)
			require.False(t, prefixed(a, c.sentence, "xylophone"))
		})
	}
}

func TestEachLanguageHasItsMonths(t *testing.T) {
	t.Parallel()
	names := strings.Fields("ar da nl en fi fr de hu ga it no pt ro ru es sv ta tr")
	every, err := lexicon.New(names...)
	require.NoError(t, err)
	for month := range time.Month(12) {
		at := time.Date(2026, month+1, 15, 0, 0, 0, 0, time.UTC)
		for _, name := range names {
			a, err := lexicon.New(name)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(a.Document(lexicon.Text{At: at}).Terms), 3, name)
		}
		require.Greater(t, len(every.Document(lexicon.Text{At: at}).Terms), 12)
	}
	german, err := lexicon.New("german", "english")
	require.NoError(t, err)
	require.ElementsMatch(t, []lexicon.Term{{"11", 0, 0, 1}, {"2026", 0, 0, 1}, {"march", 0, 0, 1}, {"marz", 0, 0, 1}, {"märz", 0, 0, 1}, {"~maerz", 0, 0, 1}},
		plain(german.Document(lexicon.Text{At: time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)}).Terms))
}
