#!/usr/bin/env node
import { createStrategy } from '../src/create-strategy.js'

process.exitCode = createStrategy(process.argv.slice(2), {
  folder: process.cwd(),
  print: (text) => process.stdout.write(text),
  fail: (text) => process.stderr.write(text),
})
