import type { TextManifest } from '../manifest.js'

/** Sets of labelled texts that are brought in a folder. */
export const textManifests: readonly TextManifest[] = [
  {
    specVersion: 1,
    kind: 'text',
    name: 'mr',
    task: 'polarity of sentences from film reviews',
    classes: ['negative', 'positive'],
    splits: {
      all: { size: 10662, reader: { format: 'labelled-lines', file: 'all', encoding: 'latin1' } },
    },
    files: [
      { id: 'all', bytes: 1259719, sha256: 'b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a', sources: [{ kind: 'folder', path: 'text/mr/rt-polarity.all' }, { kind: 'https', url: 'https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/656a7ea29de3409aca87bb17935cf93c537527fa/data/rt-polarity.all' }] },
    ],
    licence: 'research',
    citation: 'Pang, Lee: Seeing stars, 2005',
    note: 'Cut from the same reviews as sst2 and sst5: never use one as unseen data for the other.',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'cr',
    task: 'polarity of product reviews',
    classes: ['negative', 'positive'],
    splits: {
      all: { size: 3775, reader: { format: 'labelled-lines', file: 'all', encoding: 'utf-8' } },
    },
    files: [
      { id: 'all', bytes: 374094, sha256: 'a3839a79bd3285177a07158c6104b49038a7a06ab2abe897734cde5d22e5e325', sources: [{ kind: 'folder', path: 'text/cr/custrev.all' }, { kind: 'https', url: 'https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/656a7ea29de3409aca87bb17935cf93c537527fa/data/custrev.all' }] },
    ],
    licence: 'research',
    citation: 'Hu, Liu: Mining and summarizing customer reviews, 2004',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'mpqa',
    task: 'polarity of phrases',
    classes: ['negative', 'positive'],
    splits: {
      all: { size: 10606, reader: { format: 'labelled-lines', file: 'all', encoding: 'utf-8' } },
    },
    files: [
      { id: 'all', bytes: 229972, sha256: '661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7', sources: [{ kind: 'folder', path: 'text/mpqa/mpqa.all' }] },
    ],
    licence: 'research',
    citation: 'Wiebe, Wilson, Cardie: Annotating expressions of opinions and emotions in language, 2005',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'sst2',
    task: 'polarity of sentences from film reviews',
    classes: ['negative', 'positive'],
    splits: {
      train: { size: 6920, reader: { format: 'labelled-lines', file: 'train', encoding: 'utf-8' } },
      dev: { size: 872, reader: { format: 'labelled-lines', file: 'dev', encoding: 'utf-8' } },
      test: { size: 1821, reader: { format: 'labelled-lines', file: 'test', encoding: 'utf-8' } },
    },
    files: [
      { id: 'train', bytes: 738844, sha256: '71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338', sources: [{ kind: 'folder', path: 'text/sst2/stsa.binary.train' }] },
      { id: 'dev', bytes: 94400, sha256: '02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1', sources: [{ kind: 'folder', path: 'text/sst2/stsa.binary.dev' }] },
      { id: 'test', bytes: 193562, sha256: '6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b', sources: [{ kind: 'folder', path: 'text/sst2/stsa.binary.test' }] },
    ],
    licence: 'research',
    citation: 'Socher et al.: Recursive deep models for semantic compositionality over a sentiment treebank, 2013',
    note: 'Cut from the same reviews as mr: never use one as unseen data for the other.',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'sst5',
    task: 'sentiment of sentences from film reviews in five grades',
    classes: ['very negative', 'negative', 'neutral', 'positive', 'very positive'],
    splits: {
      train: { size: 8544, reader: { format: 'labelled-lines', file: 'train', encoding: 'utf-8' } },
      dev: { size: 1101, reader: { format: 'labelled-lines', file: 'dev', encoding: 'utf-8' } },
      test: { size: 2210, reader: { format: 'labelled-lines', file: 'test', encoding: 'utf-8' } },
    },
    files: [
      { id: 'train', bytes: 902818, sha256: '9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee', sources: [{ kind: 'folder', path: 'text/sst5/stsa.fine.train' }] },
      { id: 'dev', bytes: 117239, sha256: 'b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3', sources: [{ kind: 'folder', path: 'text/sst5/stsa.fine.dev' }] },
      { id: 'test', bytes: 233634, sha256: '0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73', sources: [{ kind: 'folder', path: 'text/sst5/stsa.fine.test' }] },
    ],
    licence: 'research',
    citation: 'Socher et al.: Recursive deep models for semantic compositionality over a sentiment treebank, 2013',
    note: 'Cut from the same reviews as mr: never use one as unseen data for the other.',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'sick',
    task: 'entailment between two sentences',
    classes: ['CONTRADICTION', 'ENTAILMENT', 'NEUTRAL'],
    splits: {
      train: {
        size: 4500,
        reader: { format: 'delimited', file: 'train', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 4, labels: 'class-names' },
      },
      trial: {
        size: 500,
        reader: { format: 'delimited', file: 'trial', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 4, labels: 'class-names' },
      },
      test: {
        size: 4927,
        reader: { format: 'delimited', file: 'test', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 4, labels: 'class-names' },
      },
    },
    files: [
      { id: 'train', bytes: 506243, sha256: '266cf8047149bd1d68138dd30439f3122bff30069740ac6705bb6197d9f1b48e', sources: [{ kind: 'folder', path: 'text/sick/SICK_train.txt' }] },
      { id: 'trial', bytes: 57225, sha256: '5a88cfb62f8c6bd2a3cce0f2421ba2cb8c2be5ab4a800f6f01e2c64aafb7db56', sources: [{ kind: 'folder', path: 'text/sick/SICK_trial.txt' }] },
      { id: 'test', bytes: 559979, sha256: '2b8aa806658d6fc23c6824c83776c2d4fee7556000817b5ec0f982861413b7d0', sources: [{ kind: 'folder', path: 'text/sick/SICK_test_annotated.txt' }] },
    ],
    licence: 'CC BY-NC-SA 3.0',
    citation: 'Marelli et al.: A SICK cure for the evaluation of compositional distributional semantic models, 2014',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'rte',
    task: 'entailment between two texts',
    classes: ['entailment', 'not_entailment'],
    splits: {
      train: {
        size: 2490,
        reader: { format: 'delimited', file: 'train', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 3, labels: 'class-names' },
      },
      dev: {
        size: 277,
        reader: { format: 'delimited', file: 'dev', delimiter: '\t', quoted: false, header: true, text: [1], secondText: 2, label: 3, labels: 'class-names' },
      },
    },
    files: [
      { id: 'train', bytes: 846227, sha256: '81d25e323e1ab5b2ad7cd445f1a69db89f2b1c104f3e26915a9421aa4a5f4735', sources: [{ kind: 'folder', path: 'text/rte/train.tsv' }] },
      { id: 'dev', bytes: 90343, sha256: '80230dfa1347282e7b532b06a1004a76a710087541189bf874223ddf0e3819fb', sources: [{ kind: 'folder', path: 'text/rte/dev.tsv' }] },
    ],
    licence: 'GLUE; research',
    citation: 'Wang et al.: GLUE: a multi-task benchmark and analysis platform for natural language understanding, 2019',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'ag_news',
    task: 'topic of news, title and first sentences',
    classes: ['World', 'Sports', 'Business', 'Sci/Tech'],
    splits: {
      test: {
        size: 7600,
        reader: { format: 'delimited', file: 'test', delimiter: ',', quoted: true, header: false, text: [1, 2], label: 0, labels: 'numbers-from-1' },
      },
    },
    files: [
      { id: 'test', bytes: 1857427, sha256: '521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699', sources: [{ kind: 'folder', path: 'text/ag_news/test.csv' }] },
    ],
    licence: 'non-commercial research',
    citation: 'Zhang, Zhao, LeCun: Character-level convolutional networks for text classification, 2015',
    note: 'The official test file only; make a split of it.',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'clinc150',
    task: 'intent of a request, 150 intents and requests out of scope',
    classes: { from: 'file', file: 'intents', count: 150, format: 'intents' },
    splits: {
      train: { size: 15000, reader: { format: 'intents', file: 'intents', member: 'train' } },
      val: { size: 3000, reader: { format: 'intents', file: 'intents', member: 'val' } },
      test: { size: 4500, reader: { format: 'intents', file: 'intents', member: 'test' } },
      oos_train: { size: 100, reader: { format: 'intents', file: 'intents', member: 'oos_train' }, classes: ['oos'] },
      oos_val: { size: 100, reader: { format: 'intents', file: 'intents', member: 'oos_val' }, classes: ['oos'] },
      oos_test: { size: 1000, reader: { format: 'intents', file: 'intents', member: 'oos_test' }, classes: ['oos'] },
    },
    files: [
      { id: 'intents', bytes: 2495390, sha256: '36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0', sources: [{ kind: 'folder', path: 'text/clinc150/data_full.json' }, { kind: 'https', url: 'https://raw.githubusercontent.com/clinc/oos-eval/828f8093932c8fe6ca7936c3d2e52903b1c523de/data/data_full.json' }] },
    ],
    licence: 'CC BY 3.0',
    citation: 'Larson et al.: An evaluation dataset for intent classification and out-of-scope prediction, 2019',
    note: 'The splits oos_train, oos_val and oos_test hold the requests out of scope, under the one class oos.',
  },
  {
    specVersion: 1,
    kind: 'text',
    name: 'banking77',
    task: 'intent of a request to a bank',
    classes: { from: 'file', file: 'categories', count: 77, format: 'json' },
    splits: {
      train: {
        size: 10003,
        reader: { format: 'delimited', file: 'train', delimiter: ',', quoted: true, header: true, text: [0], label: 1, labels: 'class-names' },
      },
      test: {
        size: 3080,
        reader: { format: 'delimited', file: 'test', delimiter: ',', quoted: true, header: true, text: [0], label: 1, labels: 'class-names' },
      },
    },
    files: [
      { id: 'train', bytes: 839073, sha256: 'b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b', sources: [{ kind: 'folder', path: 'text/banking77/train.csv' }] },
      { id: 'test', bytes: 239961, sha256: 'd12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d', sources: [{ kind: 'folder', path: 'text/banking77/test.csv' }] },
      { id: 'categories', bytes: 2036, sha256: '53261da888122daf2d120d925458631d9619e15d82e56052e7a42e535ce32b63', sources: [{ kind: 'folder', path: 'text/banking77/categories.json' }] },
    ],
    licence: 'CC BY 4.0',
    citation: 'Casanueva et al.: Efficient intent detection with dual sentence encoders, 2020',
  },
]
