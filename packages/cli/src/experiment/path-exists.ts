import { stat } from 'node:fs/promises'

/** Whether there is a file or a folder at a path. @internal */
export const pathExists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined
