import { TransferkitError } from '@transferkit/tensor'

const advice: Readonly<Record<string, readonly [code: string, text: string]>> = {
  ENOENT: ['file/not-found', 'there is no such file or folder. Check the path.'],
  ENOTDIR: ['file/not-found', 'a part of the path is not a folder. Check the path.'],
  EISDIR: ['file/not-a-file', 'a file was expected, and this is a folder.'],
  EACCES: ['file/no-permission', 'the operating system does not permit it. Check the owner and the permissions.'],
  EPERM: ['file/no-permission', 'the operating system does not permit it. Check the owner and the permissions.'],
  EROFS: ['file/no-permission', 'the file system is read-only. Choose another folder, with TRANSFERKIT_CACHE for the cache.'],
  ENOSPC: ['file/disk-full', 'the disk is full. Make room, or choose another folder with TRANSFERKIT_CACHE; nothing that was there before is lost.'],
  EDQUOT: ['file/disk-full', 'the quota on this disk is used up. Make room, or choose another folder with TRANSFERKIT_CACHE; nothing that was there before is lost.'],
  EMFILE: ['file/too-many-open', 'too many files are open. Raise the limit of the operating system (ulimit -n).'],
}

/** The code that the operating system gave an error, such as `ENOENT`. */
export const systemCodeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Turns a failure of the file system into an error for a person; any other error comes back as it is. */
export const fileError = (error: unknown, path: string): unknown => {
  if (TransferkitError.isInstance(error)) return error
  const code = systemCodeOf(error)
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error
  const [ours, text] = advice[code] ?? ['file/failed', `the operating system reports ${code}.`]
  return new TransferkitError(ours, `${path}: ${text}`, { cause: error })
}

/** Runs an action on a file and turns its failures into errors for a person. */
export const onFile = async <T>(path: string, action: () => Promise<T>): Promise<T> => {
  try {
    return await action()
  } catch (error) {
    throw fileError(error, path)
  }
}
