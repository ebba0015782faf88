import type { Module } from '@transferkit/tensor'

/** Every module inside another, the outer ones first, by dotted path. */
export const modulesInside = (module: Module, path = ''): readonly (readonly [path: string, module: Module])[] =>
  Object.entries(module.children).flatMap(([name, child]) => {
    const childPath = path === '' ? name : `${path}.${name}`
    return [[childPath, child] as const, ...modulesInside(child, childPath)]
  })
