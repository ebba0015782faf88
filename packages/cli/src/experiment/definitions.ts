import { knownManifests } from '@transferkit/datasets/node'
import { defineMetaStrategies, metaRegularisers } from '@transferkit/meta'
import { nlpStrategies } from '@transferkit/nlp'
import { type ArchitectureDefinition, type BackendDefinition, type DatasetDefinition, TransferkitError } from '@transferkit/tensor'
import { baselineStrategies } from '@transferkit/training'
import { networks, visionStrategies } from '@transferkit/vision'
import { ownNetworks } from './network-by-name.js'
import { ownBackends } from './open-backend.js'
import { type AnyDefinition, importPlugins, type Method, nouns, type Plugin } from './plugins.js'

/** What recipes can name, by id. @internal */
export interface Definitions {
  /** The strategies and regularisers of Transferkit and of plugins. */
  readonly methods: ReadonlyMap<string, Method>
  /** The networks of plugins. */
  readonly networks: ReadonlyMap<string, ArchitectureDefinition>
  /** The data sets of plugins. */
  readonly datasets: ReadonlyMap<string, DatasetDefinition>
  /** The backends of plugins. */
  readonly backends: ReadonlyMap<string, BackendDefinition>
  /** Hashes of the code of plugins, by what they bring. */
  readonly code: ReadonlyMap<AnyDefinition, string>
}

const ownMethods = (): readonly Method[] => [...baselineStrategies, ...visionStrategies, ...nlpStrategies, ...defineMetaStrategies({ networks }), ...metaRegularisers]

const withoutPlugin = ({ name, isFound }: Plugin): string => (isFound ? `run "npm uninstall ${name}"` : `take ${JSON.stringify(name)} out of the list of plugins`)

const nameTaken = ({ kind, name: id }: AnyDefinition, plugin: Plugin, other: Plugin | undefined): TransferkitError => {
  const advice = `Ids are unique: its author has to choose another one. Until then, ${withoutPlugin(plugin)}`
  const [shown, brings, noun] = [JSON.stringify(id), JSON.stringify(plugin.name), nouns[kind]]
  return new TransferkitError(
    'plugin/name-taken',
    other === undefined
      ? `The plugin ${brings} brings a ${noun} ${shown}, but Transferkit has one of that name. ${advice}`
      : `The plugins ${JSON.stringify(other.name)} and ${brings} both bring a ${noun} ${shown}. Keep one of the two: ${withoutPlugin(plugin)}, or ${withoutPlugin(other)}`,
  )
}

/** Who has an id. */
interface Holder {
  /** What it stands for, where that is a definition. */
  readonly definition?: AnyDefinition
  /** Who brings it, where that is not Transferkit. */
  readonly plugin?: Plugin
}

const place = (noun: string, id: string): string => `${noun} ${id}`

const ownHolders = (methods: readonly Method[]): readonly (readonly [string, Holder])[] => [
  ...methods.map((definition) => [place(nouns[definition.kind], definition.name), { definition }] as const),
  ...Object.keys(ownNetworks).map((id) => [place(nouns.network, id), {}] as const),
  ...knownManifests.map(({ name }) => [place(nouns.dataset, name), {}] as const),
  ...ownBackends.map((id) => [place(nouns.backend, id), {}] as const),
]

const isMethod = (definition: AnyDefinition): definition is Method => definition.kind === 'structure' || definition.kind === 'regulariser'

const byId = <Found extends AnyDefinition>(definitions: readonly AnyDefinition[], isOne: (definition: AnyDefinition) => definition is Found): ReadonlyMap<string, Found> =>
  new Map(definitions.filter(isOne).map((definition) => [definition.name, definition]))

/**
 * Everything that recipes can name: what Transferkit has and what plugins bring.
 *
 * @param plugins Packages that bring more, beside those that are installed and say that they are plugins.
 * @param folder Folder that the packages are looked up from.
 * @throws TransferkitError `plugin/name-taken` when two of one kind have the same name, and whatever {@link importPlugins} throws.
 * @internal
 */
export const availableDefinitions = async (plugins: readonly string[], folder: string): Promise<Definitions> => {
  const own = ownMethods()
  const holders = new Map<string, Holder>(ownHolders(own))
  for (const plugin of await importPlugins(plugins, folder)) {
    for (const definition of plugin.definitions) {
      const at = place(nouns[definition.kind], definition.name)
      const holder = holders.get(at)
      // A plugin may pass on what another one brings.
      if (holder?.definition === definition) continue
      if (holder !== undefined) throw nameTaken(definition, plugin, holder.plugin)
      holders.set(at, { definition, plugin })
    }
  }
  const all = [...holders.values()].flatMap(({ definition }) => definition ?? [])
  const code = [...holders.values()].flatMap(({ definition, plugin }) => (definition === undefined || plugin?.code === undefined ? [] : [[definition, plugin.code] as const]))
  return {
    code: new Map(code),
    methods: byId(all, isMethod),
    networks: byId(all, (definition) => definition.kind === 'network'),
    datasets: byId(all, (definition) => definition.kind === 'dataset'),
    backends: byId(all, (definition) => definition.kind === 'backend'),
  }
}
