import { expect, test } from 'vitest'
import { cacheFolder } from './cache-folder.js'

test.each([
  ['linux', {}, '/home/ada/.cache/transferkit'],
  ['linux', { XDG_CACHE_HOME: '/var/cache/ada' }, '/var/cache/ada/transferkit'],
  ['linux', { TRANSFERKIT_CACHE: '/big/disk', XDG_CACHE_HOME: '/var' }, '/big/disk'],
  ['linux', { TRANSFERKIT_CACHE: '', XDG_CACHE_HOME: '' }, '/home/ada/.cache/transferkit'],
  ['darwin', {}, '/home/ada/Library/Caches/transferkit'],
  ['win32', {}, '/home/ada/AppData/Local/transferkit/Cache'],
] as const)('%s with %j', (platform, environment, expected) => {
  expect(cacheFolder({ platform, environment, home: '/home/ada' })).toBe(expected)
})
