import { describe, expect, test } from 'vitest'
import { loadVocabulary, saveVocabulary } from './stored-vocabulary.js'
import { tokeniserFromJson } from './tokeniser-from-json.js'

const wordPiece = {
  added_tokens: [
    { id: 5, content: '[PAD]', special: true },
    { id: 4, content: '[UNK]', special: true },
    { id: 0, content: '[CLS]', special: true },
  ],
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: { type: 'BertProcessing', sep: ['[SEP]', 0], cls: ['[CLS]', 0] },
  decoder: null,
  model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: { '[CLS]': 0, play: 1, '##ing': 2, '##ed': 3, '[UNK]': 4, '[PAD]': 5, '!': 6 } },
}

const byteLevel = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2, 'Ġ': 3, 'Ġab': 4 }, merges: ['a b', 'Ġ ab'] },
}

describe('tokeniserFromJson', () => {
  test('cuts words into pieces, and adds no special tokens', () => {
    const { vocabulary, originalIds } = tokeniserFromJson(wordPiece)
    const tokens = (text: string): readonly string[] => vocabulary.tokeniser.tokens(text)
    expect(tokens('Playing played!')).toEqual(['play', '##ing', 'play', '##ed', '!'])
    expect(tokens('')).toEqual([])
    expect(vocabulary.tokens).toEqual(['[PAD]', '[UNK]', '[CLS]', 'play', '##ing', '##ed', '!'])
    expect([...originalIds]).toEqual([5, 4, 0, 1, 2, 3, 6])
    expect([...vocabulary.encode('playing chess! [PAD]')]).toEqual([3, 4, 1, 6, 1])
  })

  test('takes the text of the file, and files without padding and unknown', () => {
    const { vocabulary, originalIds } = tokeniserFromJson(JSON.stringify(byteLevel))
    expect(vocabulary.tokens).toEqual(['<padding>', '<unknown>', 'a', 'b', 'ab', 'Ġ', 'Ġab'])
    expect([...originalIds]).toEqual([-1, -1, 0, 1, 2, 3, 4])
    expect([...vocabulary.encode('ab ab b')]).toEqual([4, 6, 5, 3])
  })

  test('is stored with its vocabulary', () => {
    const { vocabulary } = tokeniserFromJson(wordPiece)
    expect(loadVocabulary(saveVocabulary(vocabulary)).encode('playing!')).toEqual(vocabulary.encode('playing!'))
  })

  test.each([
    ['no JSON', '{'],
    ['no object', null],
    ['no model', { added_tokens: [] }],
    ['a part that does not exist', { ...byteLevel, pre_tokenizer: { type: 'Magic' } }],
    ['a part missing', { model: wordPiece.model }],
    ['a model without a vocabulary', { ...byteLevel, model: { type: 'BPE' } }],
  ])('refuses %s', (_, json) => {
    expect(() => tokeniserFromJson(json, { name: 't.json' })).toThrow(expect.objectContaining({ code: 'tokeniser/bad-json', message: expect.stringMatching(/^t\.json: /) as string }) as Error)
  })
})
