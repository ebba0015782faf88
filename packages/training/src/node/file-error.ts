import { TransferkitError } from '@transferkit/tensor'

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free some space and resume: nothing that was written before is lost.',
  EDQUOT: 'your quota of disk space is used up. Free some space and resume: nothing that was written before is lost.',
  EACCES: 'you may not write there. Choose another folder, or change its permissions.',
  EPERM: 'you may not write there. Choose another folder, or change its permissions.',
  EROFS: 'the file system is read-only. Choose another folder.',
  ENOENT: 'it does not exist.',
  ENOTDIR: 'a part of its path is a file, not a folder.',
  EEXIST: 'a part of its path is a file, not a folder.',
  EISDIR: 'it is a folder, not a file.',
}

/** The system's name of an error, such as `ENOSPC`. @internal */
export const systemCode = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** An error of the file system in words. @internal */
export const fileError = (verb: 'read' | 'write', path: string, error: unknown): TransferkitError => {
  const code = systemCode(error)
  const reason = (code === undefined ? undefined : reasons[code]) ?? (error instanceof Error ? error.message : String(error))
  return new TransferkitError(code === 'ENOSPC' || code === 'EDQUOT' ? 'file/disk-full' : `file/cannot-${verb}`, `Cannot ${verb} '${path}': ${reason}`, { cause: error })
}
