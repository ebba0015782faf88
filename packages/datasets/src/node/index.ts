export { cacheFolder, type CacheFolderOptions } from './cache-folder.js'
export { type DecodedImage, decodeImage, type DecodeImageOptions, type ImageSize } from './decode-image.js'
export { downloadFile, type DownloadOptions } from './download.js'
export { fileBytes } from './file-bytes.js'
export type { ImageFolderOptions } from './image-examples.js'
export { knownManifests } from './known/index.js'
export { type DatasetListing, listDatasets, type ListDatasetsOptions } from './list-datasets.js'
export { loadDataset, type LoadDatasetOptions, type LoadOptions, loadTextDataset } from './load-dataset.js'
export type {
  ClassesFromFile,
  ClassesFromFolders,
  DatasetManifest,
  DelimitedReader,
  DigitListsReader,
  DigitRowsReader,
  FolderSource,
  HttpsSource,
  IdxReader,
  ImageArchiveReader,
  ImageManifest,
  ImageReaderSettings,
  ImageSplit,
  IntentsReader,
  LabelledLinesReader,
  ManifestBase,
  ManifestFile,
  NpmSource,
  PypiSource,
  TextManifest,
  TextReaderSettings,
  TextSplit,
} from './manifest.js'
export { parseManifest } from './parse-manifest.js'
export type { DataProgress, DecodeProgress, DownloadProgress, PackageProgress, StepOptions } from './progress.js'
export { readImageArchive, readImageFolder } from './read-image-folder.js'
export { openStoredDataset, type OpenDatasetOptions, storeDataset, type StoreDatasetOptions, type StoredExample } from './stored-dataset.js'
