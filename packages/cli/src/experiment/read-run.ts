import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { pathExists } from './path-exists.js'
import { type DecathlonResults, decathlonResultsSchema } from '../report/decathlon-results.js'
import type { InspectionHistory, RecordedTraining, RunRecords, TrainingCurve } from '../report/report-contents.js'
import { type Results, resultsSchema } from '../report/results.js'
import { metricsPath, runFiles } from './run-layout.js'

const environmentSchema = z.record(z.string(), z.union([z.string(), z.number()]))

const stepSchema = z.object({ type: z.literal('step-end'), step: z.number(), loss: z.number(), metrics: z.object({ accuracy: z.number().exactOptional() }).exactOptional() })
const numbersByRow = z.record(z.string(), z.record(z.string(), z.number()))
const exampleSchema = z.object({ tokens: z.array(z.int()), predicted: z.string().exactOptional(), actual: z.string().exactOptional() })
const inspectionSchema = z.object({
  name: z.string(),
  title: z.string(),
  rowAxis: z.string(),
  valueAxis: z.string(),
  series: numbersByRow,
  kind: z.enum(['lines', 'heat-map']).exactOptional(),
  example: exampleSchema.exactOptional(),
})
const epochSchema = z.object({
  type: z.literal('epoch-end'),
  step: z.number(),
  validationLoss: z.number().exactOptional(),
  validationAccuracy: z.number().exactOptional(),
  inspections: z.array(inspectionSchema),
})

type EpochLine = z.infer<typeof epochSchema>

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new TransferkitError('data/no-run', `${path}: cannot be read. Is this a run folder of transferkit, with at least one finished strategy?`, { cause })
  }
}

const readChecked = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
  const text = await readText(path)
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new TransferkitError('data/damaged-run', `${path}: is damaged. Run the recipe again; what is finished is taken over.`, { cause })
  }
}

/** The lines of a log of events; one that was cut off when the process was killed is passed over. */
const readLines = async (path: string): Promise<readonly unknown[]> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line): readonly unknown[] => {
    try {
      return line === '' ? [] : [JSON.parse(line)]
    } catch {
      return []
    }
  })
}

/** The last entry of each step: a training that was continued has written some steps twice. */
const lastByStep = <T extends { readonly step: number }>(entries: readonly T[]): readonly T[] => [...new Map(entries.map((entry) => [entry.step, entry])).values()].sort((a, b) => a.step - b.step)

const matching = <T>(lines: readonly unknown[], schema: z.ZodType<T>): readonly T[] =>
  lines.flatMap((line) => {
    const parsed = schema.safeParse(line)
    return parsed.success ? [parsed.data] : []
  })

const histories = (training: RecordedTraining, epochs: readonly EpochLine[]): readonly InspectionHistory[] => {
  const byName = new Map<string, InspectionHistory>()
  for (const { step, inspections } of epochs) {
    for (const { name: inspection, series, ...described } of inspections) {
      const before = byName.get(inspection)
      byName.set(inspection, { ...training, inspection, ...described, points: [...(before?.points ?? []), { step, series }] })
    }
  }
  return [...byName.values()]
}

interface TrainingLog {
  readonly curve: TrainingCurve
  readonly inspections: readonly InspectionHistory[]
}

const readLog = async (out: string, training: RecordedTraining): Promise<TrainingLog> => {
  const lines = await readLines(metricsPath(out, training))
  const points = lastByStep(matching(lines, stepSchema)).map(({ step, loss, metrics }) => ({ step, loss, ...metrics }))
  const epochs = lastByStep(matching(lines, epochSchema))
  const validation = epochs.flatMap(({ step, validationLoss: loss, validationAccuracy: accuracy }) => (loss === undefined || accuracy === undefined ? [] : [{ step, loss, accuracy }]))
  return { curve: { ...training, points, ...(validation.length === 0 ? {} : { validation }) }, inspections: histories(training, epochs) }
}

/** What a run folder holds: the results of a comparison or of a decathlon. @internal */
export type RunResults = { readonly kind: 'comparison'; readonly results: Results } | { readonly kind: 'decathlon'; readonly results: DecathlonResults }

/**
 * Reads the results of a run folder.
 *
 * @param out The run folder.
 * @throws TransferkitError `data/no-run`, `data/damaged-run`.
 * @internal
 */
export const readResults = async (out: string): Promise<RunResults> => {
  const decathlon = join(out, runFiles.decathlon)
  if (await pathExists(decathlon)) return { kind: 'decathlon', results: await readChecked(decathlon, decathlonResultsSchema) }
  return { kind: 'comparison', results: await readChecked(join(out, runFiles.results), resultsSchema) }
}

/**
 * Reads what a report shows beside the results of a run folder.
 *
 * @param out The run folder.
 * @param trainings Whose logs are read.
 * @throws TransferkitError `data/no-run`, `data/damaged-run`.
 * @internal
 */
export const readRecords = async (out: string, trainings: readonly RecordedTraining[]): Promise<RunRecords> => {
  const environment = await readChecked(join(out, runFiles.environment), environmentSchema)
  const logs = await Promise.all(trainings.map((training) => readLog(out, training)))
  return {
    curves: logs.map(({ curve }) => curve).filter(({ points }) => points.length > 0),
    inspections: logs.flatMap(({ inspections }) => inspections),
    recipe: await readText(join(out, runFiles.recipe)),
    environment: Object.fromEntries(Object.entries(environment).map(([label, value]) => [label, String(value)])),
  }
}
