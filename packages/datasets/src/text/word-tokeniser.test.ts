import { expect, test } from 'vitest'
import { wordTokeniser } from './word-tokeniser.js'

const tokeniser = wordTokeniser()
const tokens = (text: string): readonly string[] => tokeniser.tokens(text)

test.each([
  ['', []],
  [' \t\n\u3000\u00a0 ', []],
  ["Don't pay $1,000!! At 12:30, 3.14.", ["don't", 'pay', '$', '1,000', '!!', 'at', '12:30', ',', '3.14', '.']],
  ["it 's a film he 'd n't see; rock 'n' roll 'quoted'", ['it', "'s", 'a', 'film', 'he', "'d", "n't", 'see', ';', 'rock', "'", 'n', "'", 'roll', "'", 'quoted', "'"]],
  ['The dog\u2019s', ['the', "dog's"]],
  ['well-made 4x4 3rd v2.0 snake_case', ['well', '-', 'made', '4x4', '3rd', 'v2', '.', '0', 'snake_case']],
  ['e\u0301te\u0301 \u00e9t\u00e9', ['\u00e9t\u00e9', '\u00e9t\u00e9']],
  ["l'homme STRASSE Straße \u0130zmir", ["l'homme", 'strasse', 'straße', 'i\u0307zmir']],
  ['co\u00adoperate col\u00b7legi', ['cooperate', 'col\u00b7legi']],
  ['मानक हिन्दी مرحبا بالعالم می\u200cخواهم', ['मानक', 'हिन्दी', 'مرحبا', 'بالعالم', 'می\u200cخواهم']],
  ['我爱北京abc', ['我', '爱', '北', '京', 'abc']],
  ['ok👍🏽👨‍👩‍👧❤️🇫🇷🇩🇪3️⃣🏴󠁧󠁢󠁳󠁣󠁴󠁿', ['ok', '👍🏽', '👨‍👩‍👧', '❤️', '🇫🇷', '🇩🇪', '3️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿']],
  ['a\0b \ud800c\ufeff', ['a', 'b', 'c']],
  ['wait... --no? ??', ['wait', '...', '--', 'no', '?', '??']],
  ['٣٫١٤ x² ½', ['٣', '٫', '١٤', 'x²', '½']],
])('%j', (text, expected) => {
  expect(tokens(text)).toEqual(expected)
})

test('keeps capital letters and leaves out punctuation where it is told to, but no emoji', () => {
  const cased = wordTokeniser({ lowerCase: false, punctuation: 'left-out' })
  expect(cased.tokens('Good, GOOD 😀 $5!')).toEqual(['Good', 'GOOD', '😀', '5'])
  expect(cased.name).toBe('words(case kept, no punctuation)')
})

test('cuts contractions as text that was cut before', () => {
  const split = wordTokeniser({ englishContractions: true })
  expect(split.tokens("Don't; it's WE'LL can't o'clock 's n't")).toEqual(['do', "n't", ';', 'it', "'s", 'we', "'ll", 'ca', "n't", "o'clock", "'s", "n't"])
  expect(split.tokens("it's not, they don't")).toEqual(split.tokens("it 's not , they do n't"))
})

test('a text of 100,000 words, and one word of as many letters, take no time to speak of', () => {
  expect(tokens("word's ".repeat(100_000))).toHaveLength(100_000)
  expect(tokens('a'.repeat(100_000))).toHaveLength(1)
  expect(tokens("'".repeat(100_000))).toHaveLength(1)
  expect(tokens("a'".repeat(100_000))).toHaveLength(2)
  expect(tokens('1.'.repeat(100_000))).toHaveLength(2)
  expect(tokens('😀\u200d'.repeat(50_000)).length).toBeLessThan(3)
})
